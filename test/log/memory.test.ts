import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { OutputStream } from '../../src/core/output.ts'
import { countLines } from '../../src/log/count.ts'
import { History, type Piece } from '../../src/log/history.ts'
import { Ring } from '../../src/log/ring.ts'
import { bench, loggedOf } from './fakes.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const textOf = (pieces: readonly Piece[]) => pieces.map(it => `${it.stream === 'stdout' ? 'o' : 'e'}:${it.bytes}`)

/** Few letters, so that newlines and repetitions are common. */
const writes = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 12 }), { maxLength: 30 })

test('ring: it holds the last bytes, whatever they came in, and gives any part of them', () => {
  fc.assert(
    fc.property(writes, fc.integer({ min: 0, max: 40 }), fc.nat(200), fc.nat(200), (chunks, limit, from, to) => {
      const ring = new Ring(limit)
      let all = ''
      for (const chunk of chunks) {
        ring.push(bytes(`<${chunk}>`), 1, 1 + chunk.length)
        all += chunk
        assert.equal(ring.end, all.length)
        assert.equal(ring.start, Math.max(0, all.length - limit))
        assert.equal(
          String(ring.slice(from, to)),
          all.slice(Math.max(from, ring.start), Math.max(from, ring.start, to)),
        )
        const before = Math.min(to, all.length)
        const found = before === 0 ? -1 : all.lastIndexOf('\n', before - 1)
        assert.equal(ring.lastIndexOf(10, to), found < ring.start ? -1 : found)
      }
    }),
  )
})

test('ring: a changed limit keeps the newest bytes, and growing forgets nothing', () => {
  fc.assert(
    fc.property(
      writes,
      fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 31, maxLength: 31 }),
      (chunks, limits) => {
        const ring = new Ring(40)
        let all = ''
        let kept = 0
        for (const [index, chunk] of chunks.entries()) {
          const limit = limits[index] ?? 0
          ring.limit(limit)
          kept = Math.min(kept, limit)
          ring.push(bytes(chunk), 0, chunk.length)
          all += chunk
          kept = Math.min(limit, kept + chunk.length)
          assert.equal(String(ring.slice(0, ring.end)), all.slice(all.length - kept))
        }
      },
    ),
  )
})

test('ring: large ones wrap and grow as well', () => {
  const ring = new Ring(10_000)
  let all = ''
  for (let index = 0; index < 700; index++) {
    const chunk = `${index} `.repeat(index % 40)
    ring.push(bytes(chunk), 0, chunk.length)
    all += chunk
    assert.equal(String(ring.slice(0, ring.end)), all.slice(-10_000))
  }
})

test('lines are counted as they are, in short and in long ones', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant(0), fc.constant(3), fc.nat(700)), { maxLength: 40 }),
      fc.nat(9),
      fc.nat(9),
      (lengths, before, after) => {
        const text = lengths.map(length => 'x\x8a\xff\x00\x0b\x09'.repeat(length).slice(0, length)).join('\n')
        const all = bytes(`${'\n'.repeat(before)}${text}${'\n'.repeat(after)}`)
        const count = Math.max(0, lengths.length - 1)
        assert.equal(countLines(all, before, all.length - after), count)
      },
    ),
  )
})

const turns = fc.array(
  fc.tuple(
    fc.constantFrom<OutputStream>('stdout', 'stderr'),
    fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength: 1, maxLength: 6 }),
  ),
  { maxLength: 30 },
)

/** The letters of both streams in the order they came, as `oa`, `eb`. */
const inOrder = (pieces: readonly (readonly [OutputStream, string])[]) =>
  pieces.flatMap(([stream, text]) => [...text].map(letter => `${stream === 'stdout' ? 'o' : 'e'}${letter}`))

