/**
 * The world outside of `core/world.ts`, for searches: which processes live, what was asked of the system, how much time
 * has passed since the end began. `take` makes one move and throws where a law of the design is broken.
 *
 * The present moment is always 0 and the past is negative, so that worlds which differ only in their age are one.
 */
import type { End, World } from '../../src/core/draft.ts'
import type { Ending } from '../../src/core/ending.ts'
import type { Plan } from '../../src/core/plan.ts'
import type { State } from '../../src/core/state.ts'
import { type Input, nextDeadline, step, worldOf } from '../../src/core/world.ts'
import { checkEffects, checkWorld } from './laws.ts'

/** What is true of one program outside. */
export interface Facts {
  /** A process was asked for, and neither came, was refused nor withdrawn. */
  readonly asked: boolean
  readonly alive: boolean
  /** SIGKILL was sent to the process that lives. */
  readonly killed: boolean
  /** The last true ending. */
  readonly last: Ending | undefined
}

export interface Outside {
  readonly world: World
  readonly facts: readonly Facts[]
  readonly booted: boolean
  readonly wishes: number
  readonly end: End | undefined
  /** Milliseconds since the end began. */
  readonly spent: number
  /** Programs that were being launched when the end began: they are stopped out of order, having served nobody. */
  readonly early: ReadonlySet<number>
  readonly finished: boolean
}

/** Time passes, then something happens. */
export interface Move {
  readonly wait: number
  readonly input: Input
}

/** Uptimes beyond this are all the same to the plans that are searched. */
export const resetAfter = 400

const none: Facts = { asked: false, alive: false, killed: false, last: undefined }
export const success: Ending = { how: 'exited', code: 0 }
export const failure: Ending = { how: 'exited', code: 3 }
export const missing: Ending = { how: 'unstartable', reason: 'not found', code: 127 }
export const sigkilled: Ending = { how: 'killed', signal: 9, core: false }

/** Before boot. `wishes`: how many an operator may have in all. */
export function outsideOf(plan: Plan, wishes: number): Outside {
  return {
    world: worldOf(plan),
    facts: plan.programs.map(() => none),
    booted: false,
    wishes,
    end: undefined,
    spent: 0,
    early: new Set(),
    finished: false,
  }
}

/** Process ids: one per program, as at most one process of a program lives. */
export const pidFor = (index: number): number => 100 + index

/** All that may happen next. */
export function legalMoves(outside: Outside): readonly Move[] {
  const { world, facts, booted, wishes } = outside
  if (outside.finished) return []
  const moves: Move[] = []
  const now = (input: Input): unknown => moves.push({ wait: 0, input })
  if (!booted) now({ on: 'boot' })
  facts.forEach((fact, index) => {
    for (const event of programEvents(fact, world.states[index] as State)) now({ on: 'program', index, event })
    if (wishes > 0 && booted && world.phase.at === 'serving') {
      for (const wish of ['start', 'stop', 'restart'] as const) now({ on: 'wish', index, wish })
    }
  })
  if (world.phase.at === 'serving') now({ on: 'signal', signal: 'TERM' })
  now({ on: 'signal', signal: 'INT' })
  if (world.phase.at === 'sweeping') now({ on: 'strays-gone' })
  // The runtime takes back at once what is not wanted any more; what is wanted may have to stand in a queue.
  if (world.states.some(state => state.at === 'launching' && state.next !== 'up')) return moves
  const deadline = nextDeadline(world)
  if (deadline !== undefined) moves.push({ wait: Math.max(0, deadline), input: { on: 'deadline' } })
  if (world.interrupted !== undefined && deadline !== undefined && deadline > 200) {
    moves.push({ wait: 200, input: { on: 'signal', signal: 'INT' } })
  }
  return moves
}

type ProgramEvent = Extract<Input, { on: 'program' }>['event']

