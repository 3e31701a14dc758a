/**
 * One program's life as a pure, total table: state x event -> state and effects. Every cell is written out; a missing
 * one does not compile. Nothing here throws: an event that cannot be is reported as `stray` and changes nothing.
 */
import { begin, ended, history, killNow, stay, stop, stopped, stray, to, uptimeOf } from './moves.ts'
import { extendStartup } from './probe.ts'
import { adopted, due, gone, spawned, tried, untried } from './probing.ts'
import type { At, Context, Event, In, Live, Of, On, State, Step } from './state.ts'

type Cell<A extends At, O extends On> = (state: In<A>, event: Of<O>, context: Context) => Step
type Row<A extends At> = { readonly [O in On]: Cell<A, O> }
type Table = { readonly [A in At]: Row<A> }

/** The cells of a state in which no process exists and none is wanted. */
const idle = {
  up: begin,
  restart: begin,
  kill: stay,
  clear: stray,
  doomed: stray,
  deadline: stray,
  spawned: stray,
  refused: stray,
  withdrawn: stray,
  gone: stray,
  exit: stray,
  adopted: stray,
  // Its process has ended while the answer was on its way.
  tried: stay,
  untried: stay,
  extended: stay,
} as const

const isOf = (state: Live, event: { readonly pid: number }): boolean => state.pid === event.pid

/** A start by hand, and one with another command, count from the beginning. */
const uncounted = { failures: 0, streak: 0 } as const
const anew = (state: State): Step => (state.failures === 0 && state.streak === 0 ? stay(state) : begin(state))

export const table: Table = {
  stopped: { ...idle, down: (s, e) => (s.by === 'nobody' && e.by === 'shutdown' ? stay(s) : stopped(s, e.by)) },
  exited: { ...idle, down: (s, e) => (e.by === 'shutdown' ? stay(s) : stopped(s, e.by)) },
  fatal: { ...idle, down: (s, e) => (e.by === 'shutdown' ? stay(s) : stopped(s, e.by)) },
  waiting: {
    ...idle,
    up: anew,
    restart: anew,
    down: (s, e) => stopped(s, e.by),
    kill: s => stopped(s, 'shutdown'),
    clear: s => to({ at: 'launching', next: 'up', until: Number.POSITIVE_INFINITY, ...history(s) }, { do: 'spawn' }),
    doomed: (s, e) => to({ at: 'fatal', cause: e.cause, ...history(s) }),
  },
  launching: {
    ...idle,
    up: s => to({ ...s, ...uncounted, next: 'up', until: Number.POSITIVE_INFINITY }),
    restart: s => to({ ...s, ...uncounted, next: 'up', until: Number.POSITIVE_INFINITY }),
    down: (s, e) => to({ ...s, next: e.by, until: Math.min(s.until, e.deadline) }),
    kill: (s, _e, c) => to({ ...s, next: 'shutdown', until: c.now }),
    spawned: (s, e, c) => {
      const process = { ...history(s), runs: s.runs + 1, pid: e.pid, since: c.now }
      if (s.next !== 'up') return s.until > c.now ? stop(process, s.next, s.until) : killNow(process, s.next, c.now)
      return spawned(process, e.pid, c)
    },
    refused: (s, e, c) => (s.next === 'up' ? ended(s, e.ending, 0, c) : stopped({ ...s, last: e.ending }, s.next)),
    // Wanted again after it was taken back: once more, then.
    withdrawn: s => (s.next === 'up' ? to({ at: 'waiting', ...history(s) }) : stopped(s, s.next)),
  },
  starting: {
    ...idle,
    up: stay,
    restart: (s, e) => stop(s, 'start', e.deadline),
    down: (s, e) => stop(s, e.by, e.deadline),
    kill: (s, _e, c) => killNow(s, 'shutdown', c.now),
    deadline: due,
    gone,
    exit: (s, e, c) => ended(s, e.ending, uptimeOf(s, c.now), c),
    adopted: (s, e, c) => adopted(s, e.pid, c),
    tried,
    untried,
    extended: (s, e, c) => {
      if (!isOf(s, e)) return stay(s)
      const probing = extendStartup(c.program.probes, s.probing, c.now + e.millis)
      const limit = Math.max(s.limit, c.now + e.millis)
      return probing === s.probing && limit === s.limit ? stay(s) : to({ ...s, probing, limit })
    },
  },
  running: {
    ...idle,
    up: stay,
    restart: (s, e) => stop(s, 'start', e.deadline),
    down: (s, e) => stop(s, e.by, e.deadline),
    kill: (s, _e, c) => killNow(s, 'shutdown', c.now),
    deadline: due,
    gone,
    exit: (s, e, c) => ended(s, e.ending, uptimeOf(s, c.now), c),
    adopted: (s, e, c) => adopted(s, e.pid, c),
    tried,
    untried,
  },
  stopping: {
    ...idle,
    up: s => to({ ...s, next: 'start' }),
    restart: s => to({ ...s, next: 'start' }),
    down: (s, e) => to({ ...s, next: e.by, deadline: s.killed ? s.deadline : Math.min(s.deadline, e.deadline) }),
    kill: (s, _e, c) => (s.killed ? to({ ...s, next: 'shutdown' }) : killNow(s, 'shutdown', c.now, s.unhealthy)),
    deadline: (s, _e, c) => killNow(s, s.next, c.now, s.unhealthy),
    gone: (s, _e, c) => to({ ...s, gone: c.now }),
    exit: (s, e, c) => {
      const ending = s.unhealthy === undefined ? e.ending : { ...e.ending, unhealthy: s.unhealthy }
      if (s.next === 'retry') return ended(s, ending, uptimeOf(s, c.now), c)
      const after = { ...history(s), last: ending }
      return s.next === 'start' ? begin(after) : stopped(after, s.next)
    },
    // It has forked away meanwhile: what is there now is asked to stop, within what is left.
    adopted: (s, e) =>
      s.killed
        ? to({ ...s, pid: e.pid }, { do: 'kill', pid: e.pid })
        : to({ ...s, pid: e.pid }, { do: 'stop', pid: e.pid }),
    // The container's own time does not grow.
    extended: (s, e, c) =>
      isOf(s, e) && !s.killed && c.serving ? to({ ...s, deadline: Math.max(s.deadline, c.now + e.millis) }) : stay(s),
  },
  backoff: {
    ...idle,
    up: begin,
    restart: begin,
    down: (s, e) => stopped(s, e.by),
    kill: s => stopped(s, 'shutdown'),
    deadline: s => to({ at: 'waiting', ...history(s) }),
  },
}

/** The next state and what is to be done for it. Total and pure. */
export function step(state: State, event: Event, context: Context): Step {
  return (table[state.at][event.on] as Cell<At, On>)(state as never, event as never, context)
}
