/** A puppet that forks away and writes a pid file. */
import { join } from 'node:path'
import type { Puppet, Rig } from './rig.ts'

/** It is not started again. */
export const never = { restart: 'never' }

/** A launcher that forks a puppet away, into a session of its own and without an environment, and ends with a code. */
export const launching = ({ command }: Puppet, code = 0): readonly string[] => [
  ...['/bin/sh', '-c', `env -i PATH="$PATH" setsid "$@" </dev/null >/dev/null 2>&1 & exit ${code}`, 'sh'],
  ...command,
]

export interface Daemon {
  readonly puppet: Puppet
  readonly pidFile: string
  readonly program: object
}

/** A puppet as a daemon. With `writes` it writes its pid file after these lines, so that who knows it may signal it. */
export function daemon(
  rig: Rig,
  name: string,
  more: object = {},
  writes = true,
  lines: readonly string[] = [],
): Daemon {
  const pidFile = join(rig.dir, `${name}.pid`)
  const puppet = rig.puppet(name, ...lines, ...(writes ? [`echo $$ >${pidFile}`] : []))
  const program = { kind: 'daemon', command: launching(puppet), pid_file: pidFile, start_seconds: '0s', ...more }
  return { puppet, pidFile, program }
}
