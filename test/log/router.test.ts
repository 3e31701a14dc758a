import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Flushed } from '../../src/log/flush.ts'
import { bench, FakeOutlet, time } from './fakes.ts'

/** Lets everything that may be read be read. */
const readAll = (world: ReturnType<typeof bench>, ...fds: number[]) => {
  while (fds.filter(fd => world.pipes.turn(fd)).length > 0);
}

test('one program: raw; several: prefix, padded to the longest name', () => {
  const one = bench({ names: ['web'] })
  one.pipes.write(1, 'a\n')
  readAll(one, 1)
  assert.equal(one.stdout.text(), 'a\n')
  const two = bench({ names: ['web', 'postgres'] })
  two.pipes.write(1, 'a\n')
  two.pipes.write(11, 'b\n')
  readAll(two, 1, 11)
  assert.equal(two.stdout.text(), 'web      | a\npostgres | b\n')
})

test('a program may have a format of its own, and replicas are told apart', () => {
  const programs = [
    { name: 'web', replica: 0, log: { format: 'json' as const } },
    { name: 'web', replica: 1 },
    { name: 'db', log: { format: 'raw' as const } },
  ]
  const world = bench({ programs })
  for (const fd of [1, 11, 21]) world.pipes.write(fd, 'a\n')
  readAll(world, 1, 11, 21)
  const json = `{"time":"${time}","program":"web","replica":0,"pid":100,"stream":"stdout","message":"a"}`
  assert.equal(world.stdout.text(), `${json}\nweb:1  | a\na\n`)
})

test("foster's own messages are on stderr in the log's format", () => {
  const said = (format: 'raw' | 'prefix' | 'json') => {
    const world = bench({ format, names: ['a', 'longername'] })
    world.logs.say('warning', 'one\ntwo')
    assert.equal(world.stdout.text(), '')
    return world.stderr.text()
  }
  assert.equal(said('prefix'), 'foster     | one\nfoster     | two\n')
  assert.equal(said('raw'), 'foster: one\nfoster: two\n')
  assert.equal(said('json'), `{"time":"${time}","program":"foster","level":"warning","message":"one\\ntwo"}\n`)
})

test('colours: on a terminal only, unless NO_COLOR or FORCE_COLOR say otherwise', () => {
  const coloured = (isTerminal: boolean, environment: Record<string, string>) => {
    const outlets = { stdout: new FakeOutlet('a', 1000, isTerminal), stderr: new FakeOutlet('b') }
    const world = bench({ outlets, environment, names: ['web', 'db'] })
    world.pipes.write(1, 'a\n')
    readAll(world, 1)
    return outlets.stdout.text() === '\x1b[36mweb    |\x1b[0m a\n'
  }
  assert.equal(coloured(true, {}), true)
  assert.equal(coloured(false, {}), false)
  assert.equal(coloured(true, { NO_COLOR: '1' }), false)
  assert.equal(coloured(true, { NO_COLOR: '' }), true)
  assert.equal(coloured(true, { TERM: 'dumb' }), false)
  assert.equal(coloured(false, { FORCE_COLOR: '1' }), true)
  assert.equal(coloured(true, { FORCE_COLOR: '0' }), false)
})

test('an unfinished line is finished when the run ends, and the next run starts a new one', () => {
  for (const one of [true, false]) {
    const world = bench({ one, format: 'raw' })
    world.pipes.write(1, 'first\nhal')
    readAll(world, 1)
    world.pipes.write(1, 'f')
    world.logs.program(0).endRun()
    world.logs.program(0).startRun(101)
    world.pipes.write(1, 'next\n')
    readAll(world, 1)
    assert.equal(world.stdout.text(), 'first\nhalf\nnext\n')
  }
})

test('the end of a run reads what is in the pipe then, not what a grandchild writes later', () => {
  const world = bench({ format: 'json' })
  world.pipes.write(1, 'mine')
  world.logs.program(0).endRun()
  world.pipes.write(1, 'of a grandchild\n')
  readAll(world, 1)
  const said = world.stdout.text().split('\n').slice(0, -1)
  assert.deepEqual(
    said.map(line => JSON.parse(line).message),
    ['mine', 'of a grandchild'],
  )
})

