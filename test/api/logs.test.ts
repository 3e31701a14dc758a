import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogLine } from '../../src/api/answers.ts'
import type { LogMemory, LogPiece } from '../../src/api/foster.ts'
import type { LineSource } from '../../src/api/lines.ts'
import { everything, readLogs, readRaw } from '../../src/api/logs.ts'

/** A memory that gives these pieces, and more when told. */
function memory(...pieces: LogPiece[]): LogMemory & { add(piece: LogPiece): void } {
  let onMore = (): void => {}
  return {
    tail: () => pieces,
    follow: (_streams, _start, more) => {
      onMore = more
      return { read: () => pieces.shift(), close: () => (onMore = () => {}) }
    },
    counters: () => ({ bytes: 0, lines: 0, dropped: 0 }),
    add(piece) {
      pieces.push(piece)
      onMore()
    },
  }
}

const out = (text: string | Buffer, missed = 0): LogPiece => ({ stream: 'stdout', missed, bytes: Buffer.from(text) })
const err = (text: string): LogPiece => ({ ...out(text), stream: 'stderr' })
const query = { stream: undefined, start: { bytes: everything }, follow: false }

function drain(lines: LineSource): readonly LogLine[] {
  let text = ''
  for (let piece = lines.pull(65_536); piece !== undefined; piece = lines.pull(65_536)) text += String(piece)
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as LogLine)
}

const messages = (lines: readonly LogLine[]) =>
  lines.map(it => (it.type === 'line' ? `${it.stream} ${it.message}${it.whole ? '' : ' ...'}` : `gap ${it.bytes}`))

test('lines are whole, also where pieces and streams come in between', () => {
  const euro = Buffer.from('€')
  const one = memory(out('a'), err('x\n'), out('b\r\nc'), out(Buffer.concat([Buffer.from('d'), euro.subarray(0, 1)])))
  one.add(out(Buffer.concat([euro.subarray(1), Buffer.from('\n\nend')])))
  const lines = readLogs([{ label: 'web', memory: one }], query)
  assert.deepEqual(messages(drain(lines)), ['stderr x', 'stdout ab', 'stdout cd€', 'stdout ', 'stdout end ...'])
  assert.equal(lines.isOver, true)
})

test('a line that does not end comes in pieces', () => {
  const long = drain(readLogs([{ label: 'web', memory: memory(out('x'.repeat(40_000)), out('y\n')) }], query))
  assert.deepEqual(
    long.map(it => it.type === 'line' && [it.message.length, it.whole]),
    [
      [40_000, false],
      [1, true],
    ],
  )
})

test('what was missed is told, and cuts the line that it was in', () => {
  const lines = drain(readLogs([{ label: 'web', memory: memory(out('abc'), out('def\n', 7)) }], query))
  assert.deepEqual(messages(lines), ['stdout abc ...', 'gap 7', 'stdout def'])
})

test('several are read by turns, and followed', () => {
  const a = memory(out('a1\n'), out('a2\n'))
  const b = memory(out('b1\n'))
  const lines = readLogs(
    [
      { label: 'a', memory: a },
      { label: 'b', memory: b },
    ],
    { ...query, follow: true },
  )
  assert.deepEqual(messages(drain(lines)), ['stdout a1', 'stdout b1', 'stdout a2'])
  assert.equal(lines.isOver, false)
  let calls = 0
  lines.onMore(() => calls++)
  b.add(out('b2\n'))
  a.add(out('a3\n'))
  assert.equal(calls, 1)
  assert.equal(drain(lines).length, 2)
  lines.close()
})

test('raw bytes are as they were', () => {
  const bytes = Buffer.from([0, 255, 10, 128])
  const lines = readRaw({ label: 'web', memory: memory(out(bytes)) }, query)
  assert.deepEqual(lines.pull(100), bytes)
  assert.equal(lines.pull(100), undefined)
  assert.equal(lines.isOver, true)
})
