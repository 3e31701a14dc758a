/** What a process keeps over exec, as /proc has it. */
import { readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { processFacts } from './rig-proc.ts'

/** Names of /proc/PID/limits. */
const titles: Readonly<Record<string, string>> = {
  'address space': 'as',
  'core file size': 'core',
  'cpu time': 'cpu',
  'data size': 'data',
  'file size': 'fsize',
  'file locks': 'locks',
  'locked memory': 'memlock',
  'msgqueue size': 'msgqueue',
  'nice priority': 'nice',
  'open files': 'nofile',
  processes: 'nproc',
  'resident set': 'rss',
  'realtime priority': 'rtprio',
  'realtime timeout': 'rttime',
  'pending signals': 'sigpending',
  'stack size': 'stack',
}

/** The limits of a process, by the names of `ulimits`; Infinity: none. */
export function limitsOf(pid: number): Readonly<Record<string, { soft: number; hard: number }>> {
  const text = readFileSync(`/proc/${pid}/limits`, 'latin1')
  const number = (word = ''): number => (word === 'unlimited' ? Number.POSITIVE_INFINITY : Number(word))
  const rows = [...text.matchAll(/^Max ([a-z ]+?) {2,}(\S+) +(\S+)/gm)]
  return Object.fromEntries(
    rows.map(([, title = '', soft, hard]) => [titles[title] ?? title, { soft: number(soft), hard: number(hard) }]),
  )
}

/** The rest. */
export function settingsOf(pid: number): { umask: string; nice: number; oom: number } {
  const oom = Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'latin1'))
  return { umask: processFacts(pid)?.status.Umask ?? '', nice: getPriority(pid), oom }
}
