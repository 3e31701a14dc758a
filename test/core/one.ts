/**
 * The world outside of one program's table: whether a process lives, what was asked of it, what its probes have said.
 * `take` makes one move and throws where a law is broken.
 *
 * The present moment is always 0 and the past is negative. An age is only kept as long as it makes a difference, and so
 * is a count, so that the state space is finite.
 */
import assert from 'node:assert/strict'
import type { Ending } from '../../src/core/ending.ts'
import type { Program } from '../../src/core/plan.ts'
import { isTold, type ProbeName, probeNames } from '../../src/core/probe.ts'
import { step } from '../../src/core/program.ts'
import { dueOf, type Event, type State, unborn } from '../../src/core/state.ts'
import { normal, wordOf } from './ages.ts'
import { checkState } from './one.laws.ts'
import { checkProbes } from './one.probes.ts'
import { ask, bearWith, type Ear, hear, hearNothing, isIll, listen, listenOn, shortEar, unask } from './prober.ts'

export const grace = 100

/** What is wrong with a process: a probe has failed, or it was to fork away. */
export type Ill = ProbeName | 'fork'

/** The table's state and what is true outside of it. */
export interface One {
  readonly state: State
  /** A process was asked for, and neither came, was refused nor withdrawn. */
  readonly asked: boolean
  readonly pid: number | undefined
  /** The process has ended, and something of its run is still there. */
  readonly gone: boolean
  readonly last: Ending | undefined
  /** The last command was up or restart. */
  readonly wanted: boolean
  /** A daemon has forked away; others need not. */
  readonly forked: boolean
  /** What the probes of the process have said; empty where it is not asked. */
  readonly ear: Ear
  /** Milliseconds until a daemon must have forked away; Infinity: nothing is to. */
  readonly left: number
  /** Why the process is being stopped. */
  readonly ill: Ill | undefined
  readonly serving: boolean
}

/** What may happen next: time passes for a while, then an event. */
export interface Move {
  readonly wait: number
  readonly event: Event | undefined
  /** The end of the container begins. */
  readonly ends?: true
}

/** Before anything has been asked of it. */
export const start: One = {
  state: unborn,
  asked: false,
  pid: undefined,
  gone: false,
  last: undefined,
  wanted: false,
  forked: false,
  ear: {},
  left: Number.POSITIVE_INFINITY,
  ill: undefined,
  serving: true,
}

export const endings: readonly Ending[] = [
  { how: 'exited', code: 0 },
  { how: 'exited', code: 3 },
  { how: 'killed', signal: 15, core: false },
]
export const missing: Ending = { how: 'unstartable', reason: 'not found', code: 127 }
const root: Ending = { how: 'exited', code: 9 }
export const doomed: Event = { on: 'doomed', cause: { why: 'dependency', on: 'db', root: 'db', ending: root } }

/** What the world and the system may tell the table by themselves, commands left out. */
export function eventsOf(
  one: One,
  program: Program,
  possible: readonly Ending[],
  leavesSomething: boolean,
): readonly Event[] {
  const events: Event[] = one.state.at === 'waiting' && one.serving ? [{ on: 'clear' }, doomed] : []
  return [...events, ...reportsOf(one, program, 7, possible, leavesSomething)]
}

/**
 * What the system may report of a program. `fresh`: the pid of a process that comes now; `leavesSomething`: its process
 * may end before all of its run has.
 */
export function reportsOf(
  one: One,
  program: Program,
  fresh: number,
  possible: readonly Ending[],
  leavesSomething: boolean,
): readonly Event[] {
  const { state, asked, pid, ear, forked } = one
  const events: Event[] = []
  if (asked) events.push({ on: 'spawned', pid: fresh }, { on: 'refused', ending: missing })
  // A spawn is withdrawn only if it is not wanted any more.
  if (asked && state.at === 'launching' && state.next !== 'up') events.push({ on: 'withdrawn' })
  if (pid === undefined) return events
  for (const ending of possible) events.push({ on: 'exit', ending })
  if (one.gone) return events
  if (leavesSomething) events.push({ on: 'gone' })
  const checks = probeNames.flatMap(name => program.probes[name]?.check ?? [])
  const notifies = checks.some(it => it.by === 'notify')
  if (notifies || (program.kind === 'daemon' && !forked))
    events.push({ on: 'adopted', pid: fresh + ((pid - fresh) ^ 1) })
  if (notifies) events.push({ on: 'extended', pid, millis: 30 })
  for (const probe of probeNames) {
    const check = program.probes[probe]?.check
    if (check === undefined || !(isTold(check) ? forked : ear[probe]?.underWay)) continue
    events.push({ on: 'tried', probe, pid, ok: true, detail: '' }, { on: 'tried', probe, pid, ok: false, detail: 'no' })
    if (!isTold(check)) events.push({ on: 'untried', probe, pid })
  }
  return events
}

