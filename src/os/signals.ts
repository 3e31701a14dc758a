/**
 * Signals to foster. Caught as the very first thing: until a handler is installed the kernel drops what is sent to
 * PID 1. What arrives before anybody listens is kept in order.
 *
 * Not caught: KILL and STOP (nobody can), SEGV, BUS, FPE and ILL (a real one would come again for ever once the handler
 * returns), PIPE and XFSZ unless asked for (a write of our own to a closed pipe or a full quota raises them: Node has
 * them ignored, and the write says what is wrong).
 */
import { type Signal, signalNames } from '../core/signal.ts'
import { isBecoming } from './self.ts'

const untouched: ReadonlySet<Signal> = new Set(['KILL', 'STOP', 'SEGV', 'BUS', 'FPE', 'ILL', 'PIPE', 'XFSZ', 'CHLD'])

/** What is done about a signal. `CHLD` says that a child has ended or stopped. */
export type Listener = (signal: Signal) => void

export interface Signals {
  /** Hands over what was kept, in order, and from now on each signal as it comes. */
  listen(listener: Listener): void
  /** Catches SIGPIPE and SIGXFSZ too, to pass them on. */
  catchWriteSignals(): void
  /** For a process that is no init: every signal does what it does by default. What was kept is sent again. */
  release(): void
}

/** Installs the handlers; the usual ones of container runtimes first. None in a process that becomes a program. */
export function catchSignals(): Signals {
  const kept: Signal[] = []
  let listener: Listener = signal => void kept.push(signal)
  const install = (signal: Signal): void => {
    try {
      process.on(`SIG${signal}` as NodeJS.Signals, () => listener(signal))
    } catch {
      // A signal that this kernel or libuv does not know cannot come.
    }
  }
  if (isBecoming(process.argv[2])) return { listen: () => {}, catchWriteSignals: () => {}, release: () => {} }
  const first: readonly Signal[] = ['TERM', 'INT', 'QUIT', 'HUP', 'CHLD', 'USR1']
  for (const signal of first) install(signal)
  for (const signal of signalNames) if (!untouched.has(signal) && !first.includes(signal)) install(signal)
  return {
    listen: next => {
      listener = next
      for (const signal of kept.splice(0)) next(signal)
    },
    catchWriteSignals: () => {
      install('PIPE')
      install('XFSZ')
    },
    release: () => {
      for (const signal of signalNames) {
        // Node keeps these two ignored, and a write says what is wrong.
        if (signal !== 'PIPE' && signal !== 'XFSZ') process.removeAllListeners(`SIG${signal}`)
      }
      for (const signal of kept.splice(0)) if (signal !== 'CHLD') process.kill(process.pid, `SIG${signal}`)
    },
  }
}

/** Gives the signals that Node ignores their default back, for a program that takes our place by exec. */
export function resetIgnored(): void {
  for (const name of ['SIGPIPE', 'SIGXFSZ'] as const) {
    // Removing the last listener makes libuv restore SIG_DFL.
    process.on(name, () => {})
    process.removeAllListeners(name)
  }
}
