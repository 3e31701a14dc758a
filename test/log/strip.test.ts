/** Terminal sequences are taken out, however the stream is cut into pieces. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stripAnsi } from '../../src/log/strip.ts'

function stripped(pieces: readonly string[]): string {
  let text = ''
  const lines = stripAnsi({
    feed: (chunk, from, to) => {
      text += chunk.toString('latin1', from, to)
    },
    end: () => {
      text += '|'
    },
    held: () => 0,
  })
  for (const piece of pieces) {
    // As captures do: more than the piece stands in the buffer.
    const chunk = Buffer.from(`<<${piece}>>`, 'latin1')
    lines.feed(chunk, 2, chunk.length - 2)
  }
  lines.end()
  return text
}

for (const [text, wanted] of [
  ['plain', 'plain'],
  ['\x1b[31mred\x1b[0m', 'red'],
  ['a\x1b[2Kb\x1b[1;2Hc\x1b[10Gd\x1b[?25l', 'abcd'],
  ['\x1b\x1b[31mx', '\x1bx'],
  ['\x1b]0;title\x07', '\x1b]0;title\x07'],
  ['cut \x1b[31\nnext', 'cut \nnext'],
  ['\x1b[31\x1b[32mx', 'x'],
  ['end\x1b', 'end\x1b'],
  ['end\x1b[', 'end'],
] as const) {
  test(JSON.stringify(text), () => assert.equal(stripped([text]), `${wanted}|`))
}

test('in any pieces the same', () => {
  const piece = fc
    .array(fc.constantFrom('\x1b', '[', '3', 'm', 'x', '\n', 'ÿ'), { maxLength: 6 })
    .map(it => it.join(''))
  fc.assert(fc.property(fc.array(piece), pieces => assert.equal(stripped(pieces), stripped([pieces.join('')]))))
})
