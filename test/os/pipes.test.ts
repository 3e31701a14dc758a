import assert from 'node:assert/strict'
import { closeSync, fstatSync, writeSync } from 'node:fs'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Reading } from '../../src/core/output.ts'
import { libc, readable, readerGone } from '../../src/os/libc.ts'
import { makeProgramPipe, type ProgramPipe, watchPipe } from '../../src/os/pipes.ts'

function makePipe(): ProgramPipe {
  const ends = makeProgramPipe(undefined)
  assert.ok(typeof ends !== 'number')
  return ends
}

const isOpen = (fd: number) => libc().functions.fcntl(fd, 1, 0n) !== -1

/** Turns of the loop until something is true. */
async function until(fact: () => boolean): Promise<void> {
  while (!fact()) await nextTurn()
}

/** More than enough turns for a read that must not happen. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTurn()
}

function watch(ends: ProgramPipe, buffer = Buffer.alloc(4096)): { reading: Reading; text: () => string } {
  let text = ''
  const onBytes = (count: number) => {
    text += buffer.toString('latin1', 0, count)
  }
  const reading = watchPipe(ends.read, buffer, onBytes, () => {})
  return { reading, text: () => text }
}

test('a pipe may be opened by anybody for writing, and is closed on exec', () => {
  const ends = makePipe()
  assert.equal(fstatSync(ends.write).mode & 0o777, 0o622)
  assert.deepEqual(
    [ends.read, ends.write].map(fd => libc().functions.fcntl(fd, 1, 0n)),
    [1, 1],
  )
  closeSync(ends.read)
  closeSync(ends.write)
})

test("a pipe is its program's user's own", { skip: process.getuid?.() !== 0 }, () => {
  const ends = makeProgramPipe({ uid: 1234, gid: 5678 })
  assert.ok(typeof ends !== 'number')
  const { uid, gid, mode } = fstatSync(ends.write)
  assert.deepEqual([uid, gid, mode & 0o777], [1234, 5678, 0o622])
  closeSync(ends.read)
  closeSync(ends.write)
})

test('a pipe that nobody can write to any more says so before its number can be reused', async () => {
  const ends = makePipe()
  const buffer = Buffer.alloc(64)
  let said = 0
  let wasOpen = true
  const onEnd = () => {
    said += 1
    wasOpen &&= said > 1 || isOpen(ends.read)
  }
  let text = ''
  const onBytes = (count: number) => {
    text += buffer.toString('latin1', 0, count)
  }
  watchPipe(ends.read, buffer, onBytes, onEnd)
  writeSync(ends.write, 'last words')
  closeSync(ends.write)
  await until(() => said > 0)
  assert.deepEqual([text, wasOpen], ['last words', true])
  await until(() => !isOpen(ends.read))
})

test('several pipes are read through one buffer', async () => {
  const buffer = Buffer.alloc(64)
  const [one, two] = [makePipe(), makePipe()]
  const watched = [watch(one, buffer), watch(two, buffer)]
  writeSync(one.write, 'one'.repeat(100))
  writeSync(two.write, 'two'.repeat(100))
  await until(() => watched.every(({ text }) => text().length === 300))
  assert.deepEqual(
    watched.map(({ text }) => text()),
    ['one'.repeat(100), 'two'.repeat(100)],
  )
  for (const { reading } of watched) reading.close()
  await until(() => !isOpen(one.read) && !isOpen(two.read))
  closeSync(one.write)
  closeSync(two.write)
})

test('nothing is read while paused, whatever came before', async () => {
  const ends = makePipe()
  const { reading, text } = watch(ends)
  reading.pause()
  writeSync(ends.write, 'a')
  await someTurns()
  reading.resume()
  reading.pause()
  await someTurns()
  assert.deepEqual([text(), readable(ends.read)], ['', 1])
  reading.resume()
  await until(() => text() === 'a')
  reading.pause()
  reading.resume()
  reading.pause()
  writeSync(ends.write, 'b')
  await someTurns()
  assert.equal(text(), 'a')
  reading.resume()
  await until(() => text() === 'ab')
  reading.close()
  closeSync(ends.write)
})

test('a pause inside the callback holds from then on', async () => {
  const ends = makePipe()
  const buffer = Buffer.alloc(4)
  let text = ''
  const onBytes = (count: number) => {
    text += buffer.toString('latin1', 0, count)
    reading.pause()
  }
  const reading: Reading = watchPipe(ends.read, buffer, onBytes, () => {})
  writeSync(ends.write, '12345678')
  await until(() => text.length > 0)
  await someTurns()
  assert.equal(text, '1234')
  reading.resume()
  await until(() => text === '12345678')
  reading.close()
  closeSync(ends.write)
})

test('a pipe tells whether somebody can still read it', () => {
  const ends = makePipe()
  writeSync(ends.write, 'unread')
  assert.equal(readerGone(ends.write), false)
  closeSync(ends.read)
  assert.equal(readerGone(ends.write), true)
  closeSync(ends.write)
})
