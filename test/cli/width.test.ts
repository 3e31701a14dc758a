import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cut, harmless, padded, widthOf, wrapped } from '../../src/cli/width.ts'

test('columns of a text', () => {
  for (const [text, width] of [
    ['', 0],
    ['web:0', 5],
    ['größe', 5],
    ['gro\u0308ße', 5],
    ['网站', 4],
    ['ウェブ', 6],
    ['한국', 4],
    ['🚀', 2],
    ['👩‍👩‍👧', 2],
    ['🇨🇭', 2],
    ['✔️', 2],
    ['✔', 1],
    ['a\u200bb', 2],
    ['│├─', 3],
  ] as const) {
    assert.equal(widthOf(text), width, text)
  }
})

const anything = fc.string({ unit: fc.constantFrom('a', 'ß', '网', '🚀', 'o\u0308', ' ') })

test('padded and cut texts are as wide as they were told to be', () => {
  fc.assert(
    fc.property(anything, fc.nat(40), (text, width) => {
      assert.equal(widthOf(padded(text, width)), Math.max(width, widthOf(text)))
      const short = cut(text, width)
      assert.ok(widthOf(short) <= width)
      assert.ok(short === text || short === '' || short.endsWith('…'))
      if (widthOf(text) <= width) assert.equal(short, text)
    }),
  )
})

test('wrapping loses nothing, and breaks only at spaces', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', '网'), minLength: 1 })), fc.nat(30), (words, width) => {
      const lines = wrapped(words.join(' '), width)
      assert.equal(lines.join(' '), words.join(' '))
      for (const line of lines) assert.ok(widthOf(line) <= width || !line.includes(' '))
    }),
  )
})

test('what could steer a terminal is made visible', () => {
  assert.equal(harmless('a\x1b[31mb\x07\r\u009b\u202ec'), 'a\ufffd[31mb\ufffd\ufffd\ufffd\ufffdc')
  assert.equal(harmless('two\nlines\tand a tab'), 'two lines and a tab')
  assert.equal(harmless('größe 网站 🚀'), 'größe 网站 🚀')
})
