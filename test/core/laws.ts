/** The laws of the world between two steps, in legal orders of events. Design, sections 2, 5 and 6. */
import assert from 'node:assert/strict'
import type { End } from '../../src/core/draft.ts'
import { isSuccess } from '../../src/core/ending.ts'
import type { Dependency, Program } from '../../src/core/plan.ts'
import { isOver, isReady, pidOf, type State } from '../../src/core/state.ts'
import { isSameEnding } from './one.laws.ts'
import { illOf } from './one.ts'
import { edgesOf, type Facts, type Outside, programAt } from './outside.ts'
import { isUsable } from './prober.ts'

/** The design's words on conditions, once more and on their own. */
export function truthOf(
  { condition }: Dependency,
  program: Program,
  { state, ear, gone }: Facts,
): 'true' | 'open' | 'never' {
  if (state.at === 'running') {
    if (gone) return 'open'
    return condition === 'started' || (condition === 'ready' && isUsable(program, ear)) ? 'true' : 'open'
  }
  if (state.at === 'fatal') return 'never'
  if (state.at !== 'exited') return 'open'
  const well = state.last !== undefined && isSuccess(state.last, program.successExitCodes)
  if (condition === 'completed') return well ? 'true' : 'never'
  return condition === 'started' && program.kind === 'task' && well ? 'true' : 'never'
}

/** What is true of the world between two steps. */
export function checkWorld(outside: Outside): void {
  const { world, facts, end, booted, finished } = outside
  const { states, phase, plan } = world
  states.forEach((state, index) => {
    checkProgram(outside, state, facts[index] as Facts, index)
  })
  checkLevel(world)
  assert.equal(phase.at === 'serving', end === undefined, 'the end is announced when it begins')
  assert.equal(phase.at === 'done', finished)
  if ('end' in phase) assert.ok(isSameCause(phase.end, end), 'the first cause is kept')
  const busy = states.some(state => !isOver(state) || (state.at === 'stopped' && state.by === 'operator'))
  if (booted && phase.at === 'serving') assert.ok(busy && plan.programs.length > 0, 'idle, and goes on')
}

function checkProgram(outside: Outside, state: State, fact: Facts, index: number): void {
  const { phase, plan } = outside.world
  assert.equal(state.at === 'launching', fact.asked, 'launching is when a process was asked for')
  assert.equal(pidOf(state), fact.pid, 'a state has the pid of the process that lives')
  assert.ok(isSameEnding(state.last, fact.last), 'the last ending is the last one that came')
  const isUsed = state.at === 'running' && !fact.gone && isUsable(programAt(plan, index), fact.ear)
  assert.equal(isReady(state), isUsed, 'ready is what readiness says')
  if (phase.at === 'serving') {
    if (state.at === 'waiting') checkWaiting(outside, index)
    assert.equal(illOf(fact), undefined, 'it is not well, and it goes on')
    return
  }
  assert.ok(state.at !== 'launching' || state.next !== 'up', 'launched on after the end')
  const stopped = phase.at === 'sweeping' || phase.at === 'done' || phase.at === 'stopping'
  if (stopped) assert.ok(state.at !== 'waiting' && state.at !== 'backoff', `${state.at} while the container stops`)
}

/** Of the level that is being stopped everything has its deadline, and it leaves the later levels their share. */
function checkLevel({ plan, phase, states }: Outside['world']): void {
  if (phase.at !== 'stopping' || phase.hurry) return
  const [level = [], ...later] = phase.levels
  const graces = later.map(members => Math.max(...members.map(it => programAt(plan, it).stopGraceMillis)))
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
function checkWaiting({ world, facts }: Outside, index: number): void {
  const { plan, states } = world
  const open = edgesOf(plan, index).filter(({ on, dependency }) => {
    const verdict = truthOf(dependency, programAt(plan, on), facts[on] as Facts)
    assert.ok(verdict !== 'never' || !dependency.required, 'waits for what can never come true')
    const state = states[on] as State
    const forgotten = verdict === 'open' && state.at === 'stopped' && state.by === 'nobody'
    assert.ok(!forgotten, 'waits for what nobody starts')
    return verdict === 'open'
  })
  assert.ok(open.length > 0, 'waits although its conditions hold')
}
