/** The laws of what one step of the world asks for: spawns, signals and tries, each in its place. */
import assert from 'node:assert/strict'
import type { WorldEffect } from '../../src/core/draft.ts'
import type { Plan } from '../../src/core/plan.ts'
import { budgetOf } from '../../src/core/shutdown.ts'
import type { Effect, State } from '../../src/core/state.ts'
import type { Input } from '../../src/core/world.ts'
import { truthOf } from './laws.ts'
import { checkProbes } from './one.probes.ts'
import { illOf, settled } from './one.ts'
import { edgesOf, type Facts, type Outside, programAt } from './outside.ts'
import { ask } from './prober.ts'

interface Going {
  readonly start: Outside
  readonly input: Input
  facts: Facts[]
  kept: Pick<Outside, 'end' | 'early' | 'finished'>
  /** Everything is killed from here on. */
  hurried: boolean
  /** What the program that is dealt with has asked for until its note. */
  own: Effect[]
}

/** Goes through the effects in their order; returns what is true outside after them. */
export function checkEffects(start: Outside, input: Input, effects: readonly WorldEffect[]): Outside {
  const { end, early, finished } = start
  const going: Going = {
    start,
    input,
    facts: [...start.facts],
    kept: { end, early, finished },
    hurried: false,
    own: [],
  }
  for (const effect of effects) check(going, effect)
  if (input.on === 'program' && input.event.on === 'spawned') checkRestarted(going, input.index)
  return { ...start, ...going.kept, facts: going.facts }
}

function check(going: Going, effect: WorldEffect): void {
  const { facts, kept, own } = going
  switch (effect.do) {
    case 'spawn':
      checkSpawn(going, effect.index)
      facts[effect.index] = { ...(facts[effect.index] as Facts), asked: true }
      own.push(effect)
      break
    case 'note':
      note(going, effect)
      break
    case 'probe':
      own.push(effect)
      assert.equal(effect.pid, facts[effect.index]?.pid, 'a try for a process that is not there')
      break
    case 'stop':
    case 'kill':
      own.push({ do: effect.do, pid: effect.pid })
      checkSignal(going, effect.index, effect.pid)
      if (kept.end === undefined) checkReason(going, effect.do, effect.index)
      if (effect.do === 'stop') checkStop(going, effect.index)
      else facts[effect.index] = { ...(facts[effect.index] as Facts), killed: true }
      break
    case 'announce':
      announce(going, effect.what)
      break
    case 'finish':
      checkFinish(going, effect.code)
      going.kept = { ...kept, finished: true }
      break
    case 'sweep':
      assert.notEqual(kept.end, undefined, 'strays are swept while serving')
      break
    case 'forward':
      for (const { index, pid } of effect.targets) checkSignal(going, index, pid)
  }
}

/** One event of one program is dealt with: the laws of its table, and what is known of it from here on. */
function note(going: Going, { index, before, event, after }: Extract<WorldEffect, { do: 'note' }>): void {
  const { facts, start, own } = going
  const serving = going.kept.end === undefined
  const fact = { ...(facts[index] as Facts), serving }
  assert.equal(before, fact.state, 'a note that does not follow the one before')
  const next = { ...fact, state: after }
  checkProbes(fact, event, next, own, programAt(start.world.plan, index))
  let ear = next.ear
  for (const effect of own) if (effect.do === 'probe') ear = ask(ear, effect.probe)
  facts[index] = settled(fact, { ...next, ear })
  going.own = []
}

function announce(going: Going, what: Extract<WorldEffect, { do: 'announce' }>['what']): void {
  assert.notEqual(what.about, 'stray-event', 'an event that may come is reported as stray')
  if (what.about === 'kill-now' || what.about === 'out-of-time') going.hurried = true
  if (what.about !== 'ending') return
  assert.equal(going.kept.end, undefined, 'the end begins twice')
  const early = new Set(going.facts.flatMap((fact, index) => (fact.asked ? [index] : [])))
  going.kept = { ...going.kept, end: what.end, early }
}

function checkSpawn({ start, facts, kept }: Going, index: number): void {
  const { plan } = start.world
  const fact = facts[index] as Facts
  assert.ok(!fact.asked && fact.pid === undefined, 'two processes of one program')
  assert.equal(kept.end, undefined, 'spawned after the end has begun')
  for (const { on, dependency } of edgesOf(plan, index)) {
    const verdict = truthOf(dependency, programAt(plan, on), facts[on] as Facts)
    assert.ok(verdict === 'true' || (verdict === 'never' && !dependency.required), 'spawned before its conditions hold')
  }
}

