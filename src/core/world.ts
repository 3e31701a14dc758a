/**
 * The world: all programs and the phase of the container, as a pure step: (world, input, moment) -> world and effects.
 * A step first gives the input to whom it concerns, then draws consequences until nothing changes any more: who may
 * start now, who can never start, whether the container ends, which level of the stop comes next.
 */
import { apply, type Draft, isLive, programAt, stateAt, type Target, type World, type WorldEffect } from './draft.ts'
import { graphOf } from './graph.ts'
import { endedOf, outcomeOf, stopOutcomeOf } from './outcome.ts'
import { advance, beginEnd, finish, killNow, phaseDeadline } from './phases.ts'
import { labelOf, type Plan, type Program, type Reaction } from './plan.ts'
import { reload, takePlace } from './reload.ts'
import { permissionOf } from './schedule.ts'
import type { Signal } from './signal.ts'
import { dueOf, type Event, pidOf, type State, unborn } from './state.ts'

export type Input =
  | { readonly on: 'boot' }
  | { readonly on: 'program'; readonly index: number; readonly event: Event }
  /** An operator's wish. */
  | { readonly on: 'wish'; readonly index: number; readonly wish: 'start' | 'stop' | 'restart' }
  | { readonly on: 'signal'; readonly signal: Signal }
  /** Somebody asks over the control socket that the container stops. */
  | { readonly on: 'shutdown' }
  /** The controlling terminal is gone. */
  | { readonly on: 'hungup' }
  | { readonly on: 'deadline' }
  | { readonly on: 'strays-gone' }
  /** A new plan. `stale`: programs whose secrets have changed since they were started. */
  | { readonly on: 'reload'; readonly plan: Plan; readonly stale: ReadonlySet<number> }
  /** What a program says of itself; it changes nothing. */
  | { readonly on: 'said'; readonly index: number; readonly text: string }
  /** A program says that it reloads, or that it is done with that; it changes nothing either: it can be used meanwhile. */
  | { readonly on: 'reloading'; readonly index: number; readonly is: boolean }
  | { readonly on: 'bug' }

/** When the step happens: monotonic milliseconds, and a random number in [0, 1). */
export interface Moment {
  readonly now: number
  readonly random: number
}

/** Somebody at a terminal presses Ctrl-C once; an npm or a shell in between may deliver it twice at once. */
const secondInterruptAfter = 200

/** The world before anything has been asked of it. */
export function worldOf(plan: Plan): World {
  const states = plan.programs.map(() => unborn)
  const nothing = { interrupted: undefined, held: [], retired: new Set<number>(), replaced: new Map<number, Program>() }
  return { plan, graph: graphOf(plan.programs), states, phase: { at: 'serving' }, ...nothing }
}

/** The next world and what is to be done. Throws only for an index that is not in the plan; the world passed in is not changed. */
export function step(world: World, input: Input, { now, random }: Moment): { world: World; effects: WorldEffect[] } {
  const draft: Draft = { ...world, states: [...world.states], now, random, effects: [], changed: [] }
  receive(draft, input)
  settle(draft)
  const { plan, graph, states, phase, interrupted, held, retired, replaced, effects } = draft
  return { world: { plan, graph, states, phase, interrupted, held, retired, replaced }, effects }
}

/** The nearest moment at which the world wants a `deadline`, or undefined. */
export function nextDeadline(world: World): number | undefined {
  let nearest = 'deadline' in world.phase ? world.phase.deadline : Number.POSITIVE_INFINITY
  const serving = world.phase.at === 'serving'
  for (const state of world.states) nearest = Math.min(nearest, dueOf(state, serving))
  return nearest === Number.POSITIVE_INFINITY ? undefined : nearest
}

function receive(draft: Draft, input: Input): void {
  switch (input.on) {
    case 'boot':
      draft.plan.programs.forEach((program, index) => {
        const isWanted = program.autostart && !draft.retired.has(index)
        if (isWanted && draft.phase.at === 'serving') apply(draft, index, { on: 'up' })
      })
      // Even a plan in which nothing starts by itself has to be looked at once.
      return endIfIdle(draft)
    case 'program':
      return receiveEvent(draft, input.index, input.event)
    case 'wish':
      return receiveWish(draft, input.index, input.wish)
    case 'signal':
      return receiveSignal(draft, input.signal)
    case 'shutdown':
      return requestEnd(draft, 'api')
    case 'hungup':
      return requestEnd(draft, 'HUP')
    case 'deadline':
      return receiveDeadline(draft)
    case 'strays-gone':
      return finish(draft)
    case 'reload':
      return reload(draft, input.plan, input.stale)
    case 'said':
      draft.effects.push({ do: 'announce', what: { about: 'said', index: input.index, text: input.text } })
      return
    case 'reloading':
      draft.effects.push({ do: 'announce', what: { about: 'reloading', index: input.index, is: input.is } })
      return
    case 'bug':
      return beginEnd(draft, { why: 'bug', code: 1 })
  }
}

