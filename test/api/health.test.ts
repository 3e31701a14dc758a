import assert from 'node:assert/strict'
import { test } from 'node:test'
import { healthOf } from '../../src/api/health.ts'
import type { World } from '../../src/core/draft.ts'
import type { Input } from '../../src/core/world.ts'
import { step, worldOf } from '../../src/core/world.ts'
import { planOf, programOf } from '../core/plans.ts'

/** A world after these inputs; programs are RUNNING at once. */
function after(programs: Parameters<typeof planOf>[0], ...inputs: readonly Input[]): World {
  let world = worldOf(planOf(programs.map(it => ({ ...it, startMillis: 0 }))))
  for (const input of [{ on: 'boot' } as const, ...inputs]) world = step(world, input, { now: 0, random: 0 }).world
  return world
}

const spawned = (index: number): Input => ({ on: 'program', index, event: { on: 'spawned', pid: index + 1 } })
const exit = (index: number, code: number): Input => ({
  on: 'program',
  index,
  event: { on: 'exit', ending: { how: 'exited', code } },
})
const never = () => false
const ready = (world: World, been = never as (label: string) => boolean) => healthOf(world, 'ready', been)

test('ready is when every critical program is', () => {
  const programs = [programOf('web'), programOf('side', { critical: false })]
  assert.deepEqual(ready(after(programs)).reasons, [{ name: 'web', reason: 'STARTING' }])
  assert.equal(ready(after(programs, spawned(0))).ok, true)
})

test('a task counts until it has been completed once', () => {
  const programs = [programOf('web'), programOf('task', { kind: 'task' })]
  const running = [spawned(0), spawned(1)]
  assert.equal(ready(after(programs, ...running)).ok, false)
  assert.equal(ready(after(programs, ...running, exit(1, 0))).ok, true)
  const again = after(programs, ...running, exit(1, 0), { on: 'wish', index: 1, wish: 'start' })
  assert.equal(ready(again).ok, false)
  assert.equal(ready(again, label => label === 'task').ok, true)
})

test('what is not started by itself is not missing; what an operator stopped is', () => {
  const programs = [programOf('web'), programOf('extra', { autostart: false })]
  assert.equal(ready(after(programs, spawned(0))).ok, true)
  const stopped = after(programs, spawned(0), { on: 'wish', index: 0, wish: 'stop' }, exit(0, 0))
  assert.deepEqual(ready(stopped).reasons, [{ name: 'web', reason: 'STOPPED by an operator' }])
})

test('a stop makes it not ready at once; alive it stays, and started', () => {
  const stopping = after([programOf('web')], spawned(0), { on: 'signal', signal: 'TERM' })
  assert.equal(ready(stopping).reasons[0]?.name, 'foster')
  assert.equal(healthOf(stopping, 'live', never).ok, true)
  assert.equal(healthOf(stopping, 'startup', () => true).ok, true)
})
