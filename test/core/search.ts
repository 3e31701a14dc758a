/** Ways through the worlds of `outside.ts`: all of them, some of them at random, and the ways in which a stop may go. */
import assert from 'node:assert/strict'
import type { Plan } from '../../src/core/plan.ts'
import { nextDeadline } from '../../src/core/world.ts'
import { missing } from './one.ts'
import { keyOf, legalMoves, type Move, type Outside, outsideOf, pidFor, sigkilled, success, take } from './outside.ts'

export interface Count {
  plans: number
  worlds: number
  steps: number
}

/** A world that was found, and the way to it. */
interface Found {
  readonly outside: Outside
  readonly from: Found | undefined
  readonly move: Move | undefined
}

function pathOf({ from, move }: Found): string {
  return move === undefined ? 'start' : `${from === undefined ? '' : pathOf(from)} > ${words(move)}`
}

/** Looks at every world that can be reached, and at each `every`-th whether a stop from there ends. */
export function search(plan: Plan, wishes: number, count: Count, every = 1): void {
  const known = new Set<string>()
  const todo: Found[] = [{ outside: outsideOf(plan, wishes), from: undefined, move: undefined }]
  for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
    const { outside } = item
    if (outside.booted && known.size % every === 0) within(item, () => checkStopEnds(outside, count))
    for (const move of legalMoves(outside)) {
      const next = reach(item, move, known, count)
      if (next !== undefined) todo.push(next)
    }
  }
  count.worlds += known.size
  count.plans++
}

/**
 * Looks at every world that can be reached while the container serves; what ends it is followed as a stop is. Processes
 * come in the order in which they were asked for, as run/effects.ts starts them.
 */
export function searchServing(plan: Plan, wishes: number, count: Count): void {
  const known = new Set<string>()
  const found: Found[] = [{ outside: outsideOf(plan, wishes), from: undefined, move: undefined }]
  for (const item of found) {
    const { outside } = item
    const serves = outside.world.phase.at === 'serving'
    if (found.length % 20 === 0 || !serves) within(item, () => checkStopEnds(outside, count))
    if (!serves) continue
    // What is killed is gone before any time has passed: what else may be is looked at by other searches.
    const isDying = outside.facts.some(it => it.killed)
    for (const move of legalMoves(outside)) {
      const isFirst = outside.booted || move.input.on === 'boot'
      if (!isFirst || move.input.on === 'signal' || (move.wait > 0 && isDying) || isEarly(outside, move)) continue
      const next = reach(item, move, known, count, ({ queue }) => (queue.length > 1 ? queue.join('.') : ''))
      if (next !== undefined) found.push(next)
    }
  }
  count.worlds += known.size
  count.plans++
}

/** Whether a process comes, or is refused, before one that was asked for earlier. */
function isEarly({ queue, facts }: Outside, { input }: Move): boolean {
  return input.on === 'program' && facts[input.index]?.asked === true && queue[0] !== input.index
}

/** Takes a move; undefined where it leads to a world that is known. `more`: what of a world its key does not have. */
function reach(
  from: Found,
  move: Move,
  known: Set<string>,
  count: Count,
  more: (outside: Outside) => string = () => '',
): Found | undefined {
  count.steps++
  const outside = within(from, () => take(from.outside, move), move)
  const key = keyOf(outside) + more(outside)
  if (known.has(key)) return undefined
  known.add(key)
  return { outside, from, move }
}

function within<T>(item: Found, run: () => T, move?: Move): T {
  try {
    return run()
  } catch (error) {
    const path = pathOf(move === undefined ? item : { outside: item.outside, from: item, move })
    return withPath(path, item.outside.world.plan, () => {
      throw error
    })
  }
}

/** Moves at random until the container is gone, then stops from one of the worlds that were passed. */
export function walk(plan: Plan, wishes: number, random: () => number, count: Count): void {
  let outside = take(outsideOf(plan, wishes), { wait: 0, input: { on: 'boot' } })
  let path = 'boot'
  const stopAt = Math.floor(random() * 30)
  for (let length = 0; length < 200 && !outside.finished; length++) {
    const moves = legalMoves(outside)
    // A signal ends most of what there is to see: it is taken seldom.
    const fewer = moves.filter(({ input }) => input.on !== 'signal')
    const from = fewer.length > 0 && random() < 0.9 ? fewer : moves
    const move = from[Math.floor(random() * from.length)]
    if (move === undefined) break
    path += ` > ${words(move)}`
    count.steps++
    if (length === stopAt) withPath(path, plan, () => checkStopEnds(outside, count))
    outside = withPath(path, plan, () => take(outside, move))
  }
  count.worlds++
}

