/** What the programs' processes use of the machine, from /proc, looked up only when somebody asks. */
import { readdirSync, readFileSync } from 'node:fs'
import { libc } from './libc.ts'

/** The use of one program: its process, its group and its session together. */
export interface SessionUsage {
  /** Of the processes that are there, and of those of their children that they have waited for. */
  cpuSeconds: number
  residentBytes: number
  processes: number
}

/** Ticks in a second, as /proc counts them on every architecture: USER_HZ. */
const ticks = 100
/** Processes that are looked at in one turn of the loop. */
const mostPerTurn = 64
const _SC_PAGESIZE = 30

/** Adds up what the processes in these groups and sessions use, a few in each turn of the loop. Empty without /proc. */
export async function usageOf(pids: readonly number[]): Promise<ReadonlyMap<number, SessionUsage>> {
  const found = new Map<number, SessionUsage>()
  if (pids.length === 0) return found
  const wanted = new Set(pids)
  const pageSize = Number(libc().functions.sysconf(_SC_PAGESIZE))
  let count = 0
  for (const name of processNames()) {
    if (++count % mostPerTurn === 0) await new Promise(resolve => setImmediate(resolve))
    const fields = statOf(name)
    if (fields === undefined) continue
    const own = [Number(fields[3]), Number(fields[2])].find(pid => wanted.has(pid))
    if (own === undefined) continue
    const usage = found.get(own) ?? { cpuSeconds: 0, residentBytes: 0, processes: 0 }
    found.set(own, usage)
    // utime, stime, cutime, cstime; proc_pid_stat(5) counts them from 14, these fields begin with the third.
    for (const field of [11, 12, 13, 14]) usage.cpuSeconds += Number(fields[field]) / ticks
    usage.residentBytes += Number(fields[21]) * pageSize
    usage.processes++
  }
  return found
}

function processNames(): readonly string[] {
  try {
    return readdirSync('/proc').filter(name => /^\d+$/.test(name))
  } catch {
    return []
  }
}

/** The fields behind the name, which may hold anything. Undefined: it has gone. */
function statOf(pid: string): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
