import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { commandPlan } from '../../src/core/command.ts'
import type { WorldEffect } from '../../src/core/draft.ts'
import type { Program } from '../../src/core/plan.ts'
import { worldOf } from '../../src/core/world.ts'
import { Loop } from '../../src/run/loop.ts'

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'] }))
afterEach(() => mock.timers.reset())

/** A loop over one service, with what it was asked to do. Time is the mocked clock's. */
function loopOf(
  change: Partial<Program>,
  perform: (effect: WorldEffect, loop: Loop) => void = () => {},
  lookAround: (loop: Loop) => void = () => {},
) {
  const plan = commandPlan(['true'], false, [])
  const programs = plan.programs.map(it => ({ ...it, ...change }))
  const done: string[] = []
  const failures: unknown[] = []
  const loop: Loop = new Loop({
    world: worldOf({ ...plan, programs }),
    perform: effect => {
      if (effect.do !== 'note') done.push(effect.do)
      perform(effect, loop)
    },
    failed: error => failures.push(error),
    lookAround: () => lookAround(loop),
    now: () => Date.now(),
  })
  return { loop, done, failures }
}

const spawned = { on: 'program', index: 0, event: { on: 'spawned', pid: 7 } } as const

test('what an effect leads to is taken after the step, in order, before dispatch returns', () => {
  const { loop, done } = loopOf({}, (effect, loop) => {
    if (effect.do === 'spawn') loop.dispatch(spawned)
  })
  loop.dispatch({ on: 'boot' })
  assert.deepEqual(done, ['spawn'])
  assert.equal(loop.world.states[0]?.at, 'running')
})

test('the nearest deadline comes as an input, once it is due and not before', () => {
  const { loop } = loopOf({ startMillis: 1000 })
  loop.dispatch({ on: 'boot' })
  loop.dispatch(spawned)
  mock.timers.tick(999)
  assert.equal(loop.world.states[0]?.at, 'starting')
  mock.timers.tick(1)
  assert.equal(loop.world.states[0]?.at, 'running')
})

test('leaving a state drops its deadline', () => {
  const { loop, done } = loopOf({ startMillis: 1000 })
  loop.dispatch({ on: 'boot' })
  loop.dispatch(spawned)
  loop.dispatch({ on: 'program', index: 0, event: { on: 'exit', ending: { how: 'exited', code: 0 } } })
  const before = done.length
  loop.dispatch({ on: 'strays-gone' })
  mock.timers.tick(100_000)
  assert.deepEqual(done.slice(before), ['finish'])
})

test('an effect that throws is reported, and the others are done all the same', () => {
  const { loop, done, failures } = loopOf({}, effect => {
    if (effect.do === 'spawn') throw new Error('no spawn today')
  })
  loop.dispatch({ on: 'boot' })
  assert.deepEqual(failures.map(String), ['Error: no spawn today'])
  loop.dispatch({ on: 'bug' })
  loop.dispatch({ on: 'program', index: 0, event: { on: 'withdrawn' } })
  loop.dispatch({ on: 'strays-gone' })
  assert.deepEqual(done, ['spawn', 'announce', 'sweep', 'finish'])
})

test('an input that cannot be is reported and changes nothing', () => {
  const { loop, failures } = loopOf({})
  loop.dispatch({ on: 'boot' })
  const before = loop.world
  loop.dispatch({ on: 'program', index: 99, event: { on: 'up' } })
  assert.equal(failures.length, 1)
  assert.equal(loop.world, before)
})

test('who has ended by the time a deadline is looked at is not late', () => {
  const ended = { on: 'program', index: 0, event: { on: 'exit', ending: { how: 'exited', code: 0 } } } as const
  const { loop, done } = loopOf({ stopGraceMillis: 1000 }, undefined, it => it.dispatch(ended))
  loop.dispatch({ on: 'boot' })
  loop.dispatch(spawned)
  loop.dispatch({ on: 'wish', index: 0, wish: 'stop' })
  mock.timers.tick(5000)
  assert.equal(loop.world.states[0]?.at, 'stopped')
  assert.ok(!done.includes('kill'), done.join())
})

test('a bug while it looks around is reported, and the deadline comes all the same', () => {
  const { loop, failures } = loopOf({ startMillis: 1000 }, undefined, () => {
    throw new Error('nothing to be seen')
  })
  loop.dispatch({ on: 'boot' })
  loop.dispatch(spawned)
  mock.timers.tick(1000)
  assert.deepEqual(failures.map(String), ['Error: nothing to be seen'])
  assert.equal(loop.world.states[0]?.at, 'running')
})
