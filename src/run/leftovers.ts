/**
 * What a program's process leaves behind in its process group and session: it gets TERM, two seconds, then KILL, and
 * only then is the process said to have ended. So a program never runs beside what is left of its last run, and a level
 * of the stop is over when all of it is gone. What has gone into a session of its own is a daemon and left alone,
 * unless the program itself is one: then all that carries its mark is its own.
 *
 * The number of the ended process cannot be another's meanwhile: the kernel keeps it as long as it names a group or
 * session.
 */
import type { Children } from '../os/children.ts'
import { kill } from '../os/libc.ts'
import { type Mark, readMark } from '../os/marks.ts'
import { isIn, listProcesses, type ProcessEntry } from '../os/processes.ts'
import { signalMarked, signalProgram } from './strays.ts'

/** Milliseconds between TERM and KILL. */
const patience = 2000
/** What survives KILL for so long is in uninterruptible sleep, and waiting any longer helps nobody. */
const resignation = 500

/** What may be left of a run. */
export interface Remains {
  /** Whether anything is. The orphans are our children; undefined without /proc, or in a storm of them. */
  readonly isLeft: (orphans: readonly ProcessEntry[] | undefined) => boolean
  readonly signal: (signal: 'TERM' | 'KILL') => void
}

/** The group and session of a process that has been reaped. Where orphans are not known only the group is asked about. */
export function sessionOf(pid: number, ownsSession: boolean): Remains {
  return {
    isLeft: orphans => (orphans === undefined ? kill(-pid, 0) === 0 : orphans.some(it => isIn(it, pid, ownsSession))),
    signal: signal => signalProgram(pid, ownsSession, signal),
  }
}

/** All that carries the mark of a run: what a daemon leaves behind, whatever sessions it has made. */
export function markedWith(mark: Mark): Remains {
  return {
    isLeft: orphans => (orphans ?? listProcesses()).some(it => !it.isZombie && readMark(it.pid) === mark),
    signal: signal => signalMarked(mark, signal),
  }
}

interface Pending {
  readonly remains: Remains
  readonly gone: () => void
  timer: NodeJS.Timeout
}

export class Leftovers {
  readonly #children: Children
  readonly #pending = new Set<Pending>()

  constructor(children: Children) {
    this.#children = children
  }

  /** A program's process has been reaped. Calls `gone` when nothing is left of it, usually at once; KILL comes after `millis`. */
  clear(remains: Remains, gone: () => void, millis = patience): void {
    if (!remains.isLeft(this.#children.orphansNow())) return gone()
    remains.signal('TERM')
    const pending: Pending = { remains, gone, timer: setTimeout(() => this.#kill(pending), millis) }
    this.#pending.add(pending)
  }

  /** Children have been reaped: perhaps the last of somebody's. */
  check(): void {
    if (this.#pending.size === 0) return
    const orphans = this.#children.orphansNow()
    for (const pending of this.#pending) if (!pending.remains.isLeft(orphans)) this.#finish(pending)
  }

  #kill(pending: Pending): void {
    pending.remains.signal('KILL')
    pending.timer = setTimeout(() => this.#finish(pending), resignation)
  }

  #finish(pending: Pending): void {
    clearTimeout(pending.timer)
    if (this.#pending.delete(pending)) pending.gone()
  }
}
