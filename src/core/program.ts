/**
 * One program's life as a pure, total table: state x event -> state and effects. Every cell is written out; a missing
 * one does not compile. Nothing here throws: an event that cannot be is reported as `stray` and changes nothing.
 *
 * A deadline lives inside the state it belongs to, so leaving the state drops it: no timer can outlive its reason.
 */
import type { Ending } from './ending.ts'
import type { Program } from './plan.ts'
import { judge } from './restart.ts'

/** Why a program is FATAL: its own failures, or a dependency that can never come true (with the root of that). */
export type FatalCause =
  | { readonly why: 'failed'; readonly ending: Ending }
  | { readonly why: 'dependency'; readonly on: string; readonly root: string; readonly ending: Ending | undefined }

/** Carried through all states: failures in a row and the last ending, so that nothing true is ever forgotten. */
interface History {
  readonly failures: number
  readonly last: Ending | undefined
}

/** A process exists. `since` is when it was spawned. */
interface Live extends History {
  readonly pid: number
  readonly since: number
}

export type State =
  | ({ readonly at: 'stopped'; readonly by: 'nobody' | 'operator' | 'shutdown' } & History)
  | ({ readonly at: 'waiting' } & History)
  /** `until`: when the stop of what is not wanted any more, and comes all the same, turns into SIGKILL. */
  | ({ readonly at: 'launching'; readonly next: 'up' | Down; readonly until: number } & History)
  | ({ readonly at: 'starting'; readonly deadline: number } & Live)
  | ({ readonly at: 'running' } & Live)
  | ({
      readonly at: 'stopping'
      readonly deadline: number
      readonly next: 'start' | Down
      readonly killed: boolean
    } & Live)
  | ({ readonly at: 'backoff'; readonly deadline: number } & History)
  | ({ readonly at: 'exited' } & History)
  | ({ readonly at: 'fatal'; readonly cause: FatalCause } & History)

/** Who wants it down. */
export type Down = 'operator' | 'shutdown'

export type Event =
  | { readonly on: 'up' }
  /** `deadline`: when the stop turns into SIGKILL. */
  | { readonly on: 'down'; readonly by: Down; readonly deadline: number }
  | { readonly on: 'restart'; readonly deadline: number }
  | { readonly on: 'kill' }
  | { readonly on: 'clear' }
  | { readonly on: 'doomed'; readonly cause: FatalCause }
  | { readonly on: 'deadline' }
  | { readonly on: 'spawned'; readonly pid: number }
  | { readonly on: 'refused'; readonly ending: Ending }
  | { readonly on: 'withdrawn' }
  | { readonly on: 'exit'; readonly ending: Ending }

export type Effect =
  | { readonly do: 'spawn' }
  | { readonly do: 'stop'; readonly pid: number }
  | { readonly do: 'kill'; readonly pid: number }
  | { readonly do: 'stray'; readonly at: At; readonly on: On }

export type At = State['at']
export type On = Event['on']

/** What a cell may know besides state and event. `now` is monotonic milliseconds, `random` in [0, 1). */
export interface Context {
  readonly program: Program
  readonly now: number
  readonly random: number
}

export interface Step {
  readonly state: State
  readonly effects: readonly Effect[]
}

type In<A extends At> = Extract<State, { at: A }>
type Of<O extends On> = Extract<Event, { on: O }>
type Cell<A extends At, O extends On> = (state: In<A>, event: Of<O>, context: Context) => Step
type Row<A extends At> = { readonly [O in On]: Cell<A, O> }
type Table = { readonly [A in At]: Row<A> }

/** SIGKILL is sent again this often until the process is reaped. */
const killAgain = 1000

const to = (state: State, ...effects: Effect[]): Step => ({ state, effects })
const stay = (state: State): Step => to(state)
const stray = (state: State, event: Event): Step => to(state, { do: 'stray', at: state.at, on: event.on })
const history = ({ failures, last }: History): History => ({ failures, last })
const live = ({ pid, since, failures, last }: Live): Live => ({ pid, since, failures, last })

const begin = (state: History): Step => to({ at: 'waiting', failures: 0, last: state.last })
const stopped = (state: History, by: Down): Step => to({ at: 'stopped', by, ...history(state) })

const stop = (state: Live, next: 'start' | Down, deadline: number): Step =>
  to({ at: 'stopping', ...live(state), deadline, next, killed: false }, { do: 'stop', pid: state.pid })

const killNow = (state: Live, next: 'start' | Down, now: number): Step =>
  to({ at: 'stopping', ...live(state), deadline: now + killAgain, next, killed: true }, { do: 'kill', pid: state.pid })