function programEvents({ asked, alive, killed }: Facts, state: State): readonly ProgramEvent[] {
  const events: ProgramEvent[] = []
  if (asked) events.push({ on: 'spawned', pid: 0 }, { on: 'refused', ending: missing })
  if (asked && state.at === 'launching' && state.next !== 'up') events.push({ on: 'withdrawn' })
  if (alive && killed) events.push({ on: 'exit', ending: sigkilled })
  else if (alive) events.push({ on: 'exit', ending: success }, { on: 'exit', ending: failure })
  return events
}

/** The same world, `millis` later. */
function later(world: World, millis: number): World {
  if (millis === 0) return world
  const { phase, interrupted } = world
  return {
    ...world,
    states: world.states.map(state => aged(state, millis)),
    phase: {
      ...phase,
      ...('deadline' in phase ? { deadline: phase.deadline - millis } : {}),
      ...('until' in phase ? { until: phase.until - millis } : {}),
    } as World['phase'],
    interrupted: interrupted === undefined ? undefined : Math.max(-200, interrupted - millis),
  }
}

function aged(state: State, millis: number): State {
  return {
    ...state,
    ...('deadline' in state ? { deadline: state.deadline - millis } : {}),
    ...('until' in state ? { until: (state.until as number) - millis } : {}),
    ...('since' in state ? { since: Math.max(-resetAfter, state.since - millis) } : {}),
  } as State
}

/** One move, with all laws checked. */
export function take(outside: Outside, { wait, input }: Move): Outside {
  const asks = input.on === 'program' && input.event.on === 'spawned'
  const given: Input = asks ? { ...input, event: { on: 'spawned', pid: pidFor(input.index) } } : input
  const before = later(outside.world, wait)
  const { world, effects } = step(before, given, { now: 0, random: 0.5 })
  const facts = [...outside.facts]
  if (given.on === 'program') facts[given.index] = told(facts[given.index] as Facts, given.event)
  const start: Outside = {
    ...outside,
    world: before,
    facts,
    booted: outside.booted || input.on === 'boot',
    wishes: outside.wishes - (input.on === 'wish' ? 1 : 0),
    spent: outside.end === undefined ? 0 : outside.spent + wait,
  }
  const after = { ...checkEffects(start, effects), world }
  checkWorld(after)
  return after
}

/** What an event that was delivered says of the process. */
function told(fact: Facts, event: ProgramEvent): Facts {
  switch (event.on) {
    case 'spawned':
      return { ...fact, asked: false, alive: true, killed: false }
    case 'refused':
      return { ...fact, asked: false, last: event.ending }
    case 'withdrawn':
      return { ...fact, asked: false }
    case 'exit':
      return { ...fact, alive: false, killed: false, last: event.ending }
    default:
      return fact
  }
}

function short(state: State): string {
  const { last, failures } = state
  let key = `${state.at}${failures}${last === undefined ? '' : last.how === 'killed' ? `k${last.signal}` : last.code}`
  if ('by' in state) key += state.by
  if ('next' in state) key += state.next
  if ('deadline' in state) key += `,${state.deadline}`
  if ('until' in state) key += `,${state.until}`
  if ('since' in state) key += `,${state.since}`
  if (state.at === 'fatal') key += state.cause.why
  return `${key};`
}

/** Two worlds with the same key have the same future. */
export function keyOf({ world, facts, booted, wishes, end, spent, early, finished }: Outside): string {
  const { phase, states, interrupted } = world
  let key = `${phase.at}${finished}${booted}${wishes},${spent},${interrupted},${[...early].join('.')}|`
  for (const state of states) key += short(state)
  for (const { asked, alive, killed } of facts) key += asked ? 'q' : alive ? (killed ? 'k' : 'a') : '-'
  if ('deadline' in phase) key += phase.deadline
  if (phase.at === 'stopping') key += `,${phase.until},${phase.hurry},${phase.levels.map(it => it.join('.')).join('/')}`
  if (phase.at === 'sweeping') key += phase.killed
  if (end !== undefined && 'end' in phase)
    key += phase.end.why + (phase.end.why === 'requested' ? `${phase.end.by}${phase.end.flaw?.row}` : phase.end.code)
  return key
}
