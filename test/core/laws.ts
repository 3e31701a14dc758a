/** The laws that every step of the world keeps, in legal orders of events. Design, sections 2, 5 and 6. */
import assert from 'node:assert/strict'
import type { End, WorldEffect } from '../../src/core/draft.ts'
import { isSuccess } from '../../src/core/ending.ts'
import type { Graph } from '../../src/core/graph.ts'
import type { Dependency, Program } from '../../src/core/plan.ts'
import { budgetOf } from '../../src/core/shutdown.ts'
import { isOver, pidOf, type State } from '../../src/core/state.ts'
import { type Facts, type Outside, pidFor } from './outside.ts'

/** Goes through the effects in their order; returns what is true outside after them. */
export function checkEffects(start: Outside, effects: readonly WorldEffect[]): Outside {
  const states = [...start.world.states]
  const facts = [...start.facts]
  const kept = { end: start.end, early: start.early, finished: start.finished }
  let hurried = false
  for (const effect of effects) {
    const now = { ...start, ...kept, facts }
    switch (effect.do) {
      case 'spawn':
        checkSpawn(now, states, effect.index)
        facts[effect.index] = { ...(facts[effect.index] as Facts), asked: true }
        break
      case 'note':
        assert.equal(effect.before, states[effect.index], 'a note that does not follow the one before')
        states[effect.index] = effect.after
        break
      case 'stop':
      case 'kill':
        checkSignal(now, effect.index, effect.pid)
        if (effect.do === 'stop') checkStop(now, effect.index, hurried)
        else facts[effect.index] = { ...(facts[effect.index] as Facts), killed: true }
        break
      case 'announce':
        assert.notEqual(effect.what.about, 'stray-event', 'an event that may come is reported as stray')
        if (effect.what.about === 'kill-now' || effect.what.about === 'out-of-time') hurried = true
        if (effect.what.about === 'ending') {
          assert.equal(kept.end, undefined, 'the end begins twice')
          kept.end = effect.what.end
          kept.early = new Set(facts.flatMap((fact, index) => (fact.asked ? [index] : [])))
        }
        break
      case 'finish':
        checkFinish(now, effect.code)
        kept.finished = true
        break
      case 'sweep':
        assert.notEqual(kept.end, undefined, 'strays are swept while serving')
        break
      case 'forward':
        for (const { index, pid } of effect.targets) checkSignal(now, index, pid)
    }
  }
  return { ...start, ...kept, facts }
}

function checkSpawn({ world, facts, end }: Outside, states: readonly State[], index: number): void {
  const fact = facts[index] as Facts
  assert.ok(!fact.asked && !fact.alive, 'two processes of one program')
  assert.equal(end, undefined, 'spawned after the end has begun')
  for (const { on, dependency } of world.graph.dependencies[index] ?? []) {
    const verdict = truthOf(dependency, programOf(world.plan.programs, on), states[on] as State)
    assert.ok(verdict === 'true' || (verdict === 'never' && !dependency.required), 'spawned before its conditions hold')
  }
}

const programOf = (programs: readonly Program[], index: number): Program => programs[index] as Program

/** The design's words on conditions, once more and on their own. */
function truthOf({ condition }: Dependency, program: Program, state: State): 'true' | 'open' | 'never' {
  if (state.at === 'running') return condition === 'completed' ? 'open' : 'true'
  if (state.at === 'fatal') return 'never'
  if (state.at !== 'exited') return 'open'
  const well = state.last !== undefined && isSuccess(state.last, program.successExitCodes)
  if (condition === 'completed') return well ? 'true' : 'never'
  return condition === 'started' && program.kind === 'task' && well ? 'true' : 'never'
}

function checkSignal({ facts, finished }: Outside, index: number, pid: number): void {
  assert.ok(facts[index]?.alive, 'a signal for a process that is not there')
  assert.equal(pid, pidFor(index))
  assert.ok(!finished, 'a signal after the finish')
}

/** While the container stops: nothing is stopped under a dependant that lives. */
function checkStop({ world, facts, end, early }: Outside, index: number, hurried: boolean): void {
  if (end === undefined || early.has(index)) return
  assert.ok(!hurried && !(world.phase.at === 'stopping' && world.phase.hurry), 'a gentle stop in a hurry')
  for (const above of dependantsOf(world.graph, index)) {
    const fact = facts[above] as Facts
    assert.ok(!fact.alive && !fact.asked, 'stopped while a dependant is alive')
  }
}