test('a run that ends while the reader is slow: its lines keep its pid, its last line its end', () => {
  const world = bench({ format: 'json', room: 0, pending: 10 })
  world.pipes.write(1, 'first\n')
  readAll(world, 1)
  assert.equal(world.pipes.isPaused(1), true)
  world.pipes.write(1, 'second\nlast of 100')
  world.logs.program(0).endRun()
  world.logs.program(0).startRun(200)
  world.pipes.write(1, 'first of 200')
  world.logs.program(0).endRun()
  world.logs.program(0).startRun(300)
  world.pipes.write(1, 'first of 300\n')
  for (let turn = 0; turn < 20; turn++) {
    readAll(world, 1)
    world.stdout.makeRoom(10_000)
  }
  const said = world.stdout
    .text()
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
  assert.deepEqual(
    said.map(line => [line.pid, line.message]),
    [
      [100, 'first'],
      [100, 'second'],
      [100, 'last of 100'],
      [200, 'first of 200'],
      [300, 'first of 300'],
    ],
  )
})

test('a raw line over the limit has the output for itself until its end', () => {
  const world = bench({ format: 'raw', maxLine: 10, names: ['a', 'b'] })
  world.pipes.write(1, 'long long long ')
  readAll(world, 1)
  world.pipes.write(11, 'short\n')
  assert.equal(world.pipes.turn(11), false)
  world.pipes.write(1, 'line\nnew')
  readAll(world, 1, 11)
  assert.equal(world.stdout.text(), 'long long long line\nshort\n')
  world.logs.program(0).endRun()
  assert.equal(world.stdout.text(), 'long long long line\nshort\nnew\n')
})

test('a raw line over the limit ends with its run or its program', () => {
  for (const how of ['endRun', 'close'] as const) {
    const world = bench({ format: 'raw', maxLine: 10, names: ['a', 'b'] })
    world.pipes.write(1, 'long long long ')
    readAll(world, 1)
    world.pipes.write(11, 'short\n')
    world.logs.program(0)[how]()
    readAll(world, 11)
    assert.equal(world.stdout.text(), 'long long long \nshort\n')
  }
})

test("foster's own messages never come in the middle of a line", () => {
  const world = bench({ one: true, format: 'raw', maxLine: 5 })
  world.pipes.write(1, 'a prompt: ')
  readAll(world, 1)
  world.logs.say('info', 'x')
  assert.equal(world.stdout.text(), 'a prompt: ')
  world.pipes.write(1, 'yes\n')
  readAll(world, 1)
  assert.equal(world.stdout.text(), 'a prompt: yes\nfoster: x\n')
})

test("foster's own messages have room while a program's wait, and are counted beyond that", () => {
  const world = bench({ format: 'raw', room: 0, pending: 100 })
  world.pipes.write(2, `${'x'.repeat(120)}\n`)
  readAll(world, 2)
  assert.equal(world.pipes.isPaused(2), true)
  for (let count = 0; count < 10; count++) world.logs.say('info', 'twenty bytes')
  world.stderr.makeRoom(1000)
  world.logs.say('info', 'after')
  const lines = world.stderr.text().split('\n')
  assert.equal(lines.filter(line => line === 'foster: twenty bytes').length, 4)
  assert.deepEqual(lines.slice(-3), ["foster: 6 messages of foster's had no room here", 'foster: after', ''])
})

test('a reader that goes away is said once on the other stream, and programs run on', () => {
  const world = bench({ format: 'raw' })
  world.stdout.room = -32
  for (let count = 0; count < 3; count++) {
    world.pipes.write(1, 'lost\n')
    assert.equal(world.pipes.turn(1), true)
  }
  assert.equal(world.stderr.text(), 'foster: cannot write to stdout: E32\n')
  let result: Flushed | undefined
  world.logs.flush(100, done => {
    result = done
  })
  assert.deepEqual(result, { unwritten: 0, lost: 15 })
})

test('a reader that goes away while it is waited for', () => {
  const world = bench({ format: 'raw', room: 3 })
  world.pipes.write(1, 'lost\n')
  readAll(world, 1)
  world.stdout.makeRoom(-32)
  assert.equal(world.stderr.text().length, 3)
  world.stderr.makeRoom(1000)
  assert.equal(world.stderr.text(), 'foster: cannot write to stdout: E32\n')
})

