/**
 * Whose a process is. A pid that a program names, in its pid file, as MAINPID or by sending us a datagram, is a claim
 * about a number; to believe it wrongly is to kill a stranger. The rule:
 *
 * 1. It is a process that exists, and neither 1 nor foster.
 * 2. It descends from foster, by its parents or by having been adopted. So it is no thread of the kernel, nothing that
 *    `docker exec` has started, nothing that stands above or beside a foster that is not PID 1.
 * 3. It is no other program's: neither its main process, nor below one, nor in a group or session that one has given its
 *    name to.
 * 4. It is this program's, which one of these proves: it is the main process or below it; it is in the group or session
 *    of the main process, while that has not been reaped, so that the number cannot be another's; it carries the mark of
 *    this run (`marks.ts`), the proof that is left of a daemon that has forked away.
 *
 * What is accepted is the process, not the number: its start time is noted, and compared before each signal.
 */
import { type Mark, readMark } from './marks.ts'
import { type ProcessEntry, readStat } from './processes.ts'

/** What is known of a program's run. */
export interface Run {
  readonly name: string
  /** Its main process, as long as it has not been reaped. */
  readonly pid: number | undefined
  readonly mark: Mark | undefined
}

/** Where facts about processes come from. */
export interface ProcessTable {
  readonly stat: (pid: number) => ProcessEntry | undefined
  readonly mark: (pid: number) => Mark | undefined
  /** Foster's own pid. */
  readonly self: number
}

/** The machine's own. */
export function processTable(): ProcessTable {
  return { stat: readStat, mark: readMark, self: process.pid }
}

/** A process that is the program's, or why it is not. `absent`: there is no process of that number now. */
export type Verdict = ProcessEntry | { readonly reason: string; readonly absent: boolean }

/** More than any chain of parents; it ends also where processes come and go while it is followed. */
const longestChain = 1024
/** Parents that end while the chain is followed make it look broken. */
const attempts = 3

/** Whether a process belongs to a run and to none of the others. It may have ended and be waiting to be reaped. */
export function judgeProcess(pid: number, run: Run, others: readonly Run[], table: ProcessTable): Verdict {
  if (pid === table.self) return refused('it is foster itself')
  if (!Number.isInteger(pid) || pid <= 1) return refused('that is no process of a program')
  for (let attempt = 1; ; attempt++) {
    const entry = table.stat(pid)
    if (entry === undefined) return { reason: 'there is no such process', absent: true }
    const chain = ancestry(entry, table)
    if (chain !== undefined) return judgeChain(chain, run, others, table)
    if (attempt === attempts) return refused('it does not descend from foster')
  }
}

/** The process, its parent and so on, up to the child of foster's; undefined if that is not where it leads. */
function ancestry(
  entry: ProcessEntry,
  { stat, self }: ProcessTable,
): readonly [ProcessEntry, ...ProcessEntry[]] | undefined {
  const above: ProcessEntry[] = []
  let top = entry
  while (top.parent !== self) {
    const next = top.parent > 1 && above.length < longestChain ? stat(top.parent) : undefined
    if (next === undefined) return undefined
    above.push(next)
    top = next
  }
  return [entry, ...above]
}

function judgeChain(
  chain: readonly [ProcessEntry, ...ProcessEntry[]],
  run: Run,
  others: readonly Run[],
  { mark }: ProcessTable,
): Verdict {
  const [entry] = chain
  const { group, session } = entry
  for (const { name, pid } of others) {
    if (pid === undefined) continue
    if (group === pid || session === pid || chain.some(it => it.pid === pid)) return refused(`it belongs to ${name}`)
  }
  if (run.pid !== undefined) {
    if (group === run.pid || session === run.pid || chain.some(it => it.pid === run.pid)) return entry
  }
  if (run.mark !== undefined && mark(entry.pid) === run.mark) return entry
  return refused(`it does not descend from ${run.name}`)
}

function refused(reason: string): Verdict {
  return { reason, absent: false }
}

/**
 * Whether that process, a child of ours that has not been reaped, is still there and not ended, and not another one with
 * its number. Where nothing can be read about it, for want of a descriptor, it is: its number is kept for us.
 */
export function isStill({ pid, started }: Pick<ProcessEntry, 'pid' | 'started'>, { stat }: ProcessTable): boolean {
  const now = stat(pid)
  return now === undefined || (!now.isZombie && now.started === started)
}

/**
 * Why the sender of a datagram is not heard; undefined: it is. `uid` is the program's own.
 *
 * A process that has ended and been reaped before its datagram is read, as `systemd-notify --no-block` in a script, can be
 * judged no more. It is heard if the kernel says that it was the program's user. So who can speak for a program is who
 * can also kill it: a process of its own user, and only by ending within the moment until we read. Nothing that it may
 * say then signals anybody: a MAINPID is judged for itself.
 */
export function refusalOf(
  sender: { readonly pid: number; readonly uid: number },
  uid: number,
  run: Run,
  others: readonly Run[],
  table: ProcessTable,
): string | undefined {
  // As the kernel shows those outside of our namespace.
  if (sender.pid === 0) return 'it is in another PID namespace'
  const verdict = judgeProcess(sender.pid, run, others, table)
  if (!('reason' in verdict)) return undefined
  if (!verdict.absent) return verdict.reason
  return sender.uid === uid ? undefined : `it has ended, and was of user ${sender.uid}`
}
