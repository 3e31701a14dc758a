/** Facts about processes, read from outside of the container: /proc as the test sees it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A process as proc_pid_stat(5) and proc_pid_status(5) have it. Pids are those of the test's own namespace. */
export interface ProcessFacts {
  readonly pid: number
  /** Its pid in the innermost namespace: what it calls itself. */
  readonly innerPid: number
  readonly parent: number
  readonly state: string
  readonly group: number
  readonly session: number
  /** The fields of /proc/PID/status by name: `SigIgn`, `Groups`, ... */
  readonly status: Readonly<Record<string, string>>
  readonly argv: readonly string[]
}

/** What /proc says of a process; undefined if there is none. */
export function processFacts(pid: number): ProcessFacts | undefined {
  try {
    // First of all, so that a process that is known by its words has begun its program when the rest is read.
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state = '', parent, group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 4)
    const lines = readFileSync(`/proc/${pid}/status`, 'latin1').trimEnd().split('\n')
    const status = Object.fromEntries(lines.map(line => line.split(/:\s*/, 2) as [string, string]))
    const innerPid = Number(status.NSpid?.split('\t').at(-1))
    return {
      pid,
      innerPid,
      parent: Number(parent),
      state,
      group: Number(group),
      session: Number(session),
      status,
      argv,
    }
  } catch {
    return undefined
  }
}

/** All processes in the PID namespace of this one. */
export function processesWith(pid: number): readonly ProcessFacts[] {
  const namespace = link(`/proc/${pid}/ns/pid`)
  if (namespace === undefined) return []
  return readdirSync('/proc').flatMap(name => {
    if (!/^\d+$/.test(name) || link(`/proc/${name}/ns/pid`) !== namespace) return []
    return processFacts(Number(name)) ?? []
  })
}

/** Where a process's descriptors lead: `{ 0: '/dev/null', 1: 'pipe:[4711]' }`. */
export function descriptorsOf(pid: number): Readonly<Record<number, string>> {
  const dir = `/proc/${pid}/fd`
  return Object.fromEntries(readdirSync(dir).map(fd => [fd, link(`${dir}/${fd}`) ?? '']))
}

/** The children of a process, by proc_pid_children(5). */
export function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** The nearest descendant that executes this file, the process itself included. */
export function executing(pid: number, file: string): number | undefined {
  for (let level: readonly number[] = [pid]; level.length > 0; level = level.flatMap(childrenOf)) {
    const found = level.find(it => link(`/proc/${it}/exe`) === file)
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether a process exists and is not a zombie. */
export function isAlive(pid: number): boolean {
  const state = processFacts(pid)?.state
  return state !== undefined && state !== 'Z' && state !== 'X'
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
