/**
 * What a program's process leaves behind in its process group and session: it gets TERM, two seconds, then KILL, and
 * only then is the process said to have ended. So a program never runs beside what is left of its last run, and a level
 * of the stop is over when all of it is gone. What has gone into a session of its own is a daemon and left alone.
 *
 * The number of the ended process cannot be another's meanwhile: the kernel keeps it as long as it names a group or
 * session.
 */
import type { Children } from '../os/children.ts'
import { kill } from '../os/libc.ts'
import { isIn, type ProcessEntry } from '../os/processes.ts'
import { killProgram, signalProgram } from './strays.ts'

/** Milliseconds between TERM and KILL. */
const patience = 2000
/** What survives KILL for so long is in uninterruptible sleep, and waiting any longer helps nobody. */
const resignation = 500

interface Pending {
  readonly ownsSession: boolean
  readonly gone: () => void
  timer: NodeJS.Timeout
}

export class Leftovers {
  readonly #children: Children
  /** By the ended process, whose number names its group and session. */
  readonly #pending = new Map<number, Pending>()

  constructor(children: Children) {
    this.#children = children
  }

  /** A program's process has been reaped. Calls `gone` when nothing is left of it, usually at once. */
  clear(pid: number, ownsSession: boolean, gone: () => void): void {
    if (!isLeft(pid, ownsSession, this.#children.orphansNow())) return gone()
    signalProgram(pid, ownsSession, 'TERM')
    const timer = setTimeout(() => this.#kill(pid), patience)
    this.#pending.set(pid, { ownsSession, gone, timer })
  }

  /** Children have been reaped: perhaps the last of somebody's. */
  check(): void {
    if (this.#pending.size === 0) return
    const orphans = this.#children.orphansNow()
    for (const [pid, { ownsSession }] of this.#pending) if (!isLeft(pid, ownsSession, orphans)) this.#finish(pid)
  }

  #kill(pid: number): void {
    const pending = this.#pending.get(pid)
    if (pending === undefined) return
    killProgram(pid, pending.ownsSession)
    pending.timer = setTimeout(() => this.#finish(pid), resignation)
  }

  #finish(pid: number): void {
    const pending = this.#pending.get(pid)
    if (pending === undefined) return
    clearTimeout(pending.timer)
    this.#pending.delete(pid)
    pending.gone()
  }
}

/** Orphans are our children by now. Without /proc, or in a storm of them, only the group is asked about. */
function isLeft(pid: number, ownsSession: boolean, orphans: readonly ProcessEntry[] | undefined): boolean {
  return orphans === undefined ? kill(-pid, 0) === 0 : orphans.some(it => isIn(it, pid, ownsSession))
}
