/** Memory is given back once after starts, and nothing wakes foster where none was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Settling } from '../../src/run/settling.ts'

test('one timer for all starts that come together, none without a start, another one for later ones', () => {
  const timers: (() => void)[] = []
  let given = 0
  const settling = new Settling({ after: (_, done) => timers.push(done), giveBack: () => given++ })
  assert.equal(timers.length, 0)
  for (let i = 0; i < 3; i++) settling.started()
  assert.deepEqual([timers.length, given], [1, 0])
  timers.pop()?.()
  assert.deepEqual([timers.length, given], [0, 1])
  settling.started()
  timers.pop()?.()
  assert.equal(given, 2)
})
