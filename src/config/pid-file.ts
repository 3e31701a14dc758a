/** `pid_file` and `start_timeout`: a daemon has them, and nobody else. */
import type { Diagnostic } from '../errors.ts'
import { placeOf, type WrittenProgram } from './shape.ts'
import { fault } from './tree.ts'

/** Where a daemon writes its pid, `%(name)` and `%(replica)` still to be filled in. Faults are reported. */
export function pidFileOf(program: WrittenProgram, diagnostics: Diagnostic[]): string | undefined {
  const { kind, pid_file, replicas, start_timeout, tty, ulimits } = program.settings
  const report = (key: string, code: string, message: string, hint?: string): void =>
    void diagnostics.push(fault(placeOf(program, key), code, message, hint))
  if (kind !== 'daemon') {
    if (pid_file != null && !program.faulty.has('kind'))
      report('pid_file', 'conflict', 'only a daemon has a pid file', 'add "kind: daemon"')
    if (start_timeout != null && !program.faulty.has('kind')) {
      const message = 'only a daemon has a start timeout'
      report('start_timeout', 'conflict', message, 'the startup of others is limited by "probes: {startup: ...}"')
    }
    return undefined
  }
  if (start_timeout === 0) report('start_timeout', 'invalid-value', 'expected more than 0s')
  if (tty === true) report('tty', 'conflict', 'a daemon forks away from its terminal', 'remove "tty"')
  if (ulimits?.locks != null) {
    const message = 'foster knows the processes of a daemon by this limit, which has no meaning for Linux'
    report('ulimits', 'conflict', message, 'remove "locks"')
  }
  if (pid_file == null) {
    if (program.faulty.has('pid_file')) return undefined
    const message = `program "${program.name}" is a daemon and has no pid file`
    report('kind', 'missing-key', message, 'add "pid_file: ...", or have it run in the foreground as "kind: service"')
  } else if (pid_file.trim() === '') report('pid_file', 'invalid-value', 'expected the path of a file, got nothing')
  else if ((replicas ?? 1) > 1 && !pid_file.includes('%(replica)')) {
    report('pid_file', 'conflict', 'all replicas would have one pid file', 'write %(replica) in its path')
  }
  return pid_file ?? undefined
}
