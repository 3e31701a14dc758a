/**
 * A mark on a program's processes by which they are known wherever they go. A daemon leaves its parent, its session and
 * its descriptors behind, and may write over its environment (nginx, redis); its resource limits stay, through
 * fork, exec, setsid and setuid. The soft limit RLIMIT_LOCKS has meant nothing to Linux since 2.4.25, so a number of ours
 * stands there.
 *
 * Nobody but root can put it on a process that it could not kill as well: prlimit(2) asks for the same uid or for
 * CAP_SYS_RESOURCE. Everybody can read it: proc_pid_limits(5).
 */
import { readFileSync } from 'node:fs'
import { ownLimit, setOwnLimit } from './limits.ts'

/** A number that is no usual limit. */
export type Mark = number

let last = 0

/**
 * A mark that no process has yet. Two fosters on one machine choose different ones: `random`, in [0, 1), decides at the
 * first call.
 */
export function newMark(random: number): Mark {
  if (last === 0) last = (1 + Math.floor(random * 2 ** 20)) * 2 ** 32
  return ++last
}

/** Does synchronous work whose new processes carry the mark. Where the limit is not to be changed they carry none. */
export function withMark<T>(mark: Mark | undefined, work: () => T): T {
  if (mark === undefined) return work()
  const own = ownLimit('locks')
  if (typeof own === 'number' || setOwnLimit('locks', { ...own, soft: mark }) < 0) return work()
  try {
    return work()
  } finally {
    setOwnLimit('locks', own)
  }
}

/** The number at which a process's mark would stand; undefined: none, or the process is gone. */
export function readMark(pid: number): Mark | undefined {
  try {
    const found = /^Max file locks\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'latin1'))
    return found === null ? undefined : Number(found[1])
  } catch {
    return undefined
  }
}
