/** The world and the one place that changes it: a draft, private to one step, so that the step stays pure. */
import type { Change } from './diff.ts'
import type { Graph } from './graph.ts'
import type { Plan, Program } from './plan.ts'
import type { ProbeName } from './probe.ts'
import { step } from './program.ts'
import type { Signal } from './signal.ts'
import { type Event, pidOf, type State } from './state.ts'

/** Why the container ends. The first cause is kept. */
export type End =
  | { readonly why: 'program'; readonly index: number; readonly row: string; readonly code: number }
  | {
      readonly why: 'requested'
      /** The signal that asked, or somebody over the control socket: that counts as SIGTERM. */
      readonly by: Signal | 'api'
      /** The first program whose stop went wrong, and the code it brings. */
      readonly flaw: { readonly index: number; readonly row: string; readonly code: number } | undefined
    }
  | { readonly why: 'idle'; readonly code: number }
  | { readonly why: 'bug'; readonly code: number }

/** Where the container is in its life. `hurry`: everything is killed, nothing is waited for. */
export type Phase =
  | { readonly at: 'serving' }
  | { readonly at: 'delaying'; readonly end: End; readonly deadline: number }
  | {
      readonly at: 'stopping'
      readonly end: End
      /** What is still to be stopped; the first level is being stopped now. */
      readonly levels: ReadonlyArray<readonly number[]>
      /** When the programs' share of the budget is used up. */
      readonly until: number
      /** When those that were killed and are not gone are waited for no longer. */
      readonly deadline: number
      readonly hurry: boolean
    }
  | { readonly at: 'sweeping'; readonly end: End; readonly deadline: number; readonly killed: boolean }
  | { readonly at: 'done'; readonly end: End; readonly code: number }

export interface World {
  readonly plan: Plan
  readonly graph: Graph
  readonly states: readonly State[]
  readonly phase: Phase
  /** When the first SIGINT came: a second one kills. */
  readonly interrupted: number | undefined
  /** `foster -- CMD`: signals that came before CMD could be given them. */
  readonly held: readonly Signal[]
  /** Programs that a reload has removed. They keep their places, so that an index never means another program. */
  readonly retired: ReadonlySet<number>
  /** What takes a program's place once its old process is gone. */
  readonly replaced: ReadonlyMap<number, Program>
}

/** A process that a signal is meant for. */
export interface Target {
  readonly index: number
  readonly pid: number
}

/** What the system is to do. `note` and `announce` are for people: the words are added where they are printed. */
export type WorldEffect =
  | { readonly do: 'spawn'; readonly index: number }
  | { readonly do: 'stop'; readonly index: number; readonly pid: number }
  | { readonly do: 'kill'; readonly index: number; readonly pid: number }
  | { readonly do: 'probe'; readonly index: number; readonly pid: number; readonly probe: ProbeName }
  | { readonly do: 'forward'; readonly signal: Signal; readonly targets: readonly Target[] }
  | { readonly do: 'hangup' }
  /** A program is configured anew; `probes`: the probes of its process begin anew, too. */
  | { readonly do: 'configure'; readonly index: number; readonly probes: boolean }
  /** Log files are opened again. */
  | { readonly do: 'reopen' }
  | { readonly do: 'sweep'; readonly signal: 'TERM' | 'KILL' }
  | { readonly do: 'finish'; readonly code: number }
  | {
      readonly do: 'note'
      readonly index: number
      readonly before: State
      readonly event: Event
      readonly after: State
    }
  | { readonly do: 'announce'; readonly what: Announcement }

export type Announcement =
  | { readonly about: 'ending'; readonly end: End }
  | { readonly about: 'kill-now' }
  /** A program says of itself what it is doing: sd_notify's STATUS. */
  | { readonly about: 'said'; readonly index: number; readonly text: string }
  /** sd_notify's RELOADING=1, and the READY=1 after it. */
  | { readonly about: 'reloading'; readonly index: number; readonly is: boolean }
  | { readonly about: 'reloaded'; readonly changes: readonly Change[] }
  | { readonly about: 'out-of-time'; readonly indexes: readonly number[] }
  | { readonly about: 'stray-event'; readonly index: number; readonly at: string; readonly on: string }

/** A world that is being changed. */
export interface Draft {
  plan: Plan
  graph: Graph
  readonly states: State[]
  phase: Phase
  interrupted: number | undefined
  held: readonly Signal[]
  retired: ReadonlySet<number>
  replaced: ReadonlyMap<number, Program>
  readonly now: number
  readonly random: number
  readonly effects: WorldEffect[]
  /** Programs whose state changed and whose consequences are still to be drawn. */
  readonly changed: number[]
}

/** A program of the plan by its index. The indexes come from the plan itself. */
export function programAt(draft: Pick<World, 'plan'>, index: number): Program {
  const program = draft.plan.programs[index]
  if (program === undefined) throw new Error(`no program ${index}`)
  return program
}

/** The state of a program by its index. */
export function stateAt(draft: Pick<World, 'states'>, index: number): State {
  const state = draft.states[index]
  if (state === undefined) throw new Error(`no state ${index}`)
  return state
}

/** Gives one program one event: its state, its effects, and a note for whoever reports. */
export function apply(draft: Draft, index: number, event: Event): void {
  const before = stateAt(draft, index)
  const { now, random } = draft
  const serving = draft.phase.at === 'serving'
  const { state: after, effects } = step(before, event, { program: programAt(draft, index), now, random, serving })
  draft.states[index] = after
  for (const effect of effects) {
    if (effect.do === 'stray') {
      draft.effects.push({ do: 'announce', what: { about: 'stray-event', index, at: effect.at, on: effect.on } })
    } else {
      draft.effects.push({ ...effect, index })
    }
  }
  if (after === before) return
  draft.effects.push({ do: 'note', index, before, event, after })
  draft.changed.push(index)
}

/** Whether a program has a process or is about to get one. */
export function isLive(state: State): boolean {
  return state.at === 'launching' || pidOf(state) !== undefined
}

/** The indexes of all programs with a process. */
export function liveOnes(draft: Pick<World, 'states'>): readonly number[] {
  return draft.states.flatMap((state, index) => (isLive(state) ? [index] : []))
}
