import assert from 'node:assert/strict'
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Outlet } from '../../src/core/output.ts'
import { libc, pipe, read, readable } from '../../src/os/libc.ts'
import { openOutlet } from '../../src/os/outlets.ts'

const { EBADF, EPIPE } = constants.errno
const flagsOf = (fd: number) => Number(libc().functions.fcntl(fd, 3, 0n))
const nonBlocking = 0o4000

function makePipe(): { read: number; write: number } {
  const ends = pipe()
  assert.ok(typeof ends !== 'number')
  return ends
}

function readNow(fd: number): Buffer {
  const buffer = Buffer.alloc(Math.max(0, readable(fd)))
  return buffer.length === 0 ? buffer : buffer.subarray(0, read(fd, buffer))
}

const wait = (outlet: Outlet, bytes: Buffer, from: number) =>
  new Promise<number>(done => outlet.wait(bytes, from, bytes.length - from, done))

/** A megabyte in which every place is told apart. */
const megabyte = Buffer.from(Uint32Array.from({ length: 262_144 }, (_, index) => index * 2_654_435_761).buffer)

/** Writes everything, letting the reader read only while the outlet waits. */
async function writeAll(outlet: Outlet, bytes: Buffer, readSome: () => void): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const count = outlet.write(bytes, at, bytes.length - at)
    assert.ok(count >= 0, `write: ${count}`)
    at += count
    if (at === bytes.length) return
    const waited = wait(outlet, bytes, at)
    readSome()
    at += await waited
  }
}

for (const [kind, descriptors] of [
  ['reopened', '/proc/self/fd'],
  ['that cannot be reopened', '/nonexistent'],
] as const) {
  test(`a pipe ${kind}: full, then read from, nothing lost; the shared descriptor stays blocking`, async () => {
    const ends = makePipe()
    const outlet = openOutlet(ends.write, descriptors)
    const parts: Buffer[] = []
    await writeAll(outlet, megabyte, () => parts.push(readNow(ends.read)))
    parts.push(readNow(ends.read))
    assert.ok(Buffer.concat(parts).equals(megabyte))
    assert.equal(flagsOf(ends.write) & nonBlocking, 0)
    assert.equal(outlet.isTerminal, false)
  })

  test(`a pipe ${kind} whose reader has gone`, async () => {
    const ends = makePipe()
    const outlet = openOutlet(ends.write, descriptors)
    closeSync(ends.read)
    assert.equal(outlet.write(megabyte, 0, 10), -EPIPE)
  })

  test(`a pipe ${kind} whose reader goes away while it is full`, async () => {
    const ends = makePipe()
    const outlet = openOutlet(ends.write, descriptors)
    const count = outlet.write(megabyte, 0, megabyte.length)
    assert.equal(count, Number(libc().functions.fcntl(ends.write, 1032, 0n)))
    const waited = wait(outlet, megabyte, count)
    closeSync(ends.read)
    const taken = await waited
    assert.equal(taken < 0 ? taken : outlet.write(megabyte, count + taken, 10), -EPIPE)
    if (taken < 0) assert.equal(await wait(outlet, megabyte, count), -EPIPE)
  })
}

test('a pipe that has no reader any more when it is opened', () => {
  const ends = makePipe()
  closeSync(ends.read)
  assert.equal(openOutlet(ends.write).write(megabyte, 0, 10), -EPIPE)
})

test('a file is written to where the descriptor stands, together with others that share it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'outlets-'))
  try {
    const fd = openSync(join(folder, 'log'), 'w')
    const outlet = openOutlet(fd)
    writeSync(fd, 'before\n')
    assert.equal(outlet.write(Buffer.from('xours\n'), 1, 5), 5)
    writeSync(fd, 'after\n')
    assert.equal(readFileSync(join(folder, 'log'), 'utf8'), 'before\nours\nafter\n')
    closeSync(fd)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a device takes everything', () => {
  const fd = openSync('/dev/null', 'w')
  assert.equal(openOutlet(fd).write(megabyte, 0, megabyte.length), megabyte.length)
  closeSync(fd)
})

test('a full disk is an errno', () => {
  const fd = openSync('/dev/full', 'w')
  assert.equal(openOutlet(fd).write(megabyte, 0, 10), -constants.errno.ENOSPC)
  closeSync(fd)
})

test('a closed descriptor is gone', async () => {
  const outlet = openOutlet(9999)
  assert.equal(outlet.write(megabyte, 0, 10), -EBADF)
  assert.equal(await wait(outlet, megabyte, 0), -EBADF)
})

test('a socket: full, then read from, nothing lost; the reader gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'outlets-'))
  const server = createServer({ pauseOnConnect: true })
  const accepted = new Promise<Socket>(done => server.once('connection', done))
  server.listen(join(folder, 'socket'))
  const client = connect(join(folder, 'socket'))
  const reader = await accepted
  try {
    const outlet = openOutlet((client as unknown as { _handle: { fd: number } })._handle.fd)
    const parts: Buffer[] = []
    let length = 0
    const complete = new Promise<void>(done => {
      reader.on('data', (part: Buffer) => {
        parts.push(part)
        length += part.length
        if (length === megabyte.length) done()
      })
    })
    reader.pause()
    await writeAll(outlet, megabyte, () => reader.resume())
    await complete
    assert.ok(Buffer.concat(parts).equals(megabyte))
    reader.destroy()
    await new Promise(done => reader.once('close', done))
    assert.equal(outlet.write(megabyte, 0, 10), -EPIPE)
  } finally {
    client.destroy()
    server.close()
    rmSync(folder, { recursive: true })
  }
})

test('the same pipe has the same key, another one another', () => {
  const ends = makePipe()
  const other = makePipe()
  const again = openSync(`/proc/self/fd/${ends.write}`, 'w')
  assert.equal(openOutlet(ends.write).key, openOutlet(again).key)
  assert.notEqual(openOutlet(ends.write).key, openOutlet(other.write).key)
  assert.equal(fstatSync(again).ino, fstatSync(ends.write).ino)
})
