/** Durations: every one that is written is read back, everything else is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatDuration, parseDuration } from '../../src/config/duration.ts'

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 24 * 86_400_000 }), millis => {
      assert.equal(parseDuration(formatDuration(millis)), millis)
    }),
  )
})

for (const [text, millis] of [
  ['0', 0],
  ['10', 10_000],
  ['0.5', 500],
  ['500ms', 500],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['2d', 172_800_000],
  ['1s1ms', 1001],
] as const) {
  test(`${text} is ${millis} ms`, () => assert.equal(parseDuration(text), millis))
}

for (const text of [
  '',
  '-1s',
  '1 s',
  '10 seconds',
  '30s1m',
  '1h30',
  '1.5ms',
  'NaN',
  'Infinity',
  '1e3',
  '25d',
  '.5',
  's',
]) {
  test(`${JSON.stringify(text)} is none`, () => assert.equal(parseDuration(text), undefined))
}
