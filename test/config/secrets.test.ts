/** What excerpts hide when there is no tree to tell where the secrets are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blot, guessSecrets } from '../../src/config/secrets.ts'

const hidden = (text: string): string => blot(text, guessSecrets(text, new Set(['user', 'log', 'command'])))

test('the rest of the line behind a secret key is hidden', () => {
  assert.equal(hidden('web: {user: a, environment: {A: b}}'), 'web: {user: a, environment: *** ***')
})

test('the lines below are hidden up to the next key that is not below', () => {
  const text = 'web:\n  environment:\n    A: b c\n    - B=c\n   odd line\n  "\n  user: d\nsecrets:\n  e\nlog: f'
  const shown = 'web:\n  environment:\n    A: * *\n    - B=*\n   *** ****\n  *\n  user: d\nsecrets:\n  *\nlog: f'
  assert.equal(hidden(text), shown)
})

test('where there are secret keys, what follows a word that is no key is hidden as well', () => {
  const text = 'x-env: &env\n  A: b\nweb: {command: c}\nuser: d\n  environment: *env\n D: e\n - F=g\n h i\n'
  const shown = 'x-env: ****\n  A: *\nweb: {command: c}\nuser: d\n  environment: ****\n D: *\n - F=*\n h i\n'
  assert.equal(hidden(text), shown)
  assert.equal(hidden('A: b\n'), 'A: b\n')
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
