/** "Did you mean" helps only if it stays silent about strangers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from '../../src/core/nearest.ts'

const names = ['command', 'critical', 'restart', 'user', 'tty', 'TERM', 'HUP']

for (const [text, expected] of [
  ['comand', 'command'],
  ['commnad', 'command'],
  ['Command', 'command'],
  ['retsart', 'restart'],
  ['usr', 'user'],
  ['tyy', 'tty'],
  ['TREM', 'TERM'],
  ['hop', 'HUP'],
  ['image', undefined],
  ['ports', undefined],
  ['x', undefined],
  ['', undefined],
] as const) {
  test(`${JSON.stringify(text)} is near ${expected ?? 'nothing'}`, () => assert.equal(nearest(text, names), expected))
}
