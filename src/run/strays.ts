/** Signals to more than one process: all of a program's, and those that belong to no program. */
import { type Signal, signalNumbers } from '../core/signal.ts'
import { kill } from '../os/libc.ts'
import { type Mark, readMark } from '../os/marks.ts'
import { descendantsOf, listProcesses } from '../os/processes.ts'

/** Sends a signal to all strays. PID 1 has the namespace to itself: kill(-1) spares only the caller, kill(2). */
export function signalStrays(signal: Signal): void {
  const number = signalNumbers[signal]
  if (process.pid === 1) kill(-1, number)
  else for (const pid of descendantsOf(process.pid)) kill(pid, number)
}

/** Signals all processes below us that carry a mark. */
export function signalMarked(mark: Mark, signal: Signal): void {
  for (const pid of descendantsOf(process.pid)) if (readMark(pid) === mark) kill(pid, signalNumbers[signal])
}

/** Kills a program's process, its group, and whatever else is in its session. */
export function killProgram(pid: number, ownsSession: boolean): void {
  kill(pid, signalNumbers.KILL)
  signalProgram(pid, ownsSession, 'KILL')
}

/** Signals the group of a program's process at once, and whatever else is in its session in the same turn of the loop. */
export function signalProgram(pid: number, ownsSession: boolean, signal: 'TERM' | 'KILL'): void {
  kill(-pid, signalNumbers[signal])
  if (!ownsSession) return
  if (sessions.size === 0) setImmediate(signalSessions)
  if (signal === 'KILL' || !sessions.has(pid)) sessions.set(pid, signal)
}

/**
 * Sessions whose other groups are still to be signalled. To find them all processes are looked at, which is done once
 * for all that are stopped together: for each of hundreds of programs it would hold PID 1 up for seconds.
 */
const sessions = new Map<number, 'TERM' | 'KILL'>()

function signalSessions(): void {
  const meant = new Map(sessions)
  sessions.clear()
  for (const { pid, group, session, isZombie } of listProcesses()) {
    const signal = meant.get(session)
    if (signal !== undefined && group !== session && !isZombie) kill(pid, signalNumbers[signal])
  }
}