test('a full disk loses lines, says so once, and is used again when it has room', () => {
  const world = bench({ format: 'raw' })
  const writes = (room: number, text: string) => {
    world.stdout.room = room
    world.pipes.write(1, text)
    readAll(world, 1)
  }
  writes(-28, 'a\n')
  writes(-28, 'b\n')
  writes(100, 'c\n')
  assert.equal(world.stdout.text(), 'c\n')
  assert.equal(world.stderr.text(), 'foster: cannot write to stdout: E28\n')
})

test('flush: at once where nothing is left', () => {
  const world = bench({})
  let result: Flushed | undefined
  world.logs.flush(100, done => {
    result = done
  })
  assert.deepEqual(result, { unwritten: 0, lost: 0 })
})

test('flush: unfinished lines, what is pending and what is in the pipes come out, then it is done, once', () => {
  const world = bench({ one: true, format: 'raw', room: 0, pending: 10, names: ['a', 'b'] })
  const results: Flushed[] = []
  world.pipes.write(1, 'aaa')
  world.pipes.write(11, 'bbbbbbbbbbbbb\nb')
  readAll(world, 1, 11)
  world.pipes.write(1, 'aa')
  world.logs.flush(100, done => results.push(done))
  for (let turn = 0; turn < 50; turn++) {
    readAll(world, 1, 11)
    world.stdout.makeRoom(3)
  }
  world.expire()
  assert.deepEqual(results, [{ unwritten: 0, lost: 0 }])
  assert.equal(world.stdout.text(), 'bbbbbbbbbbbbb\naaaaa\nb\n')
})

test('flush: what nobody takes in time is counted to the byte', () => {
  const world = bench({ one: true, format: 'raw', room: 4, pending: 11, names: ['a', 'b'] })
  const results: Flushed[] = []
  world.pipes.write(11, 'b')
  readAll(world, 11)
  world.pipes.write(1, 'aaaaaaaaaaaaaaa\n')
  readAll(world, 1)
  world.pipes.write(1, 'cc\n')
  world.logs.say('info', 'x')
  world.logs.flush(100, done => results.push(done))
  assert.deepEqual(results, [])
  world.expire()
  const pending = 'aaaaaaaaaaaaaaa\nfoster: x\n'.length - 4
  assert.deepEqual(results, [{ unwritten: pending + 'b\n'.length + 'cc\n'.length, lost: 0 }])
})

test('close gives descriptors back and finishes what was begun', () => {
  const world = bench({ format: 'prefix' })
  world.pipes.write(1, 'half')
  readAll(world, 1)
  world.logs.program(0).close()
  assert.equal(world.stdout.text(), 'web    | half\n')
  assert.equal(world.pipes.isClosed(1) && world.pipes.isClosed(2), true)
})

test('a program that is closed while another one is in the middle of a line', () => {
  const world = bench({ format: 'raw', maxLine: 10, names: ['a', 'b'] })
  world.pipes.write(11, 'half')
  readAll(world, 11)
  world.pipes.write(1, 'long long long ')
  readAll(world, 1)
  world.logs.program(1).close()
  world.pipes.write(1, 'line\n')
  readAll(world, 1)
  assert.equal(world.stdout.text(), 'long long long line\nhalf\n')
})

test('a stream that is attached when its process runs already has its pid', () => {
  const world = bench({ format: 'json', names: ['a'] })
  world.logs.program(0).close()
  world.logs.program(0).attach('stdout', 5)
  world.pipes.write(5, 'x\n')
  readAll(world, 5)
  assert.equal(JSON.parse(world.stdout.text()).pid, 100)
})

test('a pipe that comes to its end is not touched any more', () => {
  const world = bench({ format: 'raw', one: true })
  world.pipes.write(1, 'half')
  readAll(world, 1)
  world.pipes.end(1)
  assert.equal(world.stdout.text(), 'half\n')
  world.pipes.readable = () => assert.fail('asked about a closed descriptor')
  world.pipes.read = () => assert.fail('read from a closed descriptor')
  world.pipes.end(2)
  world.logs.program(0).endRun()
  world.logs.program(0).close()
  assert.equal(world.stdout.text(), 'half\n')
})
