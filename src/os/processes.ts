/** Other processes, by what /proc says of them: descendants, sessions. Without /proc there is nothing to say. */
import { readdirSync, readFileSync } from 'node:fs'

/** A process as /proc/PID/stat shows it, proc_pid_stat(5). */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  readonly isZombie: boolean
  /** When it was started, in clock ticks since boot: with the pid it names one process and never another. */
  readonly started: number
}

/** All processes that are there now; those that vanish meanwhile are left out. */
export function listProcesses(): readonly ProcessEntry[] {
  return entries('/proc').flatMap(name => {
    const found = /^\d+$/.test(name) ? readStat(Number(name)) : undefined
    return found === undefined ? [] : [found]
  })
}

/** Whether a living process belongs to a program's process, as a member of its group or session. */
export function isIn(entry: ProcessEntry, pid: number, ownsSession: boolean): boolean {
  return !entry.isZombie && (entry.group === pid || (ownsSession && entry.session === pid))
}

/** The descendants of a process, itself left out. */
export function descendantsOf(root: number, processes = listProcesses()): readonly number[] {
  const children = new Map<number, number[]>()
  for (const { pid, parent } of processes) {
    const known = children.get(parent)
    if (known === undefined) children.set(parent, [pid])
    else known.push(pid)
  }
  const found = [...(children.get(root) ?? [])]
  for (const pid of found) found.push(...(children.get(pid) ?? []))
  return found
}

/** Our own children, of all our threads: /proc/self/task/TID/children. Empty where the kernel does not offer it. */
export function ownChildren(): readonly number[] {
  return entries('/proc/self/task').flatMap(task => readChildren(`/proc/self/task/${task}/children`))
}

/** The children of the main thread: those that it has started, and all that we have adopted, exit(2) in the kernel. */
export function mainChildren(): readonly number[] {
  return readChildren('/proc/thread-self/children')
}

function readChildren(path: string): readonly number[] {
  try {
    return readFileSync(path, 'latin1').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** One process; undefined if it has vanished. */
export function readStat(pid: number): ProcessEntry | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name stands in parentheses and may contain anything, parentheses too.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 20)
    const [state = '', parent, group, session] = fields
    const isZombie = state === 'Z' || state === 'X'
    return {
      pid,
      parent: Number(parent),
      group: Number(group),
      session: Number(session),
      isZombie,
      started: Number(fields[19]),
    }
  } catch {
    return undefined
  }
}

function entries(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}
