/**
 * The states of one program, the events that change them, and what is to be done then. The rules are in `program.ts`.
 *
 * A deadline lives inside the state it belongs to, so leaving the state drops it: no timer can outlive its reason.
 */
import type { Ending, Unhealthy } from './ending.ts'
import type { Program } from './plan.ts'
import { type ProbeName, type Probing, probingDue } from './probe.ts'

/** Why a program is FATAL: its own failures, or a dependency that can never come true (with the root of that). */
export type FatalCause =
  | { readonly why: 'failed'; readonly ending: Ending }
  | { readonly why: 'dependency'; readonly on: string; readonly root: string; readonly ending: Ending | undefined }

/** Carried through all states, so that nothing true is ever forgotten. */
export interface History {
  /** In a row. */
  readonly failures: number
  /** Automatic restarts in a row, also after a success: each waits longer than the one before. */
  readonly streak: number
  readonly last: Ending | undefined
  /** How often it has been spawned. */
  readonly runs: number
}

/** A process exists. `since` is when it was spawned. */
export interface Live extends History {
  readonly pid: number
  readonly since: number
  /** When it ended, where something of its run is still there. Its number is not another's meanwhile. */
  readonly gone?: number
}

/** A process that is wanted, and asked how it is. */
export interface Probed extends Live {
  readonly probing: Probing
}

export type State =
  | ({ readonly at: 'stopped'; readonly by: 'nobody' | 'operator' | 'shutdown' } & History)
  | ({ readonly at: 'waiting' } & History)
  /** `until`: when the stop of what is not wanted any more, and comes all the same, turns into SIGKILL. */
  | ({ readonly at: 'launching'; readonly next: 'up' | Down; readonly until: number } & History)
  /**
   * `deadline`: RUNNING by uptime; never where a startup probe decides, or a daemon has not forked away yet. `limit`: when
   * such a daemon is waited for no longer; never where nothing is to fork away any more.
   */
  | ({ readonly at: 'starting'; readonly deadline: number; readonly limit: number } & Probed)
  | ({ readonly at: 'running' } & Probed)
  | ({
      readonly at: 'stopping'
      readonly deadline: number
      readonly next: Next
      readonly killed: boolean
      /** What is wrong with it, if anything is. */
      readonly unhealthy: Unhealthy | undefined
    } & Live)
  | ({ readonly at: 'backoff'; readonly deadline: number } & History)
  | ({ readonly at: 'exited' } & History)
  | ({ readonly at: 'fatal'; readonly cause: FatalCause } & History)

/** Who wants it down. */
export type Down = 'operator' | 'shutdown'

/** What follows a stop; `retry`: what the restart policy says about a process that was found unhealthy. */
export type Next = 'start' | 'retry' | Down

export type Event =
  | { readonly on: 'up' }
  /** `deadline`: when the stop turns into SIGKILL. */
  | { readonly on: 'down'; readonly by: Down; readonly deadline: number }
  /** `because`: the dependency that has been started again, where that is why. */
  | { readonly on: 'restart'; readonly deadline: number; readonly because?: string }
  | { readonly on: 'kill' }
  | { readonly on: 'clear' }
  | { readonly on: 'doomed'; readonly cause: FatalCause }
  | { readonly on: 'deadline' }
  | { readonly on: 'spawned'; readonly pid: number }
  | { readonly on: 'refused'; readonly ending: Ending }
  | { readonly on: 'withdrawn' }
  /** The process has ended, but not yet what it has left behind: the exit comes when that has. */
  | { readonly on: 'gone' }
  | { readonly on: 'exit'; readonly ending: Ending }
  /** A daemon has forked away, or a process says that another one is the main one by now: that is followed. */
  | { readonly on: 'adopted'; readonly pid: number }
  /** A try of a probe has ended, or the program has told something by itself. */
  | {
      readonly on: 'tried'
      readonly probe: ProbeName
      readonly pid: number
      readonly ok: boolean
      readonly detail: string
    }
  /** A try came to nothing for want of something of foster's own: it says nothing of the process. */
  | { readonly on: 'untried'; readonly probe: ProbeName; readonly pid: number }
  /** The process asks for so much time, from now, for what it is doing: its start or its stop. */
  | { readonly on: 'extended'; readonly pid: number; readonly millis: number }

export type Effect =
  | { readonly do: 'spawn' }
  | { readonly do: 'stop'; readonly pid: number }
  | { readonly do: 'kill'; readonly pid: number }
  | { readonly do: 'probe'; readonly probe: ProbeName; readonly pid: number }
  | { readonly do: 'stray'; readonly at: At; readonly on: On }

export type At = State['at']
export type On = Event['on']

/** What a cell may know besides state and event. `now` is monotonic milliseconds, `random` in [0, 1). */
export interface Context {
  readonly program: Program
  readonly now: number
  readonly random: number
  /** Whether the container is to go on: once it ends, nobody is probed any more. */
  readonly serving: boolean
}

export interface Step {
  readonly state: State
  readonly effects: readonly Effect[]
}

/** A state by its name. */
export type In<A extends At> = Extract<State, { at: A }>
/** An event by its name. */
export type Of<O extends On> = Extract<Event, { on: O }>
/** A program that has not been asked for anything yet. */
export const unborn: State = { at: 'stopped', by: 'nobody', failures: 0, streak: 0, last: undefined, runs: 0 }

/** When the state wants a `deadline` next; Infinity: never. Probes are waited for only while the container is to go on. */
export function dueOf(state: State, serving: boolean): number {
  switch (state.at) {
    case 'starting':
      return serving ? Math.min(state.deadline, state.limit, probingDue(state.probing)) : state.deadline
    case 'running':
      return serving ? probingDue(state.probing) : Number.POSITIVE_INFINITY
    case 'stopping':
    case 'backoff':
      return state.deadline
    default:
      return Number.POSITIVE_INFINITY
  }
}

/** Whether its process is there and has started. */
export function isRunning(state: State): state is In<'running'> {
  return state.at === 'running' && state.gone === undefined
}

/** Whether the program can be used: it runs, and its readiness probe has passed last where it has one. */
export function isReady(state: State): boolean {
  return isRunning(state) && (state.probing.readiness?.verdict ?? 'passing') === 'passing'
}

/** The pid of the state's process, if there is one. */
export function pidOf(state: State): number | undefined {
  return 'pid' in state ? state.pid : undefined
}

/** Whether the program is over and nothing but a command brings it back. */
export function isOver(state: State): boolean {
  return state.at === 'exited' || state.at === 'fatal' || state.at === 'stopped'
}
