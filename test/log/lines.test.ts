import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { emptyBytes } from '../../src/log/bytes.ts'
import { styleOf } from '../../src/log/format.ts'
import { assembleLines, type Held } from '../../src/log/lines.ts'

type Format = 'raw' | 'prefix' | 'json'
const time = '2026-01-02T03:04:05.678Z'

/** What a stream becomes, cut into reads in this way. Every read lies somewhere in a larger buffer. */
function through(format: Format, chunks: readonly Buffer[], cutAt: number, alone = false): Buffer {
  const held: Held = { bytes: 0, limit: Number.POSITIVE_INFINITY }
  const written: Buffer[] = []
  let isHeld = false
  const json = { program: 'web', replica: 0, stream: 'stdout' as const, run: { pid: 7 }, now: () => new Date(time) }
  const lines = assembleLines({
    style: styleOf({ format, label: 'web', width: 5, colour: undefined, time: undefined, json }),
    longest: cutAt,
    mayCut: format !== 'raw',
    held,
    passes: () => alone,
    out: emptyBytes(),
    put: (bytes, from, to) => written.push(Buffer.from(bytes.subarray(from, to))),
    hold: on => {
      assert.notEqual(on, isHeld, 'held or released twice')
      isHeld = on
    },
  })
  for (const [index, chunk] of chunks.entries()) {
    const before = Buffer.alloc((index * 7) % 30, '\nx')
    lines.feed(Buffer.concat([before, chunk, Buffer.from('y\n')]), before.length, before.length + chunk.length)
  }
  lines.end()
  assert.equal(isHeld, false)
  assert.equal(held.bytes, 0)
  assert.equal(lines.held(), 0)
  return Buffer.concat(written)
}

/** The same, said as simply as possible. */
function oracle(format: Format, stream: Buffer, cutAt: number): Buffer {
  if (stream.length === 0) return stream
  const text = stream.toString('latin1')
  const all = (text.endsWith('\n') ? text : `${text}\n`).split('\n').slice(0, -1)
  return Buffer.from(all.map(line => oracleLine(format, line, cutAt)).join(''), format === 'json' ? 'utf8' : 'latin1')
}

function oracleLine(format: Format, line: string, cutAt: number): string {
  if (format === 'raw') return `${line}\n`
  const pieces: string[] = []
  let rest = line
  while (rest.length > cutAt) {
    let at = cutAt
    while (at > 1 && at > cutAt - 3 && isContinuation(rest, at)) at--
    if (isContinuation(rest, at)) at = cutAt
    pieces.push(rest.slice(0, at))
    rest = rest.slice(at)
  }
  pieces.push(rest)
  if (format === 'prefix') return pieces.map((piece, index) => `web   |${index > 0 ? '+' : ''} ${piece}\n`).join('')
  return pieces.map((piece, index) => oracleJson(piece, pieces.length > 1, index === pieces.length - 1)).join('')
}

function oracleJson(piece: string, isPartial: boolean, isLast: boolean): string {
  const bytes = Buffer.from(isLast ? piece.replace(/\r$/, '') : piece, 'latin1')
  const who = { time, program: 'web', replica: 0, pid: 7, stream: 'stdout' }
  const mark = isPartial ? { partial: true, ...(isLast ? { last: true } : {}) } : {}
  return `${JSON.stringify({ ...who, ...mark, message: bytes.toString('utf8') })}\n`
}

const isContinuation = (text: string, at: number) => (text.charCodeAt(at) & 0xc0) === 0x80

/** Streams with many line ends, some text of several bytes a character, some noise. */
const stream = fc
  .array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom('\n', '\r\n', '', '\0', '"', '\\', 'é', '日本', '\x1b[1m', 'x'.repeat(9)),
      },
      { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }) },
    ),
    { maxLength: 40 },
  )
  .map(parts => Buffer.concat(parts.map(part => Buffer.from(part as string))))

const split = (bytes: Buffer, sizes: readonly number[]) => {
  const chunks: Buffer[] = []
  let at = 0
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes.length === 0 ? bytes.length : (sizes[index % sizes.length] as number)
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

for (const format of ['raw', 'prefix', 'json'] as const) {
  test(`${format}: however a stream is split into reads, the output is the same`, () => {
    fc.assert(
      fc.property(
        stream,
        fc.array(fc.integer({ min: 1, max: 30 })),
        fc.integer({ min: 4, max: 60 }),
        (bytes, sizes, cutAt) => {
          const expected = oracle(format, bytes, cutAt)
          assert.deepEqual(through(format, split(bytes, sizes), cutAt), expected)
          if (format === 'raw') assert.deepEqual(through(format, split(bytes, sizes), cutAt, true), expected)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test(`${format}: lines of every length, several in a read`, () => {
    const lengths = fc.array(fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 1500 })), { maxLength: 200 })
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 70_000 }), (all, size) => {
        const bytes = Buffer.from(all.map((length, index) => `${'abcdefghijk'[index % 11]}`.repeat(length)).join('\n'))
        const expected = oracle(format, bytes, 1024 * 1024)
        assert.ok(through(format, split(bytes, [size]), 1024 * 1024).equals(expected))
      }),
    )
  })

  test(`${format}: a line of 10 MB between two short ones`, () => {
    const long = Buffer.alloc(10_000_000, 'abcdefghi')
    const bytes = Buffer.concat([Buffer.from('one\n'), long, Buffer.from('\ntwo')])
    const output = through(format, split(bytes, [65_536]), 1024 * 1024)
    assert.ok(output.equals(oracle(format, bytes, 1024 * 1024)))
  })
}

test('a line of exactly the limit is not cut, one byte more is', () => {
  assert.equal(String(through('prefix', [Buffer.from('12345678')], 8)), 'web   | 12345678\n')
  assert.equal(
    String(through('prefix', [Buffer.from('12345678'), Buffer.from('9\n')], 8)),
    'web   | 12345678\nweb   |+ 9\n',
  )
})

test('a cut does not split a character', () => {
  assert.equal(String(through('prefix', [Buffer.from('1234567é')], 8)), 'web   | 1234567\nweb   |+ é\n')
})

test('where memory for unfinished lines is short, they are cut earlier', () => {
  const written: string[] = []
  const held: Held = { bytes: 20_000, limit: 20_000 }
  const json = { program: 'web', replica: 0, stream: 'stdout' as const, run: { pid: 7 }, now: () => new Date(time) }
  const lines = assembleLines({
    style: styleOf({ format: 'prefix', label: 'web', width: 3, colour: undefined, time: undefined, json }),
    longest: 100_000,
    mayCut: true,
    held,
    passes: () => false,
    out: emptyBytes(),
    put: (bytes, from, to) => written.push(bytes.toString('latin1', from, to)),
    hold: () => assert.fail('held'),
  })
  lines.feed(Buffer.alloc(5000, 'x'), 0, 5000)
  assert.deepEqual(written, [`web | ${'x'.repeat(4096)}\n`])
  assert.equal(held.bytes, 20_000 + 904)
  lines.end()
  assert.equal(written[1], `web |+ ${'x'.repeat(904)}\n`)
  assert.equal(held.bytes, 20_000)
})
