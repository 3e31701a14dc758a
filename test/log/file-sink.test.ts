/** Files, through the whole log: what programs write, whatever the disk does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bench } from './fakes.ts'
import { file, fullLog, world } from './file-world.ts'

test('a full disk: said once, nothing is lost while it fits into memory, and it goes on by itself', () => {
  const { files, write, expire, stderr, pipes } = world({}, { format: 'raw' })
  files.room = 5
  write('one\ntwo\nthree\n')
  files.settle()
  assert.equal(stderr.text(), 'foster: web: cannot write /l: E28\n')
  assert.equal(pipes.isPaused(1), false)
  files.room = 1000
  expire()
  files.settle()
  assert.equal(files.text('/l'), 'one\ntwo\nthree\n')
  assert.match(stderr.text(), /\/l is written again\n$/)
})

test('a full disk: the program runs on, whole lines are dropped and counted', () => {
  const { files, write, expire, stderr, web, pipes } = world({}, { format: 'raw', countsLines: true })
  files.room = 3
  const line = `${'x'.repeat(99)}\n`
  write(line.repeat(6000))
  files.settle()
  assert.equal(pipes.isPaused(1), false)
  write(line.repeat(6000))
  files.room = Number.POSITIVE_INFINITY
  expire()
  files.settle()
  const text = files.text('/l') ?? ''
  assert.equal(text.replaceAll(line, ''), '')
  const dropped = web.counters('stdout').dropped
  assert.equal(text.length / 100 + dropped, 12_000)
  assert.match(stderr.text(), new RegExp(`/l is written again; ${dropped} lines lost\\n$`))
})

test('a file that is removed is made again; a place that is gone is tried again while something is to be written', () => {
  const { files, write, expire, stderr } = world({}, { format: 'raw' })
  files.remove('/l')
  write('one\n')
  files.settle()
  assert.equal(files.text('/l'), 'one\n')
  const gone = bench({ programs: [], format: 'raw' })
  gone.files.closed = 'ENOENT'
  gone.logs.configure(0, { name: 'web', replica: undefined, user: undefined, log: fullLog({ stdout: [file()] }) })
  gone.logs.program(0).attach('stdout', 1)
  assert.equal(gone.stderr.text(), 'foster: web: cannot write /l: ENOENT\n')
  gone.pipes.write(1, 'two\n')
  gone.pipes.turn(1)
  gone.files.closed = undefined
  gone.expire()
  gone.files.settle()
  assert.equal(gone.files.text('/l'), 'two\n')
  expire()
  assert.equal(stderr.text(), '')
})

test('a slow disk slows the program down, or its lines are dropped', () => {
  const slow = world()
  slow.write('x'.repeat(99).concat('\n').repeat(6000))
  assert.equal(slow.pipes.isPaused(1), true)
  while (slow.pipes.isPaused(1) ? slow.files.turn() : slow.pipes.turn(1));
  slow.files.settle()
  assert.equal(slow.files.text('/l')?.length, 600_000)
  const dropping = world({}, { overflow: 'drop' })
  dropping.write('x'.repeat(99).concat('\n').repeat(6000))
  assert.equal(dropping.pipes.isPaused(1), false)
  dropping.files.settle()
  const dropped = dropping.web.counters('stdout').dropped
  assert.equal((dropping.files.text('/l')?.length ?? 0) / 100 + dropped, 6000)
  assert.match(dropping.stderr.text(), new RegExp(`web: ${dropped} lines dropped, the reader of /l was too slow`))
})

test('reopen: the next line goes to a new file, and the one that was moved away is complete', () => {
  const { files, write, logs } = world()
  write('one\n')
  files.settle()
  write('two\n')
  const moved = files.text('/l')
  files.remove('/l')
  assert.equal(logs.reopen(), 1)
  files.settle()
  write('three\n')
  files.settle()
  assert.equal(moved, 'one\n')
  assert.equal(files.text('/l'), 'three\n')
  assert.equal(files.open, 1)
})

test('the end: everything is written before it is over, and what cannot be is said', () => {
  const good = world({}, { format: 'raw' })
  let done = 0
  good.write('one\nhalf')
  good.logs.flush(1000, () => done++)
  assert.equal(done, 0)
  good.files.settle()
  assert.deepEqual([done, good.files.text('/l')], [1, 'one\nhalf\n'])
  const bad = world({}, { format: 'raw' })
  bad.files.room = 0
  bad.write('one\ntwo\n')
  bad.files.settle()
  let result: unknown
  bad.logs.flush(1000, it => {
    result = it
  })
  bad.files.settle()
  assert.deepEqual(result, { unwritten: 0, lost: 0 })
  assert.match(bad.stderr.text(), /web: 2 lines for \/l could not be written: lost\n/)
})

test('several places at once, each in its format; the slowest one decides', () => {
  const log = { stdout: [{ to: 'forward', stream: 'stdout' } as const, file({ format: 'json' })] }
  const { files, pipes, stdout } = bench({ programs: [{ name: 'web', log }, { name: 'db' }], timestamps: true })
  pipes.write(1, 'one\n')
  pipes.turn(1)
  files.settle()
  assert.equal(stdout.text(), '2026-01-02T03:04:05.678Z web    | one\n')
  assert.match(files.text('/l') ?? '', /^\{"time":"2026-01-02T03:04:05.678Z","program":"web".*"message":"one"\}\n$/)
  stdout.room = 0
  pipes.write(1, 'x'.repeat(9999).concat('\n').repeat(60))
  while (pipes.turn(1));
  assert.equal(pipes.isPaused(1), true)
  files.settle()
  assert.equal(pipes.isPaused(1), true)
  stdout.makeRoom(Number.POSITIVE_INFINITY)
  assert.equal(pipes.isPaused(1), false)
})

test('memory: all that waits for files together is bounded, and files in trouble make room for the others', () => {
  const programs = Array.from({ length: 200 }, (_, index) => ({
    name: `p${index}`,
    log: { stdout: [file({ path: `/${index}` })] },
  }))
  const { files, pipes } = bench({ programs, pending: 1000 })
  const written = (): number => {
    for (let index = 0; index < 200; index++) {
      pipes.write(10 * index + 1, `${'x'.repeat(399)}\n`)
      pipes.turn(10 * index + 1)
    }
    return programs.filter((_, index) => pipes.isPaused(10 * index + 1)).length
  }
  // Twice 400 bytes of each would be within the limit of each.
  assert.equal(written(), 200)
  files.room = 0
  files.settle()
  assert.equal(written(), 0)
})
