/** Capture mode: what stands between the marks is taken out, however the bytes come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { marked } from '../../src/log/marked.ts'

const begin = '<!--XSUPERVISOR:BEGIN-->'
const end = '<!--XSUPERVISOR:END-->'

/** Feeds pieces of a buffer that is used again, and ends the run. */
function run(pieces: readonly string[], most = 1000) {
  const found = { log: '', seen: '', captured: [] as string[], ends: 0 }
  const lines = marked({
    most,
    lines: {
      feed: (chunk, from, to) => {
        found.log += chunk.toString('latin1', from, to)
      },
      end: () => void found.ends++,
      held: () => 0,
    },
    onBytes: bytes => {
      found.seen += bytes.toString('latin1')
    },
    onCaptured: bytes => void found.captured.push(bytes.toString('latin1')),
  })
  const shared = Buffer.alloc(1000)
  for (const piece of pieces) {
    shared.fill('#')
    shared.write(piece, 3, 'latin1')
    lines.feed(shared, 3, 3 + piece.length)
  }
  lines.end()
  return { ...found, held: lines.held() }
}

test('the marks and what is between them are not for the log', () => {
  const text = `one\n${begin}two${end}three\n${begin}${end}\n`
  const { log, seen, captured, ends, held } = run([text])
  assert.deepEqual(
    { log, seen, captured, ends, held },
    {
      ...{ log: 'one\nthree\n\n', seen: 'one\ntwothree\n\n', captured: ['two', ''], ends: 1, held: 0 },
    },
  )
})

test('what only looks like a mark is output, and so is what a run leaves unfinished', () => {
  assert.equal(run(['<!--XSUPER', 'VISOR:BEG', 'ONE']).log, '<!--XSUPERVISOR:BEGONE')
  assert.equal(run([`a${end}b`]).log, `a${end}b`)
  assert.equal(run(['a<!--XSUPERVISOR:BEGIN--']).log, 'a<!--XSUPERVISOR:BEGIN--')
  const unfinished = run([`a${begin}lost?`, '<!--X'])
  assert.deepEqual([unfinished.log, unfinished.captured, unfinished.held], ['alost?<!--X', [], 0])
})

test('of a long capture the last bytes are kept', () => {
  assert.deepEqual(run([`${begin}0123456789${end}`], 4).captured, ['6789'])
  assert.deepEqual(run([begin, '01', '23', '45', `6${end}`], 4).captured, ['3456'])
})

test('it is the same however the bytes come', () => {
  const part = fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(begin, end) },
    fc.constantFrom(
      '<',
      '<!--',
      '<!--XSUPERVISOR:',
      'BEGIN-->',
      'END-->',
      'text\n',
      '\xff\x00',
      '<<!--XSUPERVISOR:END--',
      '>',
    ),
  )
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 12 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
      fc.integer({ min: 1, max: 30 }),
      (parts, sizes, most) => {
        const text = parts.join('')
        const pieces: string[] = []
        for (let rest = text; rest !== ''; ) {
          const size = sizes.next().value ?? 1
          pieces.push(rest.slice(0, size))
          rest = rest.slice(size)
        }
        assert.deepEqual(run(pieces, most), run([text], most))
      },
    ),
    { numRuns: 1000 },
  )
})

test('it is what a reader of the whole text would say', () => {
  const part = fc.constantFrom(begin, end, 'a', 'b\n', '<!--')
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), parts => {
      let rest = parts.join('')
      let log = ''
      const captured: string[] = []
      for (let from = rest.indexOf(begin); from >= 0; from = rest.indexOf(begin)) {
        const to = rest.indexOf(end, from + begin.length)
        log += rest.slice(0, from)
        if (to >= 0) captured.push(rest.slice(from + begin.length, to))
        rest = to >= 0 ? rest.slice(to + end.length) : rest.slice(from + begin.length)
        if (to < 0) break
      }
      const found = run([parts.join('')])
      assert.deepEqual([found.log, found.captured], [log + rest, captured])
    }),
  )
})
