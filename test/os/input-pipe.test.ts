/** A run's standard input: written without waiting, whole, in order, and bounded; whoever has gone is noticed. */
import assert from 'node:assert/strict'
import { closeSync, readSync } from 'node:fs'
import { test } from 'node:test'
import { type InputPipe, makeInputPipe } from '../../src/os/input-pipe.ts'
import { duplicateFrom, libc, readable } from '../../src/os/libc.ts'

const isOpen = (fd: number): boolean => libc().functions.fcntl(fd, 1, 0n) !== -1

/** A pipe whose run has begun, and the program's end of it. */
function begun(): { input: InputPipe; program: number } {
  const input = makeInputPipe()
  assert.ok(typeof input !== 'number')
  const program = duplicateFrom(input.read, 3)
  input.started()
  return { input, program }
}

function read(fd: number): Buffer {
  const count = readable(fd)
  const bytes = Buffer.alloc(Math.max(0, count))
  return bytes.subarray(0, count > 0 ? readSync(fd, bytes) : 0)
}

const nextTurn = (): Promise<void> => new Promise(done => void setImmediate(done))

test('what is written is there at once, in order', () => {
  const { input, program } = begun()
  assert.deepEqual(
    ['one ', 'two'].map(text => input.write(Buffer.from(text))),
    ['taken', 'taken'],
  )
  assert.equal(read(program).toString(), 'one two')
  assert.equal(input.write(Buffer.alloc(0)), 'taken')
  input.close()
  closeSync(program)
})

test('what the pipe does not take comes as the program reads, behind nothing that was written later', async () => {
  const { input, program } = begun()
  const pieces = Array.from({ length: 40 }, (_, at) => Buffer.alloc(10_000, at + 1))
  for (const piece of pieces) assert.equal(input.write(piece), 'taken')
  const expected = Buffer.concat([...pieces, Buffer.from('end')])
  let got = read(program)
  assert.equal(input.write(Buffer.from('end')), 'taken')
  while (got.length < expected.length) {
    await nextTurn()
    got = Buffer.concat([got, read(program)])
  }
  assert.ok(got.equals(expected))
  assert.equal(input.write(Buffer.from('again')), 'taken')
  assert.equal(read(program).toString(), 'again')
  input.close()
  closeSync(program)
})

test('a program that does not read can be given so much and no more', () => {
  const { input, program } = begun()
  const results = Array.from({ length: 40 }, () => input.write(Buffer.alloc(100_000)))
  const taken = results.indexOf('full')
  assert.ok(taken >= 10 && taken <= 20, `${taken}`)
  assert.ok(results.slice(taken).every(it => it === 'full'))
  input.close()
  closeSync(program)
})

test('once nobody reads any more nothing is taken', async () => {
  const { input, program } = begun()
  closeSync(program)
  assert.equal(input.write(Buffer.from('x')), 'closed')
  assert.equal(input.write(Buffer.from('x')), 'closed')
  input.close()
  const full = begun()
  assert.equal(full.input.write(Buffer.alloc(100_000)), 'taken')
  closeSync(full.program)
  while (full.input.write(Buffer.from('x')) !== 'closed') await nextTurn()
  full.input.close()
})

test('it closes what it has, once, whether the run began or not', async () => {
  const never = makeInputPipe()
  assert.ok(typeof never !== 'number')
  never.close()
  never.close()
  assert.ok(!isOpen(never.read))
  assert.equal(never.write(Buffer.from('x')), 'closed')
  const { input, program } = begun()
  input.write(Buffer.alloc(100_000))
  input.close()
  let isOver = false
  while (!isOver) {
    await nextTurn()
    isOver =
      read(program).length === 0 && readable(program) === 0 && libc().functions.poll(pollOf(program), 1n, 0) === 1
  }
  closeSync(program)
})

/** A pollfd that waits for nothing but the end. */
function pollOf(fd: number): Buffer {
  const entry = Buffer.alloc(8)
  entry.writeInt32LE(fd)
  return entry
}
