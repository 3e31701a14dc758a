import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duration } from '../../src/run/notices.ts'

test('durations as people read them', () => {
  const shown = [-5, 0, 850.4, 999, 1000, 1234, 59_949, 60_000, 123_000, 3_600_000, 18_420_000].map(duration)
  assert.deepEqual(shown, ['0ms', '0ms', '850ms', '999ms', '1s', '1.2s', '59.9s', '1m00s', '2m03s', '1h00m', '5h07m'])
})
