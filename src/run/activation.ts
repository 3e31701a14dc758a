/**
 * Socket activation for CMD: LISTEN_PID must name CMD's own pid, sd_listen_fds(3), and nobody but the process itself
 * knows that before exec. So the process that becomes CMD is foster once more, which writes its pid and executes CMD.
 */
import { signalNumbers } from '../core/signal.ts'
import { softDescriptorLimit } from '../os/descriptors.ts'
import { candidates, explain, notFound, type Refusal } from '../os/executable.ts'
import { blockSignal, setCloseOnExec } from '../os/libc.ts'
import { limitDescriptors } from '../os/limits.ts'
import { activationWord, ownCommand } from '../os/self.ts'
import { resetIgnored } from '../os/signals.ts'
import { executing } from '../os/spawn.ts'
import { ownEnvironment } from '../os/verbatim.ts'

/** The arguments that run CMD with LISTEN_PID set. */
export function activated(argv: readonly string[]): readonly string[] {
  return ownCommand(activationWord, argv)
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
  const files = candidates(command, environment.PATH, undefined)
  if (files.length === 0) return notFound(command)
  // What Node has changed about itself at its start would be CMD's otherwise.
  for (let fd = 0; fd < 3 + Number(environment.LISTEN_FDS); fd++) setCloseOnExec(fd, false)
  limitDescriptors(softDescriptorLimit)
  resetIgnored()
  blockSignal(signalNumbers.USR1, false)
  const env = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const { result, index } = executing(files, argv, env)()
  return explain(-result, files[index] ?? command, undefined)
}
