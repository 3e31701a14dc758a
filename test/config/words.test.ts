/** Splitting commands: what a POSIX shell would make of the same text. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { splitWords } from '../../src/config/words.ts'

const quoters: ReadonlyArray<(word: string) => string> = [
  word => `'${word.replaceAll("'", "'\\''")}'`,
  word => `"${word.replace(/[$`"\\]/g, '\\$&')}"`,
  word => (word === '' ? "''" : word.replace(/[^A-Za-z0-9\n]/g, '\\$&').replaceAll('\n', "'\n'")),
]

const word = fc.string({ unit: fc.constantFrom(...'aB1 \t\n\'"\\$`|&;<>(){}*?[]#~=%!é🎉') })

test('quoting any words and splitting them gives them back', () => {
  const words = fc.array(fc.tuple(word, fc.constantFrom(...quoters)), { minLength: 1 })
  fc.assert(
    fc.property(words, fc.constantFrom(' ', '\t', '  '), (quoted, blank) => {
      const text = ['x', ...quoted.map(([plain, quote]) => quote(plain))].join(blank)
      assert.deepEqual(splitWords(text), ['x', ...quoted.map(([plain]) => plain)])
    }),
  )
})

test('any text is split or refused with a place inside it', () => {
  fc.assert(
    fc.property(word, text => {
      const words = splitWords(text)
      if (!('message' in words)) return assert.ok(words.length > 0)
      return assert.ok(
        words.offset >= 0 && words.length >= 1 && words.offset + words.length <= Math.max(1, text.length),
      )
    }),
  )
})

test('what is accepted, a shell splits in the same way', () => {
  const harmless = fc.string({ unit: fc.constantFrom(...'ab1 \t\'"\\%-./:,@') })
  const texts = fc.sample(harmless, 200).filter(text => !('message' in splitWords(text)))
  for (const text of texts) {
    const shown = execFileSync('/bin/sh', ['-c', `for w in ${text}; do printf '%s\\0' "$w"; done`], {
      encoding: 'utf8',
    })
    assert.deepEqual(splitWords(text), shown.split('\0').slice(0, -1), JSON.stringify(text))
  }
})

test('a backslash in double quotes is kept before ordinary characters', () => {
  assert.deepEqual(splitWords(String.raw`x "\a \" \\ \$ \n"`), ['x', String.raw`\a " \ $ \n`])
})

test('a backslash joins lines', () => {
  assert.deepEqual(splitWords('x \\\n  -a "b\\\nc"'), ['x', '-a', 'bc'])
})

test('a fault points at its place', () => {
  assert.deepEqual(splitWords('abc "d'), { offset: 4, length: 1, message: 'a double quote (") is not closed' })
})
