/** Ticks: a timer only while somebody asks, and the wall's clock whatever is done to it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ticks } from '../../src/run/ticks.ts'

function bench(start: number) {
  const world = { wall: start, timers: new Set<{ at: number; done: () => void }>(), told: [] as string[] }
  const ticks = new Ticks({
    wall: () => world.wall,
    after: (millis, done) => {
      const timer = { at: world.wall + millis, done }
      world.timers.add(timer)
      return () => void world.timers.delete(timer)
    },
    tick: (type, when) => world.told.push(`${type} ${when}`),
  })
  /** The only timer is due; the wall's clock says so, or was set meanwhile. */
  const next = (wall?: number): void => {
    const [timer] = world.timers
    assert.ok(timer !== undefined && world.timers.size === 1)
    world.timers.clear()
    world.wall = wall ?? timer.at
    timer.done()
  }
  return { world, ticks, next }
}

test('nobody asks: there is no timer', () => {
  const { world, ticks } = bench(1_000_000)
  ticks.ask([])
  assert.equal(world.timers.size, 0)
  ticks.ask(['TICK_5'])
  assert.equal(world.timers.size, 1)
  ticks.ask([])
  assert.equal(world.timers.size, 0)
})

test('a tick comes at each beginning of a period, and says which', () => {
  const { world, ticks, next } = bench(1_000_013_200)
  ticks.ask(['TICK_60', 'TICK_5'])
  next()
  next()
  assert.deepEqual(world.told, ['TICK_5 1000015', 'TICK_60 1000020', 'TICK_5 1000020'])
})

test('who asks later hears of later periods alone; what stays asked for is not told twice', () => {
  const { world, ticks, next } = bench(1_000_013_200)
  ticks.ask(['TICK_5'])
  next()
  ticks.ask(['TICK_5', 'TICK_3600'])
  next()
  assert.deepEqual(world.told, ['TICK_5 1000015', 'TICK_5 1000020'])
})

test('a clock that is set back or forth makes one tick, and no storm', () => {
  const { world, ticks, next } = bench(1_000_013_200)
  ticks.ask(['TICK_5'])
  next(1_000_013_200 + 3_600_000)
  next(1_000_013_200 - 3_600_000)
  assert.deepEqual(world.told, ['TICK_5 1003610', 'TICK_5 996410'])
  const [timer] = world.timers
  assert.ok(timer !== undefined && timer.at - world.wall <= 5000)
})