test('history: both streams come back in the order they came', () => {
  fc.assert(
    fc.property(turns, fc.nat(100), fc.integer({ min: 1, max: 9 }), (chunks, back, most) => {
      const history = new History(4000)
      for (const [stream, text] of chunks) history.push(stream, bytes(text), 0, text.length)
      const all = inOrder(chunks)
      const tail = history.tail('both', { bytes: back })
      assert.deepEqual(inOrder(tail.map(it => [it.stream, String(it.bytes)])), back === 0 ? [] : all.slice(-back))
      const follower = history.follow('both', { at: { stdout: 0, stderr: 0 } }, () => {})
      const read: [OutputStream, string][] = []
      for (let piece = follower.read(most); piece !== undefined; piece = follower.read(most)) {
        assert.ok(piece.bytes.length <= most)
        read.push([piece.stream, String(piece.bytes)])
      }
      assert.deepEqual(inOrder(read), all)
    }),
  )
})

test('history: a follower gets everything that comes, whenever it reads, and knows what it has missed', () => {
  fc.assert(
    fc.property(turns, fc.array(fc.nat(3), { minLength: 30, maxLength: 30 }), (chunks, reads) => {
      const history = new History(16)
      const got = { stdout: '', stderr: '' }
      const all = { stdout: '', stderr: '' }
      const follower = history.follow('both', { lines: 0 }, () => {})
      const drain = () => {
        for (let piece = follower.read(3); piece !== undefined; piece = follower.read(3)) {
          assert.equal(piece.position, got[piece.stream].length + piece.missed)
          got[piece.stream] += '?'.repeat(piece.missed) + String(piece.bytes)
        }
      }
      for (const [index, [stream, text]] of chunks.entries()) {
        history.push(stream, bytes(text), 0, text.length)
        all[stream] += text
        if (reads[index] === 0) drain()
      }
      drain()
      for (const stream of ['stdout', 'stderr'] as const) {
        assert.equal(got[stream].length, all[stream].length)
        assert.ok([...got[stream]].every((letter, at) => letter === '?' || letter === all[stream][at]))
        assert.equal(got[stream].slice(-8), all[stream].slice(-8))
      }
    }),
  )
})

test('history: so many lines back, of one stream and of both', () => {
  const history = new History(1000)
  const write = (stream: OutputStream, text: string) => history.push(stream, bytes(text), 0, text.length)
  write('stdout', 'one\ntw')
  write('stderr', 'oops\n')
  write('stdout', 'o\nthree\n')
  write('stderr', 'again')
  const lines = (choice: OutputStream | 'both', count: number) => textOf(history.tail(choice, { lines: count }))
  assert.deepEqual(lines('stdout', 2), ['o:two\nthree\n'])
  assert.deepEqual(lines('stdout', 9), ['o:one\ntwo\nthree\n'])
  assert.deepEqual(lines('stderr', 1), ['e:again'])
  assert.deepEqual(lines('stderr', 0), [])
  assert.deepEqual(lines('both', 1), ['e:again'])
  assert.deepEqual(lines('both', 2), ['o:three\n', 'e:again'])
  // The line that began before the other stream spoke counts where it ended.
  assert.deepEqual(lines('both', 3), ['o:tw', 'o:o\nthree\n', 'e:again'])
  assert.deepEqual(lines('both', 4), ['o:tw', 'e:oops\n', 'o:o\nthree\n', 'e:again'])
  assert.deepEqual(lines('both', 5), ['o:one\ntw', 'e:oops\n', 'o:o\nthree\n', 'e:again'])
})

test('history: who has read everything is told once, and not after he has gone', () => {
  const history = new History(1000)
  let told = 0
  const follower = history.follow('stdout', { lines: 0 }, () => told++)
  const write = () => history.push('stdout', bytes('a\n'), 0, 2)
  write()
  assert.equal(told, 0)
  assert.equal(follower.read(10)?.bytes.length, 2)
  assert.equal(follower.read(10), undefined)
  write()
  write()
  assert.equal(told, 1)
  assert.equal(follower.read(10)?.bytes.length, 4)
  assert.equal(follower.read(10), undefined)
  follower.close()
  write()
  assert.equal(told, 1)
})