function checkSignal({ facts, kept }: Going, index: number, pid: number): void {
  assert.notEqual(pid, undefined)
  assert.equal(facts[index]?.pid, pid, 'a signal for a process that is not there')
  assert.ok(!kept.finished, 'a signal after the finish')
}

/** While the container is to go on, a process is stopped for one of few reasons, and readiness is none. */
function checkReason({ start, input, facts }: Going, what: 'stop' | 'kill', index: number): void {
  const before = start.world.states[index] as State
  if (input.on === 'wish') return assert.ok(input.index === index && input.wish !== 'start', 'stopped for another wish')
  const own = input.on === 'program' && input.index === index ? input.event.on : undefined
  if (before.at === 'stopping') {
    return assert.ok(own === 'adopted' || (input.on === 'deadline' && what === 'kill'), 'stopped twice')
  }
  assert.ok(what === 'stop' || before.at === 'launching', 'killed without having been asked')
  if (before.at === 'launching') return assert.ok(own === 'spawned' && before.next !== 'up', 'stopped and wanted')
  if (input.on === 'deadline' || own === 'tried') {
    return assert.notEqual(illOf(facts[index] as Facts), undefined, 'stopped, and no probe has failed')
  }
  assert.ok(input.on === 'program' && input.event.on === 'spawned', `stopped for nothing: ${input.on}`)
  assert.ok(hasRestartEdge(start, index, input.index), 'restarted with a stranger')
}

function hasRestartEdge({ world }: Outside, from: number, to: number): boolean {
  return edgesOf(world.plan, from).some(({ on, dependency }) => on === to && dependency.restart)
}

/** Who is to be restarted with a dependency is, exactly when that has been started again. */
function checkRestarted({ start, facts, kept }: Going, index: number): void {
  if (kept.end !== undefined) return
  const isAgain = facts[index]?.runs === 2 && isUp(facts[index]?.state as State)
  start.world.states.forEach((before, above) => {
    if (!isUp(before) || above === index) return
    const { state } = facts[above] as Facts
    if (!isAgain || !hasRestartEdge(start, above, index)) assert.equal(state.at, before.at, 'restarted for nothing')
    else assert.ok(state.at === 'stopping' && state.next === 'start', 'not restarted with its dependency')
  })
}

const isUp = ({ at }: State): boolean => at === 'starting' || at === 'running'

/** While the container stops: nothing is stopped under a dependant that lives. */
function checkStop({ start, input, facts, kept, hurried }: Going, index: number): void {
  const { world } = start
  if (kept.end === undefined || kept.early.has(index)) return
  assert.ok(!hurried && !(world.phase.at === 'stopping' && world.phase.hurry), 'a gentle stop in a hurry')
  // It was being stopped already; the process is another one now.
  if (input.on === 'program' && input.event.on === 'adopted') return
  for (const above of dependantsOf(world.plan, index)) {
    const fact = facts[above] as Facts
    assert.ok(fact.pid === undefined && !fact.asked, 'stopped while a dependant is alive')
  }
}

/** All dependants, those of dependants included. */
function dependantsOf(plan: Plan, index: number): ReadonlySet<number> {
  const found = new Set<number>()
  const todo = [index]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const below = next
    plan.programs.forEach((_, above) => {
      if (found.has(above) || !edgesOf(plan, above).some(({ on }) => on === below)) return
      found.add(above)
      todo.push(above)
    })
  }
  return found
}

function checkFinish({ start, facts, kept: { end, finished } }: Going, code: number): void {
  const { plan } = start.world
  assert.ok(!finished, 'finished twice')
  assert.ok(end !== undefined, 'finished without a cause')
  const { timeout } = plan.shutdown
  const { spent } = start
  assert.ok(spent <= timeout - budgetOf(plan.shutdown).flush + 0.001, `finished after ${spent} of ${timeout} ms`)
  facts.forEach(fact => {
    assert.ok(!fact.asked, 'finished while a process is being launched')
    assert.ok(fact.pid === undefined || fact.killed, 'finished while a process lives that was not killed')
  })
  const failed = facts.some(({ state }, index) => state.at === 'fatal' && programAt(plan, index).critical)
  const hung = facts.some(({ pid }, index) => pid !== undefined && programAt(plan, index).critical)
  if (end.why === 'requested') assert.ok(!hung || code !== 0, 'a critical program had to be killed, and the code is 0')
  if (end.why === 'idle') assert.ok(!failed, 'a critical program is FATAL, and that is no cause')
  if (end.why === 'program') assert.equal(code, end.code)
}
