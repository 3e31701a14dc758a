/**
 * The world outside of `core/world.ts`, for searches: which processes live, what was asked of the system, what probes
 * have said, how much time has passed since the end began. `take` makes one move and throws where a law is broken.
 *
 * The present moment is always 0 and the past is negative, so that worlds which differ only in their age are one.
 */
import type { End, World } from '../../src/core/draft.ts'
import type { Ending } from '../../src/core/ending.ts'
import type { Dependency, Plan, Program } from '../../src/core/plan.ts'
import { type Input, nextDeadline, step, worldOf } from '../../src/core/world.ts'
import { normal, wordOf } from './ages.ts'
import { checkEffects } from './effects.laws.ts'
import { checkWorld } from './laws.ts'
import { grown, heard, type One, reportsOf, start as unborn } from './one.ts'
import { shortEar } from './prober.ts'

/** What is true of one program outside. */
export interface Facts extends One {
  /** SIGKILL was sent to the process that lives. */
  readonly killed: boolean
  /** How often it has been spawned, 2 at most. */
  readonly runs: number
}

export interface Outside {
  readonly world: World
  readonly facts: readonly Facts[]
  /** Those that a process was asked for, the first that was asked first. */
  readonly queue: readonly number[]
  /** A program that was started more often than this is as good as one that was started so often. */
  readonly mostRuns: 1 | 2
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

export const success: Ending = { how: 'exited', code: 0 }
export const failure: Ending = { how: 'exited', code: 3 }
export const sigkilled: Ending = { how: 'killed', signal: 9, core: false }

/** Before boot. `wishes`: how many an operator may have in all. */
export function outsideOf(plan: Plan, wishes: number): Outside {
  return {
    world: worldOf(plan),
    facts: plan.programs.map(() => ({ ...unborn, killed: false, runs: 0 })),
    queue: [],
    mostRuns: plan.programs.some(it => it.dependsOn.some(({ restart }) => restart)) ? 2 : 1,
    booted: false,
    wishes,
    end: undefined,
    spent: 0,
    early: new Set(),
    finished: false,
  }
}

/** The first process id of a program; the next one is that of the process which is adopted. */
export const pidFor = (index: number): number => 100 + 2 * index

/** A program of the plan. */
export const programAt = (plan: Plan, index: number): Program => plan.programs[index] as Program

/** Those that a program depends on, by the names in the plan: all replicas of each. */
export function edgesOf({ programs }: Plan, index: number): ReadonlyArray<{ on: number; dependency: Dependency }> {
  const own = programs[index]?.dependsOn ?? []
  return own.flatMap(dependency =>
    programs.flatMap(({ name }, on) => (name === dependency.program ? [{ on, dependency }] : [])),
  )
}

/** All that may happen next. */
export function legalMoves(outside: Outside): readonly Move[] {
  const { world, facts, booted, wishes } = outside
  if (outside.finished) return []
  const moves: Move[] = []
  const now = (input: Input): unknown => moves.push({ wait: 0, input })
  if (!booted) now({ on: 'boot' })
  facts.forEach((fact, index) => {
    // The first of at most two: with more the searches would take too long.
    const leaves = index === 0 && facts.length <= 2
    const endings = fact.killed ? [sigkilled] : [success, failure]
    for (const event of reportsOf(fact, programAt(world.plan, index), pidFor(index), endings, leaves)) {
      now({ on: 'program', index, event })
    }
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

/** The same world, `millis` later. */
function later(world: World, millis: number): World {
  const { phase, interrupted, plan } = world
  return {
    ...world,
    states: world.states.map((state, index) => normal(state, programAt(plan, index), millis)),
    phase: {
      ...phase,
      ...('deadline' in phase ? { deadline: phase.deadline - millis } : {}),
      ...('until' in phase ? { until: phase.until - millis } : {}),
    } as World['phase'],
    interrupted: interrupted === undefined ? undefined : Math.max(-200, interrupted - millis),
  }
}

/** A world without what makes no difference. `before` is such a one already. */
function normalWorld(world: World, before: World, mostRuns: number): World {
  const states = world.states.map((state, index) => {
    if (state === before.states[index]) return state
    return normal(state.runs > mostRuns ? { ...state, runs: mostRuns } : state, programAt(world.plan, index))
  })
  return { ...world, states }
}

/** One move, with all laws checked. */
export function take(outside: Outside, { wait, input }: Move): Outside {
  const before = wait === 0 ? outside.world : later(outside.world, wait)
  const { world: next, effects } = step(before, input, { now: 0, random: 0.5 })
  const facts = outside.facts.map((fact, index): Facts => {
    const now = wait === 0 ? fact : { ...fact, state: before.states[index] ?? fact.state, ...grown(fact, wait) }
    return input.on === 'program' && input.index === index ? told(now, input, programAt(before.plan, index)) : now
  })
  const start: Outside = {
    ...outside,
    world: before,
    facts,
    booted: outside.booted || input.on === 'boot',
    wishes: outside.wishes - (input.on === 'wish' ? 1 : 0),
    spent: outside.end === undefined ? 0 : outside.spent + wait,
  }
  const after = checkEffects(start, input, effects)
  const world = normalWorld(next, before, outside.mostRuns)
  const result = {
    ...after,
    world,
    queue: queueAfter(outside.queue, input, after.facts),
    facts: after.facts.map((fact, index) => {
      const state = world.states[index] ?? fact.state
      return fact.state === state ? fact : { ...fact, state }
    }),
  }
  checkWorld(result)
  return result
}

/** Whoever is asked for in one step is asked for in the order of the plan; who is asked for anew stands at the end. */
function queueAfter(before: Outside['queue'], input: Input, facts: readonly Facts[]): Outside['queue'] {
  const answered = input.on === 'program' ? input.index : -1
  const left = before.filter(index => index !== answered && facts[index]?.asked === true)
  return [...left, ...[...facts.keys()].filter(index => facts[index]?.asked === true && !left.includes(index))]
}

/** What an event that was delivered says of the process. */
function told(fact: Facts, { event }: Extract<Input, { on: 'program' }>, program: Program): Facts {
  const after = heard(fact, event, program)
  if (event.on === 'exit') return { ...after, killed: false }
  return event.on === 'spawned' ? { ...after, killed: false, runs: Math.min(2, fact.runs + 1) } : after
}

/** Two worlds with the same key have the same future. */
export function keyOf({ world, facts, booted, wishes, end, spent, early, finished }: Outside): string {
  const { phase, states, interrupted } = world
  let key = `${phase.at}${finished}${booted}${wishes},${spent},${interrupted},${[...early].join('.')}|`
  for (const state of states) key += `${wordOf(state)}${state.runs};`
  for (const { asked, pid, killed, forked, ear, ill } of facts) {
    key += `${asked ? 'q' : pid === undefined ? '-' : killed ? 'k' : 'a'}${forked ? '' : 'f'}${shortEar(ear)}${ill ?? ''}`
  }
  if ('deadline' in phase) key += phase.deadline
  if (phase.at === 'stopping') key += `,${phase.until},${phase.hurry},${phase.levels.map(it => it.join('.')).join('/')}`
  if (phase.at === 'sweeping') key += phase.killed
  if (end !== undefined && 'end' in phase)
    key += phase.end.why + (phase.end.why === 'requested' ? `${phase.end.by}${phase.end.flaw?.row}` : phase.end.code)
  return key
}
