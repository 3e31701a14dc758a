/** Signals to more than one process: all of a program's, and those that belong to no program. */
import { type Signal, signalNumbers } from '../core/signal.ts'
import { kill } from '../os/libc.ts'
import { descendantsOf, isIn, listProcesses } from '../os/processes.ts'

/** Sends a signal to all strays. PID 1 has the namespace to itself: kill(-1) spares only the caller, kill(2). */
export function signalStrays(signal: Signal): void {
  const number = signalNumbers[signal]
  if (process.pid === 1) kill(-1, number)
  else for (const pid of descendantsOf(process.pid)) kill(pid, number)
}

/** Kills a program's process, its group, and whatever else is in its session. */
export function killProgram(pid: number, ownsSession: boolean): void {
  kill(pid, signalNumbers.KILL)
  signalProgram(pid, ownsSession, signalNumbers.KILL)
}

/** Signals the group of a program's process, and whatever else is in its session. */
export function signalProgram(pid: number, ownsSession: boolean, number: number): void {
  kill(-pid, number)
  if (!ownsSession) return
  for (const entry of listProcesses()) {
    if (entry.group !== pid && isIn(entry, pid, ownsSession)) kill(entry.pid, number)
  }
}
