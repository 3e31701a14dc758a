/** Whether a program that ended is started again, and after how long. Design, section 3: restart, start_retries, backoff. */
import { type Ending, isSuccess } from './ending.ts'
import type { Backoff, Program } from './plan.ts'

/** What follows an ending that nobody asked for. `failures` and `streak` count on, or start anew after a long run. */
export type Verdict =
  | { readonly next: 'exited' }
  | { readonly next: 'retry'; readonly failures: number; readonly streak: number; readonly delay: number }
  | { readonly next: 'fatal'; readonly failures: number }

/**
 * Judges an ending. `before` has the counts before it, `uptime` is how long the run lasted, `random` a number in [0, 1)
 * for the jitter. A success code is no failure however early it comes, but what ends at once again and again waits longer
 * each time all the same; `never` is never retried; what can never be started is FATAL once its retries are used up, at
 * once where nothing is to be retried.
 */
export function judge(
  program: Program,
  ending: Ending,
  before: { readonly failures: number; readonly streak: number },
  uptime: number,
  random: number,
): Verdict {
  if (program.rules === 'supervisor') return judgeAsSupervisor(program, ending, before.failures, uptime)
  const { restart, backoff, startRetries, successExitCodes, kind } = program
  const sofar = uptime >= backoff.resetAfter ? 0 : before.failures
  const streak = (uptime >= backoff.resetAfter ? 0 : before.streak) + 1
  const delay = backoffDelay(backoff, streak, random)
  if (isSuccess(ending, successExitCodes)) {
    if (restart !== 'always' || kind === 'task') return { next: 'exited' }
    return { next: 'retry', failures: sofar, streak, delay }
  }
  const count = sofar + 1
  if (restart === 'never') return ending.how === 'unstartable' ? { next: 'fatal', failures: count } : { next: 'exited' }
  if (count > startRetries) return { next: 'fatal', failures: count }
  return { next: 'retry', failures: count, streak, delay }
}

/** Runs that end at once begin no more often than this, in milliseconds: supervisord's loop is no faster. */
const spacing = 100

/**
 * Supervisor's rules. Until `startsecs` have passed, every ending is a failure whatever its code, and it is tried again
 * whatever `autorestart` says: after 1, 2, 3 seconds and so on, `startretries` times. From then on the count is 0, and
 * it is started again at once or never.
 */
function judgeAsSupervisor(program: Program, ending: Ending, failures: number, uptime: number): Verdict {
  const { restart, startMillis, startRetries, successExitCodes } = program
  if (ending.how === 'unstartable' || uptime < startMillis) {
    const count = failures + 1
    return count > startRetries
      ? { next: 'fatal', failures: count }
      : { next: 'retry', failures: count, streak: 0, delay: 1000 * count }
  }
  const again = restart === 'always' || (restart === 'on-failure' && !isSuccess(ending, successExitCodes))
  return again ? { next: 'retry', failures: 0, streak: 0, delay: Math.max(0, spacing - uptime) } : { next: 'exited' }
}

/** The wait in milliseconds before the nth restart in a row, n from 1. Bounded by `max` before the jitter. */
export function backoffDelay(backoff: Backoff, n: number, random: number): number {
  // Bounded, as 0 x Infinity is no number: after a thousand failures the power is out of bounds.
  const power = Math.min(Number.MAX_VALUE, backoff.factor ** (n - 1))
  const base = Math.min(backoff.max, backoff.delay * power)
  return Math.round(base * (1 + backoff.jitter * (2 * random - 1)))
}
