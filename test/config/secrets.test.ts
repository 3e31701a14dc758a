/** What excerpts hide when there is no tree to tell where the secrets are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blot, guessSecrets } from '../../src/config/secrets.ts'

const hidden = (text: string): string => blot(text, guessSecrets(text))

test('the rest of the line behind a secret key is hidden', () => {
  assert.equal(hidden('web: {user: a, environment: {A: b}}'), 'web: {user: a, environment: *** ***')
})

test('the lines below are hidden up to the next key that is not below', () => {
  const text = 'web:\n  environment:\n    A: b c\n    - B=c\n   odd line\n  "\n  user: d\nsecrets:\n  e\nlog: f'
  const shown = 'web:\n  environment:\n    A: * *\n    - B=*\n   *** ****\n  *\n  user: d\nsecrets:\n  *\nlog: f'
  assert.equal(hidden(text), shown)
})

test('ranges that overlap hide everything once', () => {
  assert.equal(
    blot('abcdef', [
      [3, 5],
      [1, 4],
      [2, 3],
    ]),
    'a****f',
  )
})