function receiveEvent(draft: Draft, index: number, event: Event): void {
  const before = stateAt(draft, index)
  apply(draft, index, event)
  if (event.on === 'exit') judgeStop(draft, index, before, event)
  const pid = event.on === 'spawned' ? event.pid : undefined
  if (pid === undefined) return
  const { at, runs } = stateAt(draft, index)
  // What came although it is not wanted any more is stopped at once: nothing has been started again.
  if (runs > 1 && at !== 'stopping') restartDependants(draft, index)
  for (const signal of draft.held) draft.effects.push({ do: 'forward', signal, targets: [{ index, pid }] })
  draft.held = []
}

/** A dependency has been started again: those that are to be restarted with it stop, and wait for it. */
function restartDependants(draft: Draft, index: number): void {
  if (draft.phase.at !== 'serving') return
  for (const dependant of draft.graph.dependants[index] ?? []) {
    const edge = draft.graph.dependencies[dependant]?.find(({ on }) => on === index)
    const { at } = stateAt(draft, dependant)
    if (edge?.dependency.restart !== true || (at !== 'starting' && at !== 'running')) continue
    const deadline = draft.now + programAt(draft, dependant).stopGraceMillis
    apply(draft, dependant, { on: 'restart', deadline, because: labelOf(programAt(draft, index)) })
  }
}

/** A process that ends while a stop was asked for may spoil its exit code; the first one does. */
function judgeStop(draft: Draft, index: number, before: State, event: Extract<Event, { on: 'exit' }>): void {
  const { phase } = draft
  if (!('end' in phase) || phase.end.why !== 'requested' || phase.end.flaw !== undefined) return
  if (phase.at === 'done' || pidOf(before) === undefined) return
  const killed = before.at === 'stopping' && before.killed
  const flaw = stopOutcomeOf(programAt(draft, index), event.ending, killed)
  if (flaw === undefined) return
  draft.phase = { ...phase, end: { ...phase.end, flaw: { index, row: flaw.id, code: flaw.code } } }
}

function receiveWish(draft: Draft, index: number, wish: 'start' | 'stop' | 'restart'): void {
  if (draft.phase.at !== 'serving' || draft.retired.has(index)) return
  const deadline = draft.now + programAt(draft, index).stopGraceMillis
  if (wish === 'start') apply(draft, index, { on: 'up' })
  else if (wish === 'stop') apply(draft, index, { on: 'down', by: 'operator', deadline })
  else apply(draft, index, { on: 'restart', deadline })
}

function receiveDeadline(draft: Draft): void {
  draft.states.forEach((state, index) => {
    const serving = draft.phase.at === 'serving'
    if (dueOf(state, serving) <= draft.now) apply(draft, index, { on: 'deadline' })
  })
  if ('deadline' in draft.phase && draft.phase.deadline <= draft.now) phaseDeadline(draft)
}

const stopSignals: ReadonlySet<Signal> = new Set(['TERM', 'INT', 'QUIT'])

/** What a signal to foster means. Design, section 7. */
function receiveSignal(draft: Draft, signal: Signal): void {
  const reaction = draft.plan.signals[signal]
  if (reaction !== undefined) return react(draft, signal, reaction)
  if (signal === 'INT' && secondInterrupt(draft)) return killNow(draft)
  if (draft.plan.command !== undefined) return passOn(draft, signal)
  if (stopSignals.has(signal)) return requestEnd(draft, signal)
  if (signal === 'HUP') draft.effects.push({ do: 'hangup' })
  else if (signal === 'USR2') draft.effects.push({ do: 'reopen' })
  else forward(draft, signal)
}

/** What the configuration says in place of the usual. */
function react(draft: Draft, signal: Signal, reaction: Reaction): void {
  if (reaction.do === 'stop') return requestEnd(draft, signal)
  if (reaction.do === 'forward') forward(draft, reaction.as ?? signal, reaction.to)
}

/** Notes the first SIGINT; says whether this one is the second of somebody who wants it to end now. */
function secondInterrupt(draft: Draft): boolean {
  const first = draft.interrupted
  draft.interrupted ??= draft.now
  return draft.phase.at !== 'serving' && first !== undefined && draft.now - first >= secondInterruptAfter
}