/** An ending that nobody asked for: retried, over for good, or given up. */
function ended(state: History, ending: Ending, uptime: number, { program, now, random }: Context): Step {
  const verdict = judge(program, ending, state.failures, uptime, random)
  if (verdict.next === 'exited') return to({ at: 'exited', failures: state.failures, last: ending })
  const kept = { failures: verdict.failures, last: ending }
  if (verdict.next === 'fatal') return to({ at: 'fatal', cause: { why: 'failed', ending }, ...kept })
  return verdict.delay > 0
    ? to({ at: 'backoff', deadline: now + verdict.delay, ...kept })
    : to({ at: 'waiting', ...kept })
}

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
  exit: stray,
} as const

export const table: Table = {
  stopped: { ...idle, down: (s, e) => (s.by === 'nobody' && e.by === 'shutdown' ? stay(s) : stopped(s, e.by)) },
  exited: { ...idle, down: (s, e) => (e.by === 'shutdown' ? stay(s) : stopped(s, e.by)) },
  fatal: { ...idle, down: (s, e) => (e.by === 'shutdown' ? stay(s) : stopped(s, e.by)) },
  waiting: {
    ...idle,
    up: stay,
    restart: stay,
    down: (s, e) => stopped(s, e.by),
    kill: s => stopped(s, 'shutdown'),
    clear: s => to({ at: 'launching', next: 'up', until: Number.POSITIVE_INFINITY, ...history(s) }, { do: 'spawn' }),
    doomed: (s, e) => to({ at: 'fatal', cause: e.cause, ...history(s) }),
  },
  launching: {
    ...idle,
    up: s => to({ ...s, next: 'up', until: Number.POSITIVE_INFINITY }),
    restart: s => to({ ...s, next: 'up', until: Number.POSITIVE_INFINITY }),
    down: (s, e) => to({ ...s, next: e.by, until: Math.min(s.until, e.deadline) }),
    kill: (s, _e, c) => to({ ...s, next: 'shutdown', until: c.now }),
    spawned: (s, e, c) => {
      const process = { pid: e.pid, since: c.now, ...history(s) }
      if (s.next !== 'up') return s.until > c.now ? stop(process, s.next, s.until) : killNow(process, s.next, c.now)
      if (c.program.startMillis === 0) return to({ at: 'running', ...process })
      return to({ at: 'starting', ...process, deadline: c.now + c.program.startMillis })
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
    deadline: s => to({ at: 'running', ...live(s) }),
    exit: (s, e, c) => ended(s, e.ending, c.now - s.since, c),
  },
  running: {
    ...idle,
    up: stay,
    restart: (s, e) => stop(s, 'start', e.deadline),
    down: (s, e) => stop(s, e.by, e.deadline),
    kill: (s, _e, c) => killNow(s, 'shutdown', c.now),
    exit: (s, e, c) => ended(s, e.ending, c.now - s.since, c),
  },
  stopping: {
    ...idle,
    up: s => to({ ...s, next: 'start' }),
    restart: s => to({ ...s, next: 'start' }),
    down: (s, e) => to({ ...s, next: e.by, deadline: s.killed ? s.deadline : Math.min(s.deadline, e.deadline) }),
    kill: (s, _e, c) => (s.killed ? to({ ...s, next: 'shutdown' }) : killNow(s, 'shutdown', c.now)),
    deadline: (s, _e, c) => killNow(s, s.next, c.now),
    exit: (s, e) => {
      const after = { failures: s.failures, last: e.ending }
      return s.next === 'start' ? begin(after) : stopped(after, s.next)
    },
  },
  backoff: {
    ...idle,
    up: s => to({ at: 'waiting', ...history(s) }),
    restart: s => to({ at: 'waiting', ...history(s) }),
    down: (s, e) => stopped(s, e.by),
    kill: s => stopped(s, 'shutdown'),
    deadline: s => to({ at: 'waiting', ...history(s) }),
  },
}

/** The next state and what is to be done for it. Total and pure. */
export function step(state: State, event: Event, context: Context): Step {
  return (table[state.at][event.on] as Cell<At, On>)(state as never, event as never, context)
}

/** A program that has not been asked for anything yet. */
export const unborn: State = { at: 'stopped', by: 'nobody', failures: 0, last: undefined }

/** The pid of the state's process, if there is one. */
export function pidOf(state: State): number | undefined {
  return 'pid' in state ? state.pid : undefined
}

/** Whether the program is over and nothing but a command brings it back. */
export function isOver(state: State): boolean {
  return state.at === 'exited' || state.at === 'fatal' || state.at === 'stopped'
}
