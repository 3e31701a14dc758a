/**
 * Socket activation for CMD: LISTEN_PID must name CMD's own pid, sd_listen_fds(3), and nobody but the process itself
 * knows that before exec. So the process that becomes CMD is foster once more, which writes its pid and executes CMD.
 */
import { signalNumbers } from '../core/signal.ts'
import { softDescriptorLimit } from '../os/descriptors.ts'
import { errnoName } from '../os/errno.ts'
import { candidates, explain, notFound, type Refusal } from '../os/executable.ts'
import { blockSignal, limitDescriptors, setCloseOnExec } from '../os/libc.ts'
import { activationWord, resetIgnored } from '../os/signals.ts'
import { execute } from '../os/spawn.ts'
import { ownEnvironment } from '../os/verbatim.ts'

/** The arguments that run CMD with LISTEN_PID set. */
export function activated(argv: readonly string[]): readonly string[] {
  const isExecutable = process.getBuiltinModule('node:sea').isSea()
  const [, script = ''] = process.argv
  const self = isExecutable ? [] : [...process.execArgv, script]
  return [process.execPath, ...self, activationWord, ...argv]
}

/** The descriptors of socket activation, from 3 up, where they were. */
export function inheritedAsTheyStand(count: number): readonly { readonly target: number; readonly fd: number }[] {
  return Array.from({ length: count }, (_, i) => ({ target: 3 + i, fd: 3 + i }))
}

/** Becomes CMD. Comes back only if that fails, with the exit code and the message. */
export function becomeActivated(argv: readonly string[]): [code: number, message: string] {
  const { code, reason } = attempt(argv)
  return [code, `foster: cannot start main: ${reason}\n`]
}

function attempt(argv: readonly string[]): Refusal {
  const [command = ''] = argv
  const environment: Record<string, string> = { ...ownEnvironment(), LISTEN_PID: String(process.pid) }
  const [path] = candidates(command, environment.PATH, undefined)
  if (path === undefined) return notFound(command)
  // What Node has changed about itself at its start would be CMD's otherwise.
  for (let fd = 0; fd < 3 + Number(environment.LISTEN_FDS); fd++) setCloseOnExec(fd, false)
  limitDescriptors(softDescriptorLimit)
  resetIgnored()
  blockSignal(signalNumbers.USR1, false)
  const env = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const result = execute(path, argv, env)
  if (errnoName(-result) !== 'ENOEXEC') return explain(-result, path, undefined)
  // A script without `#!`.
  return explain(-execute('/bin/sh', ['/bin/sh', path, ...argv.slice(1)], env), path, undefined)
}
