/** Patterns of log probes: the same matches with either flag, and no line that foster never comes back from. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { linePattern } from '../../src/os/line-pattern.ts'

test('patterns that repeat what is repeated are matched in linear time', () => {
  // By trying, each of them would take longer than the universe is old.
  const line = `${'a'.repeat(100)}${'x'.repeat(100)}!`
  for (const pattern of ['(a+)+$', '(x+x+)+y', String.raw`(\w+\s?)+ready$`, '^(([a-z])+.)+[A-Z]([a-z])+$']) {
    assert.equal(linePattern(pattern).test(line), false, pattern)
  }
})

test('what needs the flag u has it', () => {
  assert.ok(linePattern(String.raw`^\u{1F600}$`).test('😀'))
  assert.ok(linePattern('^[äö😀]$').test('😀'))
  assert.ok(linePattern(String.raw`^\p{Lu}\P{Lu}$`).test('Äh'))
})

test('without it the matches are the same', () => {
  const parts = [
    'a',
    'b',
    '.',
    String.raw`\d`,
    '[ab]',
    '[^a]',
    '(?:a|b)',
    'b*',
    'a+',
    '(?<n>a)',
    String.raw`\b`,
    ' ',
    '$',
  ]
  const pattern = fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 8 }).map(it => it.join(''))
  const line = fc.string({ unit: fc.constantFrom('a', 'b', '1', ' ', 'é'), maxLength: 12 })
  fc.assert(
    fc.property(pattern, line, (written, text) => {
      fc.pre(written.split('(?<n>').length < 3)
      assert.equal(linePattern(written).test(text), new RegExp(written, 'u').test(text))
    }),
  )
})