/** How time may pass: to the next due, or not so far. `idle`: how long to wait where nothing is due. */
export function waitsOf({ state, serving }: One, idle: number, short: (due: number) => number): readonly Move[] {
  const due = dueOf(state, serving)
  if (due === Number.POSITIVE_INFINITY) return [{ wait: idle, event: undefined }]
  const moves: Move[] = [{ wait: Math.max(0, due), event: { on: 'deadline' } }]
  if (short(due) > 0 && short(due) < due) moves.push({ wait: short(due), event: undefined })
  return moves
}

/** One move; throws where a law is broken. */
export function take(one: One, move: Move, program: Program): One {
  const serving = one.serving && move.ends !== true
  const before = { ...passed(one, move.wait, program), serving }
  if (move.event === undefined) return before
  const context = { program, now: 0, random: 0.5, serving }
  const { state, effects } = step(before.state, move.event, context)
  let after = heard(before, move.event, program)
  for (const effect of effects) {
    assert.notEqual(effect.do, 'stray', 'an event that may come is reported as stray')
    if (effect.do === 'spawn') {
      assert.ok(!after.asked && after.pid === undefined, 'two processes')
      assert.ok(after.wanted && serving, 'spawned although it is to be down')
      after = { ...after, asked: true }
    } else if ('pid' in effect) {
      assert.equal(effect.pid, after.pid, 'a signal or a probe for a process that is not there')
    }
  }
  after = { ...after, state: normal({ ...state, runs: 1 }, program) }
  checkProbes(before, move.event, after, effects, program)
  for (const effect of effects) {
    if (effect.do === 'probe') after = { ...after, ear: ask(after.ear, effect.probe) }
  }
  checkState(before, move.event, after, program)
  return settled(before, after)
}

/** The same, `millis` later. */
function passed(one: One, millis: number, program: Program): One {
  if (millis === 0) return one
  return { ...one, state: normal(one.state, program, millis), ...grown(one, millis) }
}

/** What is `millis` older outside of the table. */
export function grown({ ear, left }: One, millis: number): Pick<One, 'ear' | 'left'> {
  return { ear: listenOn(ear, millis), left: Math.max(0, left - millis) }
}

/** Why a process that is wanted has to be stopped. */
export function illOf({ ear, left }: One): Ill | undefined {
  return left <= 0 ? 'fork' : isIll(ear)
}

/** What an event says of the world outside. */
export function heard<T extends One>(one: T, event: Event, program: Program): T {
  switch (event.on) {
    case 'up':
    case 'restart':
      return { ...one, wanted: true }
    case 'down':
    case 'kill':
    case 'doomed':
      return { ...one, wanted: false }
    case 'spawned': {
      const forked = program.kind !== 'daemon'
      const isKept = one.state.at === 'launching' && one.state.next === 'up'
      const ear = forked && isKept ? listen(program.probes) : {}
      const left = forked || !isKept ? Number.POSITIVE_INFINITY : program.startTimeoutMillis
      return { ...one, asked: false, pid: event.pid, forked, ear, left }
    }
    case 'refused':
      return { ...one, asked: false, last: event.ending }
    case 'withdrawn':
      return { ...one, asked: false }
    case 'gone':
      return { ...one, gone: true, ear: {}, left: Number.POSITIVE_INFINITY }
    case 'exit': {
      const nobody = { pid: undefined, gone: false, forked: false, ear: {}, left: Number.POSITIVE_INFINITY }
      return { ...one, ...nobody, last: event.ending }
    }
    case 'adopted': {
      // As long as a daemon starts, the one that it names last is the one that starts.
      const isFirst = program.kind === 'daemon' && one.state.at === 'starting'
      const ear = isFirst ? listen(program.probes) : unask(one.ear)
      return { ...one, pid: event.pid, forked: true, ear, left: Number.POSITIVE_INFINITY }
    }
    case 'tried':
      return event.pid === one.pid ? { ...one, ear: hear(program.probes, one.ear, event.probe, event.ok) } : one
    case 'untried':
      return event.pid === one.pid ? { ...one, ear: hearNothing(one.ear, event.probe) } : one
    case 'extended':
      if (one.state.at !== 'starting') return one
      return { ...one, ear: bearWith(one.ear, event.millis), left: Math.max(one.left, event.millis) }
    default:
      return one
  }
}

/** A process that is stopped is not asked any more; why it is stopped is kept until it is gone. */
export function settled<T extends One>(before: One, after: T): T {
  const { state } = after
  if (state.at !== 'stopping') return after.ill === undefined ? after : { ...after, ill: undefined }
  if (before.state.at === 'stopping') return after
  const ill = state.unhealthy === undefined ? undefined : (state.unhealthy.probe ?? 'fork')
  return { ...after, ear: {}, left: Number.POSITIVE_INFINITY, ill }
}

/** Two with the same key have the same future. */
export function keyOf({ state, asked, pid, wanted, forked, ear, ill, serving }: One): string {
  return `${wordOf(state)}|${asked}${pid}${wanted}${forked}${shortEar(ear)}${ill}${serving}`
}
