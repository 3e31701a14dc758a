import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LogFormat } from '../../src/core/log-plan.ts'
import type { Flushed } from '../../src/log/flush.ts'
import { type Bench, bench } from './fakes.ts'

/** What happens to a log with three programs, in any order. */
type Event =
  | { readonly is: 'write'; readonly fd: number; readonly text: string }
  | { readonly is: 'read'; readonly fd: number; readonly most: number }
  | { readonly is: 'room'; readonly stderr: boolean; readonly bytes: number }
  | { readonly is: 'end'; readonly program: number }

const names = ['a', 'bb', 'ccc']
const fds = [1, 2, 11, 12, 21, 22]
const pending = 200

const text = fc.oneof(
  fc.stringMatching(/^[x-z ]{0,30}$/),
  fc.stringMatching(/^[x-z ]{0,30}\n[x-z]{0,8}$/),
  fc.stringMatching(/^([x-z]{0,8}\n){1,8}$/),
)
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ is: fc.constant('write' as const), fd: fc.constantFrom(...fds), text }) },
  {
    weight: 8,
    arbitrary: fc.record({
      is: fc.constant('read' as const),
      fd: fc.constantFrom(...fds),
      most: fc.integer({ min: 1, max: 99 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constant('room' as const),
      stderr: fc.boolean(),
      bytes: fc.integer({ min: 0, max: 60 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('end' as const), program: fc.nat({ max: 2 }) }) },
)

/** Plays the events; gives what each stream was told, with the line ends that foster adds. */
function play(world: Bench, events: readonly Event[]): Map<number, string> {
  const told = new Map(fds.map(fd => [fd, '']))
  const finish = (fd: number) => {
    const stream = told.get(fd) ?? ''
    if (stream !== '' && !stream.endsWith('\n')) told.set(fd, `${stream}\n`)
  }
  for (const one of events) {
    if (one.is === 'write') {
      world.pipes.write(one.fd, one.text)
      told.set(one.fd, told.get(one.fd) + one.text)
    } else if (one.is === 'read') {
      world.pipes.turn(one.fd, one.most)
    } else if (one.is === 'room') {
      world[one.stderr ? 'stderr' : 'stdout'].makeRoom(one.bytes)
    } else {
      world.logs.program(one.program).endRun()
      finish(10 * one.program + 1)
      finish(10 * one.program + 2)
    }
  }
  for (const fd of fds) finish(fd)
  return told
}

/** Lets the readers read until nothing is left. */
function settle(world: Bench): Flushed {
  let result: Flushed | undefined
  world.logs.flush(1000, done => {
    result = done
  })
  for (let turn = 0; turn < 10_000 && result === undefined; turn++) {
    for (const fd of fds) world.pipes.turn(fd)
    world.stdout.makeRoom(50)
    world.stderr.makeRoom(50)
  }
  assert.ok(result)
  return result
}

/** The streams as they can be told apart in the output. */
const mark = (events: readonly Event[]) =>
  events.map(one =>
    one.is === 'write' ? { ...one, text: one.text.replace(/[xyz]/g, letter => `${letter}${one.fd}`) } : one,
  )

for (const one of [true, false]) {
  for (const format of ['raw', 'prefix', 'json'] as LogFormat[]) {
    test(`${format}, ${one ? 'one output' : 'two outputs'}: nothing is lost, doubled, split or out of order`, () => {
      fc.assert(
        fc.property(fc.array(event, { maxLength: 120 }), fc.integer({ min: 12, max: 60 }), (plan, maxLine) => {
          const events = mark(plan)
          const world = bench({ one, format, room: 20, pending, names, maxLine: format === 'raw' ? maxLine : 10_000 })
          const told = play(world, events)
          assert.deepEqual(settle(world), { unwritten: 0, lost: 0 })
          const outputs = one
            ? [[world.stdout.text(), fds] as const]
            : [[world.stdout.text(), [1, 11, 21]] as const, [world.stderr.text(), [2, 12, 22]] as const]
          for (const [output, sources] of outputs)
            check(format, output, new Map(sources.map(fd => [fd, told.get(fd) ?? ''])))
        }),
        { numRuns: 300 },
      )
    })
  }
}

/** Every line of the output is the next line of one of the streams; blank ones look alike but in JSON, and are counted. */
function check(format: LogFormat, output: string, told: Map<number, string>): void {
  assert.ok(output === '' || output.endsWith('\n'))
  const isTold = (line: string) => format === 'json' || /[xyz]/.test(line)
  const linesOf = (stream: string) => stream.split('\n').slice(0, -1)
  const left = new Map([...told].map(([fd, stream]) => [fd, linesOf(stream).filter(isTold)]))
  for (const line of linesOf(output).filter(isTold)) {
    const found = [...left].find(([fd, lines]) => lines[0] !== undefined && shown(format, fd, lines[0], line))
    assert.ok(found, `unexpected line: ${line}`)
    found[1].shift()
  }
  for (const [fd, lines] of left) assert.deepEqual(lines, [], `left of ${fd}`)
  const all = [...told].flatMap(([fd, stream]) => linesOf(stream).map(line => plain(format, fd, line)))
  assert.equal(linesOf(output).length, all.length)
  if (format !== 'json') assert.deepEqual(linesOf(output).sort(), all.sort())
}

/** A line as it is shown in a format other than JSON. */
function plain(format: LogFormat, fd: number, line: string): string {
  return format === 'prefix' ? `${names[Math.floor(fd / 10)]?.padEnd(6)} | ${line}` : line
}

function shown(format: LogFormat, fd: number, line: string, output: string): boolean {
  const name = names[Math.floor(fd / 10)]
  if (format !== 'json') return output === plain(format, fd, line)
  const { program, stream, message } = JSON.parse(output)
  return program === name && stream === (fd % 10 === 1 ? 'stdout' : 'stderr') && message === line
}

test('pending bytes are bounded, programs are slowed and go on', () => {
  const world = bench({ format: 'prefix', room: 0, pending: 1000, names })
  for (const fd of [1, 11, 21]) world.pipes.write(fd, `${'x'.repeat(99)}\n`.repeat(100))
  const most = 400
  for (let turn = 0; turn < 100; turn++) for (const fd of [1, 11, 21]) world.pipes.turn(fd, most)
  assert.deepEqual(
    [1, 11, 21, 2].map(fd => world.pipes.isPaused(fd)),
    [true, true, true, false],
  )
  let result: Flushed | undefined
  world.logs.flush(1000, done => {
    result = done
  })
  world.expire()
  const inPipes = [1, 11, 21].reduce((sum, fd) => sum + world.pipes.readable(fd), 0)
  const unwritten = result?.unwritten ?? 0
  assert.ok(unwritten - inPipes < 2 * 1000 + 2 * most, `${unwritten - inPipes} bytes pending`)
  world.stdout.makeRoom(500)
  assert.equal(world.pipes.isPaused(1), true)
  world.stdout.makeRoom(2000)
  assert.deepEqual(
    [1, 11, 21].map(fd => world.pipes.isPaused(fd)),
    [false, false, false],
  )
})

test('only who writes is slowed down, until that is not enough', () => {
  const world = bench({ format: 'raw', room: 0, pending: 100, names })
  const isPaused = () => [1, 11, 21].map(fd => world.pipes.isPaused(fd))
  const write = (fd: number) => {
    world.pipes.write(fd, `${'x'.repeat(89)}\n`)
    world.pipes.turn(fd)
  }
  write(1)
  assert.deepEqual(isPaused(), [false, false, false])
  write(1)
  assert.deepEqual(isPaused(), [true, false, false])
  write(11)
  assert.deepEqual(isPaused(), [true, true, true])
  world.stdout.makeRoom(210)
  assert.deepEqual(isPaused(), [true, true, true])
  world.stdout.makeRoom(20)
  assert.deepEqual(isPaused(), [false, false, false])
})

test('the same trouble is said again only after a while, whatever the clock on the wall says', () => {
  const world = bench({ format: 'raw' })
  const trouble = () => {
    for (const room of [-28, 100]) {
      world.stdout.room = room
      world.pipes.write(1, 'a\n')
      world.pipes.turn(1)
    }
  }
  trouble()
  trouble()
  assert.equal(world.stderr.text(), 'foster: cannot write to stdout: E28\n')
  world.expire()
  trouble()
  assert.equal(world.stderr.text(), 'foster: cannot write to stdout: E28\n'.repeat(2))
})
