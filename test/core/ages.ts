/** Ages and counts that make no difference any more: taken away, so that searches come to an end. */
import type { Program } from '../../src/core/plan.ts'
import { isTold, type Probe, type Progress, probeNames } from '../../src/core/probe.ts'
import type { State } from '../../src/core/state.ts'

/** After so long an uptime all is the same to this program. */
export function horizonOf({ backoff, probes, kind, startMillis }: Program): number {
  let most = Math.max(backoff.resetAfter, kind === 'daemon' ? startMillis : 0)
  for (const name of probeNames) {
    const probe = probes[name]
    if (probe !== undefined)
      most = Math.max(most, probe.startPeriod, probes.startup === undefined ? 0 : probe.initialDelay)
  }
  return most
}

/** After so many restarts in a row every further one waits as long. */
function longestStreak({ backoff: { delay, factor, max } }: Program): number {
  if (delay === 0 || factor === 1) return 0
  return Math.max(0, Math.ceil(Math.log(max / delay) / Math.log(factor)))
}

/** A program's state `millis` later, without what makes no difference. The present moment is 0. */
export function normal(state: State, program: Program, millis = 0): State {
  const after: { -readonly [Key in string]: unknown } = {
    ...state,
    streak: Math.min(longestStreak(program), state.streak),
  }
  if ('deadline' in state) after.deadline = state.deadline - millis
  if ('limit' in state) after.limit = Math.max(0, state.limit - millis)
  if ('until' in state) after.until = Math.max(-1, state.until - millis)
  if ('since' in state) after.since = Math.max(-horizonOf(program), state.since - millis)
  // Only how long it was there counts by then.
  if ('since' in state && state.gone !== undefined) {
    after.since = Math.max(-horizonOf(program), state.since - state.gone)
    after.gone = 0
  }
  if (!('probing' in state)) return after as never
  const probing: { -readonly [Key in string]: Progress } = {}
  for (const name of probeNames) {
    const progress = state.probing[name]
    const probe = program.probes[name]
    if (progress !== undefined && probe !== undefined) probing[name] = aged(progress, probe, millis)
  }
  after.probing = probing
  return after as never
}

function aged(progress: Progress, probe: Probe, millis: number): Progress {
  const due = Math.max(0, progress.due - millis)
  const longest = probe.startPeriod > 0 ? Math.max(probe.period, probe.startInterval) : probe.period
  return {
    ...progress,
    due,
    // When a try began is asked only while it is under way.
    began: due === Number.POSITIVE_INFINITY && !isTold(probe.check) ? Math.max(-longest, progress.began - millis) : 0,
    successes: Math.min(probe.successThreshold, progress.successes),
    failures: Math.min(probe.failureThreshold, progress.failures),
  }
}

/** A word for a key: of the last ending only of which kind it was, as nothing that follows depends on more. */
export function wordOf(state: State): string {
  const { last, failures, streak } = state
  let word = `${state.at}${failures},${streak}${last === undefined ? '' : 'unhealthy' in last ? 'u' : last.how[0]}`
  if ('pid' in state) word += `.${state.pid}`
  if ('by' in state) word += state.by
  if ('next' in state) word += state.next
  if ('deadline' in state) word += `,${state.deadline}`
  if ('limit' in state) word += `,${state.limit}`
  if ('until' in state) word += `,${state.until}`
  if ('since' in state) word += `,${state.since}`
  if ('gone' in state) word += 'g'
  if (state.at === 'fatal') word += state.cause.why
  if (state.at === 'stopping') word += `${state.killed}${state.unhealthy?.probe}`
  if (!('probing' in state)) return word
  for (const name of probeNames) {
    const it = state.probing[name]
    if (it !== undefined) word += `${name[0]}${it.verdict[0]}${it.due},${it.began},${it.successes},${it.failures}`
  }
  return word
}
