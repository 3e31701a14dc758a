/** The laws of probes, for one program's table: what is asked when, and what the answers may bring about. */
import assert from 'node:assert/strict'
import type { Program } from '../../src/core/plan.ts'
import { isTold, probeNames } from '../../src/core/probe.ts'
import { dueOf, type Effect, type Event, type In, isReady, type State } from '../../src/core/state.ts'
import { illOf, type One } from './one.ts'
import { isHeldBack, isUsable } from './prober.ts'

const isUp = (state: State): state is Extract<State, { at: 'starting' | 'running' }> =>
  state.at === 'starting' || state.at === 'running'

/** `after` knows of what was told, and not yet of the tries that begin now. */
export function checkProbes(before: One, event: Event, after: One, effects: readonly Effect[], program: Program): void {
  const tries = effects.flatMap(it => (it.do === 'probe' ? [it.probe] : []))
  assert.equal(new Set(tries).size, tries.length, 'tried twice at once')
  for (const name of tries) {
    const probe = program.probes[name]
    assert.ok(probe !== undefined && !isTold(probe.check), 'nothing is to be tried')
    assert.ok(after.serving, 'probed while the container stops')
    assert.ok(isUp(after.state), 'probed while it is not to run')
    assert.ok(after.forked, 'probed before it has forked away')
    assert.ok(!after.ear[name]?.underWay, 'a try begins while one is under way')
    assert.ok(!isHeldBack(after.ear, name), 'tried before startup has passed')
    assert.ok(name !== 'startup' || after.ear.startup?.result !== 'passing', 'startup is tried after it has passed')
  }
  if (before.state.at === 'stopping') checkStopping(before.state, event, after, effects)
  if (event.on === 'untried')
    assert.deepEqual([after.state.at, effects], [before.state.at, []], 'no result changes nothing')
  if (event.on === 'tried' || event.on === 'deadline') checkVerdict(before, event, after, effects)
  if (isUp(after.state)) checkUp(after.state, after, tries, program)
}

/** What is being stopped is followed: another process is asked to stop, too, and the container's time does not grow. */
function checkStopping(
  { killed, deadline }: In<'stopping'>,
  event: Event,
  { state, pid, serving }: One,
  effects: readonly Effect[],
): void {
  if (event.on === 'adopted') {
    assert.deepEqual(effects, [{ do: killed ? 'kill' : 'stop', pid }], 'what is there now is not asked to stop')
  }
  if (event.on !== 'extended' || state.at !== 'stopping') return
  const isGranted = serving && !killed
  assert.equal(state.deadline, isGranted ? Math.max(deadline, event.millis) : deadline, 'the wrong time for a stop')
}

/** A failed startup or liveness probe stops the process, and nothing else that a probe finds does; so does a late fork. */
function checkVerdict(before: One, event: Event, after: One, effects: readonly Effect[]): void {
  const ends = effects.filter(it => it.do === 'stop' || it.do === 'kill')
  if (!isUp(before.state)) {
    if (event.on === 'tried') assert.equal(after.state.at, before.state.at, 'a result that comes too late')
    if (event.on === 'tried') assert.equal(effects.length, 0)
    return
  }
  const ill = after.serving ? illOf(after) : undefined
  if (ill === undefined) {
    assert.ok(isUp(after.state) && ends.length === 0, 'stopped, and no probe has failed')
    if (before.state.at === 'running') assert.equal(after.state.at, 'running')
    return
  }
  const { state } = after
  assert.ok(state.at === 'stopping' && state.next === 'retry' && !state.killed, `${ill} has failed, and it goes on`)
  assert.ok(state.unhealthy !== undefined)
  assert.equal(state.unhealthy.probe ?? 'fork', ill, 'the wrong probe is blamed')
  assert.notEqual(state.unhealthy.detail, '', 'no reason is given')
  assert.deepEqual(effects, [{ do: 'stop', pid: before.pid }])
}

/** Every start ends: something is due, or the answer to a try will come. */
function checkStarting(state: In<'starting'>, { forked, left, ear, serving }: One, tries: readonly string[]): void {
  assert.equal(state.limit, left, 'the wrong time to fork away')
  assert.equal(Number.isFinite(state.limit), !forked, 'only what is to fork away is given up for that')
  const isAsked = ear.startup?.underWay === true || tries.includes('startup')
  if (serving) assert.ok(isAsked || Number.isFinite(dueOf(state, serving)), 'a start that never ends')
}

/** A process that is to run: who is asked next, and what it is known to be. */
function checkUp(
  state: Extract<State, { at: 'starting' | 'running' }>,
  after: One,
  tries: readonly string[],
  program: Program,
): void {
  const { ear, forked } = after
  if (after.gone) {
    assert.equal(dueOf(state, after.serving), Number.POSITIVE_INFINITY, 'something is due of a process that has ended')
    return assert.ok(!isReady(state), 'a process that has ended is ready')
  }
  if (state.at === 'starting') checkStarting(state, after, tries)
  assert.equal(isReady(state), state.at === 'running' && isUsable(program, ear), 'ready is what readiness says')
  const begun = forked && (program.probes.startup === undefined || ear.startup?.result === 'passing')
  if (state.at === 'running') assert.ok(begun, 'RUNNING before it has started')
  const usable = program.probes.readiness !== undefined && ear.readiness?.result === 'passing'
  if (begun && (program.probes.startup !== undefined || usable)) assert.equal(state.at, 'running', 'it has started')
  for (const name of probeNames) {
    const probe = program.probes[name]
    const heard = ear[name]
    const due = state.probing[name]?.due ?? Number.POSITIVE_INFINITY
    if (probe === undefined || heard === undefined) {
      assert.equal(due, Number.POSITIVE_INFINITY, 'a due of nothing')
    } else if (isTold(probe.check)) {
      if (after.serving) assert.equal(due, heard.left, 'the wrong time for a sign of life')
    } else {
      const isOpen = !isHeldBack(ear, name) && !(name === 'startup' && heard.result === 'passing')
      const isIdle = isOpen && !heard.underWay && !tries.includes(name)
      assert.equal(Number.isFinite(due), isIdle, 'a probe that nobody tries again, or twice')
    }
  }
}
