/** The end of the log: how long it waits for whom. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FlushOptions, makeFlusher } from '../../src/log/flush.ts'

/** A flush of one place where bytes wait, with a clock that is turned by hand. */
function flushing(pending: { bytes: number }, patience: number, limit?: number) {
  const timers: { millis: number; done: () => void }[] = []
  const drain = { pendingBytes: () => pending.bytes, finish: () => {} }
  const options = {
    ...{ sinks: [], drains: new Set([drain]), captures: new Set() },
    after: (millis: number, done: () => void) => {
      const timer = { millis, done }
      timers.push(timer)
      return () => void timers.splice(timers.indexOf(timer), 1)
    },
    tellLosses: () => {},
  } as unknown as FlushOptions
  const results: number[] = []
  const flusher = makeFlusher(options)
  flusher.flush(patience, ({ unwritten }) => results.push(unwritten), limit)
  let waited = 0
  const tick = (): void => {
    const timer = timers.shift()
    waited += timer?.millis ?? 0
    timer?.done()
  }
  return { results, tick, flusher, waited: () => waited, timers }
}

test('a reader that has stopped is waited for once', () => {
  const { results, tick, waited, timers } = flushing({ bytes: 7 }, 500, 9000)
  tick()
  assert.deepEqual([results, waited(), timers.length], [[7], 500, 0])
})

test('one that is slow gets all the time there is, and not more', () => {
  const pending = { bytes: 1000 }
  const { results, tick, waited } = flushing(pending, 500, 1200)
  while (results.length === 0) {
    pending.bytes -= 1
    tick()
  }
  assert.deepEqual([results, waited()], [[997], 1200])
})

test('nothing is waited for once all has been taken', () => {
  const pending = { bytes: 1000 }
  const { results, tick, flusher, waited, timers } = flushing(pending, 500, 9000)
  pending.bytes = 1
  tick()
  pending.bytes = 0
  flusher.check()
  assert.deepEqual([results, waited(), timers.length], [[0], 500, 0])
})