test('history: thousands of turns are remembered, the rest stream by stream, and nothing is lost', () => {
  const history = new History(1_000_000)
  for (let index = 0; index < 20_000; index++) history.push(index % 2 === 0 ? 'stdout' : 'stderr', bytes('a\n'), 0, 2)
  const pieces = history.tail('both', { at: { stdout: 0, stderr: 0 } })
  assert.equal(
    pieces.reduce((sum, it) => sum + it.bytes.length, 0),
    40_000,
  )
  assert.deepEqual(textOf(pieces.slice(-2)), ['o:a\n', 'e:a\n'])
})

test('programs: what they wrote is in memory as it came, and is counted', () => {
  const world = bench({ names: ['web', 'db'], format: 'json', countsLines: true })
  world.pipes.write(1, 'a\r\n\xff half')
  world.pipes.write(2, 'oops\n')
  for (const fd of [1, 2]) world.pipes.turn(fd)
  const web = world.logs.program(0)
  assert.deepEqual(textOf(web.tail('both', { lines: 9 })).length, 2)
  assert.equal(web.tail('stdout', { lines: 1 })[0]?.bytes.toString('latin1'), '\xff half')
  assert.deepEqual(web.counters('stdout'), { bytes: 9, lines: 1, dropped: 0 })
  web.endRun()
  assert.deepEqual(web.counters('stdout'), { bytes: 9, lines: 2, dropped: 0 })
  web.close()
  assert.deepEqual(textOf(web.tail('stderr', { lines: 9 })), ['e:oops\n'])
  assert.equal(bench({}).logs.program(0).counters('stdout').lines, undefined)
  assert.deepEqual(world.logs.program(1).tail('both', { lines: 9 }), [])
})

test('what a program has written that is not configured any more is forgotten after a while, unless it returns', () => {
  const world = bench({ format: 'raw' })
  const web = world.logs.program(0)
  const write = (fd: number): void => {
    world.pipes.write(fd, 'out\n')
    world.pipes.turn(fd)
  }
  write(1)
  write(2)
  const slow = web.follow('both', { at: { stdout: 0, stderr: 0 } }, () => {})
  web.retire()
  web.retire()
  assert.equal(world.pipes.isClosed(1) && world.pipes.isClosed(2), true)
  assert.deepEqual(textOf(web.tail('both', { lines: 9 })), ['o:out\n', 'e:out\n'])
  // It is configured again, or started again: nothing is forgotten.
  world.logs.configure(0, loggedOf({ name: 'web' }))
  world.expire()
  web.retire()
  web.attach('stdout', 5)
  world.expire()
  assert.equal(web.tail('both', { lines: 9 }).length, 2)
  web.retire()
  world.expire()
  assert.deepEqual(web.tail('both', { lines: 9 }), [])
  web.attach('stdout', 6)
  web.attach('stderr', 7)
  write(7)
  write(6)
  assert.deepEqual(textOf(web.tail('both', { lines: 9 })), ['e:out\n', 'o:out\n'])
  assert.deepEqual(slow.read(99), { stream: 'stderr', position: 4, missed: 4, bytes: bytes('out\n') })
  assert.deepEqual(slow.read(99), { stream: 'stdout', position: 4, missed: 4, bytes: bytes('out\n') })
})

test('programs may come later, and change their settings while they run', () => {
  const world = bench({ names: ['web', 'db'] })
  world.logs.configure(5, loggedOf({ name: 'late' }))
  world.logs.program(5).attach('stdout', 51)
  world.logs.program(5).startRun(7)
  world.pipes.write(51, 'a\nhalf')
  world.pipes.turn(51)
  world.logs.configure(5, loggedOf({ name: 'late', log: { format: 'raw' } }))
  world.pipes.write(51, 'raw\n')
  world.pipes.turn(51)
  assert.equal(world.stdout.text(), 'late   | a\nlate   | half\nraw\n')
  assert.throws(() => world.logs.program(4), RangeError)
})