function requestEnd(draft: Draft, by: Signal | 'api'): void {
  beginEnd(draft, { why: 'requested', by, flaw: undefined })
}

/** As tini: every signal is CMD's. One that would end CMD before it has begun ends foster. */
function passOn(draft: Draft, signal: Signal): void {
  if (forward(draft, signal)) return
  if (draft.phase.at !== 'serving') return
  if (stopSignals.has(signal) || signal === 'HUP') requestEnd(draft, signal)
  else draft.held = [...draft.held, signal]
}

/** Hands a signal to every running process, or to those of some programs; says whether there was one. */
function forward(draft: Draft, signal: Signal, to?: readonly string[]): boolean {
  const targets = draft.states.flatMap((state, index): Target[] => {
    const pid = pidOf(state)
    const isMeant = to === undefined || to.includes(programAt(draft, index).name)
    return pid === undefined || !isMeant ? [] : [{ index, pid }]
  })
  if (targets.length > 0) draft.effects.push({ do: 'forward', signal, targets })
  return targets.length > 0
}

/**
 * Draws consequences to a fixed point: intentions by queue, no recursion. Bad news travels first: who can never start is
 * FATAL, and the container perhaps at its end, before anybody is started in the same step.
 */
function settle(draft: Draft): void {
  const willing: number[] = []
  for (;;) {
    const index = draft.changed.shift()
    if (index !== undefined) spread(draft, index, willing)
    else if (willing.length > 0) start(draft, willing)
    else break
    if (draft.changed.length === 0 && willing.length === 0) endIfIdle(draft)
    advance(draft)
  }
  advance(draft)
}

/** The consequences of one program's change for itself, its dependants and the container. */
function spread(draft: Draft, index: number, willing: number[]): void {
  if (draft.replaced.has(index)) takePlace(draft, index)
  if (draft.phase.at === 'serving') endIfOver(draft, index)
  if (draft.phase.at === 'serving') {
    consider(draft, index, willing)
    for (const dependant of draft.graph.dependants[index] ?? []) consider(draft, dependant, willing)
    return
  }
  const { at } = stateAt(draft, index)
  if (draft.phase.at !== 'delaying' && (at === 'waiting' || at === 'backoff')) {
    apply(draft, index, { on: 'down', by: 'shutdown', deadline: draft.now })
  }
}

/** A program that waits: may it start, must its dependencies be started first, or can it never start? */
function consider(draft: Draft, index: number, willing: number[]): void {
  if (stateAt(draft, index).at !== 'waiting') return
  const permission = permissionOf(index, draft.graph, draft.plan.programs, draft.states)
  if (permission.may === 'start') willing.push(index)
  else if (permission.may === 'never') apply(draft, index, { on: 'doomed', cause: permission.cause })
  else for (const on of permission.on) wake(draft, on)
}

/** A dependency that is not autostarted is started for those that need it; one that an operator stopped stays so. */
function wake(draft: Draft, index: number): void {
  const state = stateAt(draft, index)
  if (state.at === 'stopped' && state.by === 'nobody') apply(draft, index, { on: 'up' })
}

/** Starts all that may start, in the order of the plan: nothing that happens here forbids it to another. */
function start(draft: Draft, willing: number[]): void {
  for (const index of willing.splice(0).sort((a, b) => a - b)) {
    if (draft.phase.at === 'serving' && stateAt(draft, index).at === 'waiting') apply(draft, index, { on: 'clear' })
  }
}

/** The table of outcomes, asked about a program that is over. */
function endIfOver(draft: Draft, index: number): void {
  const ended = endedOf(programAt(draft, index), stateAt(draft, index), draft.plan.command !== undefined)
  if (ended === undefined) return
  const { row, exit } = outcomeOf(ended)
  if (exit !== undefined) beginEnd(draft, { why: 'program', index, row: row.id, code: exit })
}

/** Nothing runs, nothing is to run, and nobody stopped anything by hand: the container's work is done. */
function endIfIdle(draft: Draft): void {
  if (draft.phase.at !== 'serving' || draft.plan.stays) return
  const busy = draft.states.some(
    state => isLive(state) || state.at === 'waiting' || state.at === 'backoff' || isOperators(state),
  )
  if (busy) return
  const failed = draft.states.some(state => state.at === 'fatal') && !draft.plan.programs.some(it => it.critical)
  beginEnd(draft, { why: 'idle', code: failed ? 1 : 0 })
}

const isOperators = (state: State): boolean => state.at === 'stopped' && state.by === 'operator'
