/** Processes that belong to no program: as PID 1 everybody else, otherwise only our own descendants. */
import { type Signal, signalNumbers } from '../core/signal.ts'
import { kill } from '../os/libc.ts'
import { descendantsOf, listProcesses } from '../os/processes.ts'

/** Sends a signal to all strays. PID 1 has the namespace to itself: kill(-1) spares only the caller, kill(2). */
export function signalStrays(signal: Signal): void {
  const number = signalNumbers[signal]
  if (process.pid === 1) kill(-1, number)
  else for (const pid of descendantsOf(process.pid)) kill(pid, number)
}

/** Kills a program's process, its group, and whatever else is in its session. */
export function killProgram(pid: number, ownsSession: boolean): void {
  const { KILL } = signalNumbers
  kill(-pid, KILL)
  kill(pid, KILL)
  if (!ownsSession) return
  for (const entry of listProcesses()) if (entry.session === pid && !entry.isZombie) kill(entry.pid, KILL)
}