/** All dependants, those of dependants included. */
function dependantsOf(graph: Graph, index: number): ReadonlySet<number> {
  const found = new Set<number>()
  const todo = [...(graph.dependants[index] ?? [])]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (!found.has(next)) todo.push(...(graph.dependants[next] ?? []))
    found.add(next)
  }
  return found
}

function checkFinish({ world, facts, end, spent, finished }: Outside, code: number): void {
  assert.ok(!finished, 'finished twice')
  assert.ok(end !== undefined, 'finished without a cause')
  const { timeout } = world.plan.shutdown
  assert.ok(spent <= timeout - budgetOf(world.plan.shutdown).flush + 0.001, `finished after ${spent} of ${timeout} ms`)
  facts.forEach(fact => {
    assert.ok(!fact.asked, 'finished while a process is being launched')
    assert.ok(!fact.alive || fact.killed, 'finished while a process lives that was not killed')
  })
  const failed = (state: State, index: number): boolean =>
    state.at === 'fatal' && programOf(world.plan.programs, index).critical
  const hung = facts.some((fact, index) => fact.alive && programOf(world.plan.programs, index).critical)
  if (end.why === 'requested') assert.ok(!hung || code !== 0, 'a critical program had to be killed, and the code is 0')
  if (end.why === 'idle') assert.ok(!world.states.some(failed), 'a critical program is FATAL, and that is no cause')
  if (end.why === 'program') assert.equal(code, end.code)
}

/** What is true of the world between two steps. */
export function checkWorld({ world, facts, end, booted, finished }: Outside): void {
  const { states, phase, plan } = world
  states.forEach((state, index) => {
    const fact = facts[index] as Facts
    assert.equal(state.at === 'launching', fact.asked, 'launching is when a process was asked for')
    assert.equal(pidOf(state), fact.alive ? pidFor(index) : undefined, 'a state has the pid of the process that lives')
    assert.equal(state.last, fact.last, 'the last ending is the last one that came')
    if (phase.at === 'serving' && state.at === 'waiting') checkWaiting(world, index)
    if (phase.at !== 'serving') assert.ok(state.at !== 'launching' || state.next !== 'up', 'launched on after the end')
    const stopped = phase.at === 'sweeping' || phase.at === 'done' || phase.at === 'stopping'
    if (stopped) assert.ok(state.at !== 'waiting' && state.at !== 'backoff', `${state.at} while the container stops`)
  })
  checkLevel(world)
  assert.equal(phase.at === 'serving', end === undefined, 'the end is announced when it begins')
  assert.equal(phase.at === 'done', finished)
  if ('end' in phase) assert.ok(isSameCause(phase.end, end), 'the first cause is kept')
  const busy = states.some(state => !isOver(state) || (state.at === 'stopped' && state.by === 'operator'))
  if (booted && phase.at === 'serving') assert.ok(busy && plan.programs.length > 0, 'idle, and goes on')
}

/** Of the level that is being stopped everything has its deadline, and it leaves the later levels their share. */
function checkLevel({ plan, phase, states }: Outside['world']): void {
  if (phase.at !== 'stopping' || phase.hurry) return
  const [level = [], ...later] = phase.levels
  const graces = later.map(members => Math.max(...members.map(it => programOf(plan.programs, it).stopGraceMillis)))
  const theirs = graces.reduce((sum, grace) => sum + grace, 0)
  const share = Math.min(theirs, (phase.until * later.length) / phase.levels.length)
  for (const index of level) {
    const state = states[index] as State
    assert.ok(isOver(state) || state.at === 'launching' || state.at === 'stopping', `${state.at} in a level that stops`)
    if (state.at !== 'stopping' || state.killed) continue
    assert.ok(phase.until - state.deadline >= share - 0.001, 'takes more time than the later levels can spare')
  }
}

/** The same cause; a flaw may come later. */
function isSameCause(now: End, first: End | undefined): boolean {
  return now === first || (now.why === 'requested' && first?.why === 'requested' && now.by === first.by)
}

/** A program waits only for what may yet come true, and what it waits for is on its way or stopped by hand. */
function checkWaiting({ graph, plan, states }: Outside['world'], index: number): void {
  const open = (graph.dependencies[index] ?? []).filter(({ on, dependency }) => {
    const verdict = truthOf(dependency, programOf(plan.programs, on), states[on] as State)
    assert.ok(verdict !== 'never' || !dependency.required, 'waits for what can never come true')
    const state = states[on] as State
    const forgotten = verdict === 'open' && state.at === 'stopped' && state.by === 'nobody'
    assert.ok(!forgotten, 'waits for what nobody starts')
    return verdict === 'open'
  })
  assert.ok(open.length > 0, 'waits although its conditions hold')
}
