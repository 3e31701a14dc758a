/** sd_notify and the programs that use it: what they find in their environment, and what becomes of what they say. */
import { parseNotification } from '../core/notify.ts'
import type { Program } from '../core/plan.ts'
import { type ProbeName, probeNames } from '../core/probe.ts'
import type { Input } from '../core/world.ts'
import type { Health } from './health.ts'

/** Whether a program is to be listened to. */
export function listens({ probes }: Program): boolean {
  return probeNames.some(name => probes[name]?.check.by === 'notify')
}

/**
 * What a program finds in its environment. WATCHDOG_PID is left out, which sd_watchdog_enabled(3) allows: nobody knows
 * the pid before the process is there. One that is inherited was meant for foster, and would tell the program that the
 * watchdog is not for it.
 */
export function notifyEnvironment(
  { probes }: Program,
  path: string,
  { WATCHDOG_PID, WATCHDOG_USEC, ...inherited }: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { liveness } = probes
  const watchdog =
    liveness?.check.by === 'notify'
      ? { WATCHDOG_USEC: String(Math.round(liveness.period * liveness.failureThreshold * 1000)) }
      : {}
  return { ...inherited, ...watchdog, NOTIFY_SOCKET: path }
}

export interface Hearer {
  readonly health: Health
  readonly dispatch: (input: Input) => void
  readonly mainPid: (pid: number) => void
}

/**
 * Does what a datagram says. STATUS is shown by `foster status`, and so is RELOADING until READY comes again: while it
 * reloads a program can be used, as under systemd. The time between two signs of life is what the configuration says, not WATCHDOG_USEC.
 */
export function hear(
  text: string,
  index: number,
  { program, pid }: { readonly program: Program; readonly pid: number | undefined },
  { health, dispatch, mainPid }: Hearer,
): void {
  const tell = (names: readonly ProbeName[], ok: boolean, detail: string): void => {
    for (const name of names) if (program.probes[name]?.check.by === 'notify') health.tell(index, name, ok, detail)
  }
  for (const message of parseNotification(text)) {
    switch (message.says) {
      case 'main-pid':
        mainPid(message.pid)
        break
      case 'ready':
        tell(['startup', 'readiness'], true, '')
        dispatch({ on: 'reloading', index, is: false })
        break
      case 'reloading':
        dispatch({ on: 'reloading', index, is: true })
        break
      case 'stopping':
        tell(['readiness'], false, 'it says that it stops')
        break
      case 'watchdog':
        tell(['liveness'], true, '')
        break
      case 'watchdog-failed':
        tell(['liveness'], false, 'it says so itself')
        break
      case 'status':
        dispatch({ on: 'said', index, text: message.text })
        break
      case 'extend':
        if (pid !== undefined)
          dispatch({ on: 'program', index, event: { on: 'extended', pid, millis: message.millis } })
        break
      default:
    }
  }
}
