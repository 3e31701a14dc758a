/** What /proc tells about an init and its helpers. */
import { readdirSync, readFileSync } from 'node:fs'

/** The children of a process, of all its threads. None once it has gone. */
export function children(pid: number): number[] {
  return tasks(pid).flatMap(task =>
    read(`/proc/${pid}/task/${task}/children`)
      .split(' ')
      .filter(it => it !== '')
      .map(Number),
  )
}

/** The name of what a process has executed; for a script the script's. */
export function nameOf(pid: number): string {
  return read(`/proc/${pid}/comm`).trim()
}

/** The init, and those of its descendants that are not programs: per-program supervisors, daemons, loggers. */
export function ownProcesses(init: number, isProgram: (name: string) => boolean): number[] {
  const found = [init]
  for (const pid of found) for (const child of children(pid)) if (!isProgram(nameOf(child))) found.push(child)
  return found
}

/** Anonymous memory, in KiB: what a process has for itself and cannot give back. */
export function anonymous(pid: number): number {
  return field(`/proc/${pid}/status`, 'RssAnon')
}

/** Memory with shared pages divided by their users, in KiB. */
export function proportional(pid: number): number {
  return field(`/proc/${pid}/smaps_rollup`, 'Pss')
}

/** How often the threads of a process have been put on a processor, or off it. */
export function switches(pid: number): number {
  return sum(
    tasks(pid).map(task => {
      const file = `/proc/${pid}/task/${task}/status`
      return field(file, 'voluntary_ctxt_switches') + field(file, 'nonvoluntary_ctxt_switches')
    }),
  )
}

/** Processor time that a process has used, in seconds: user and system, proc_pid_stat(5). */
export function processorSeconds(pid: number): number {
  const text = read(`/proc/${pid}/stat`)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, it) => total + it, 0)
}

function tasks(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function field(file: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(read(file))?.[1] ?? 0)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