/** How the programs behave in a stop: they end when asked, when killed, or not at all. */
type Manner = 'polite' | 'stubborn' | 'hung'

/** However the programs behave, a container that is asked to stop has stopped after a bounded number of steps. */
export function checkStopEnds(from: Outside, count: Count): void {
  if (from.finished) return
  // SIGKILL is sent again each second.
  const seconds = Math.ceil(from.world.plan.shutdown.timeout / 1000)
  const most = 10 + (6 + seconds) * from.facts.length
  for (const manner of ['polite', 'stubborn', 'hung'] as const) {
    for (const answer of ['spawned', 'refused', 'withdrawn'] as const) {
      let outside = take(from, { wait: 0, input: { on: 'signal', signal: 'TERM' } })
      if (answer !== 'spawned' && !outside.facts.some(it => it.asked)) continue
      for (let steps = 0; !outside.finished; steps++) {
        count.steps++
        if (steps === most) assert.fail(`a stop does not end, ${manner}: ${outside.world.phase.at}`)
        outside = take(outside, nextOf(outside, manner, answer))
      }
      if (manner === 'polite')
        assert.ok(
          outside.facts.every(it => it.pid === undefined),
          'ended, and something lives',
        )
    }
  }
}

function nextOf({ facts, world }: Outside, manner: Manner, answer: 'spawned' | 'refused' | 'withdrawn'): Move {
  const asked = facts.findIndex(it => it.asked)
  if (asked >= 0) {
    const event =
      answer === 'spawned'
        ? ({ on: 'spawned', pid: pidFor(asked) } as const)
        : answer === 'refused'
          ? ({ on: 'refused', ending: missing } as const)
          : ({ on: 'withdrawn' } as const)
    return { wait: 0, input: { on: 'program', index: asked, event } }
  }
  const gone = facts.findIndex(({ pid, killed }, index) => {
    const asks = world.states[index]?.at === 'stopping'
    return pid !== undefined && (manner === 'polite' ? asks : manner === 'stubborn' && killed)
  })
  if (gone >= 0) {
    const ending = facts[gone]?.killed ? sigkilled : success
    return { wait: 0, input: { on: 'program', index: gone, event: { on: 'exit', ending } } }
  }
  if (manner === 'polite' && world.phase.at === 'sweeping') return { wait: 0, input: { on: 'strays-gone' } }
  const deadline = nextDeadline(world)
  if (deadline === undefined) assert.fail(`a stop hangs, ${manner}: ${world.phase.at}`)
  return { wait: Math.max(0, deadline), input: { on: 'deadline' } }
}

function words({ wait, input }: Move): string {
  const after = wait > 0 ? `${wait} ms: ` : ''
  if (input.on === 'program') {
    const { event } = input
    if (event.on === 'tried') return `${after}${event.probe} ${input.index} ${event.ok ? 'passes' : 'fails'}`
    if (event.on === 'untried') return `${after}${event.probe} ${input.index} cannot be tried`
    const ending = 'ending' in event && 'code' in event.ending ? ` ${event.ending.code}` : ''
    return `${after}${event.on}${ending} ${input.index}`
  }
  if (input.on === 'wish') return `${after}${input.wish} ${input.index}`
  return after + (input.on === 'signal' ? input.signal : input.on)
}

function withPath<T>(path: string, plan: Plan, run: () => T): T {
  try {
    return run()
  } catch (error) {
    const programs = plan.programs.map(({ name, kind, critical, restart, dependsOn, probes }) => {
      const edges = dependsOn.map(
        it => `${it.program}:${it.condition}${it.required ? '!' : ''}${it.restart ? ' restart' : ''}`,
      )
      const asked = Object.entries(probes).map(([probe, { check }]) => `${probe} ${check.by}`)
      return `${name} ${kind}${critical ? ' critical' : ''} ${restart} (${asked.join()}) -> ${edges.join()}`
    })
    throw new Error(`${(error as Error).message}: ${path}\n${programs.join('\n')}`, { cause: error })
  }
}
