import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bench } from './fakes.ts'

/** Callbacks come in a microtask. */
const soon = () => Promise.resolve()

test('a line is found however it comes, on either stream, once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), fc.boolean(), async (sizes, err) => {
      const world = bench({ names: ['web', 'db'] })
      const fd = err ? 2 : 1
      let found = 0
      world.logs.program(0).expect(100, /^ready on \d+$/g, () => found++)
      await soon()
      let text = 'not ready on 1\nready on 80\r\nready on 81\n'
      for (let turn = 0; text !== ''; turn++) {
        const size = sizes[turn % sizes.length] ?? 1
        world.pipes.write(fd, text.slice(0, size))
        world.pipes.turn(fd)
        text = text.slice(size)
        await soon()
        assert.equal(found, text.length > 'ready on 81\n'.length ? 0 : 1)
      }
    }),
  )
})

test('a line that has been written before counts, if it is of this run', async () => {
  const world = bench({ names: ['web', 'db'] })
  const web = world.logs.program(0)
  const found: string[] = []
  world.pipes.write(1, 'ready\nhal')
  world.pipes.turn(1)
  web.expect(100, /^ready$/, () => found.push('ready'))
  web.expect(100, /^half$/, () => found.push('half'))
  web.expect(100, /^$/, () => found.push('nothing'))
  assert.deepEqual(found, [])
  await soon()
  await soon()
  assert.deepEqual(found, ['ready'])
  world.pipes.write(1, 'f\n')
  world.pipes.turn(1)
  await soon()
  assert.deepEqual(found, ['ready', 'half'])
})

test('lines of the run before do not count, even if they are read later', async () => {
  const world = bench({ names: ['web', 'db'], room: 0, pending: 4 })
  const web = world.logs.program(0)
  let found = 0
  world.pipes.write(1, 'first\n')
  world.pipes.turn(1)
  assert.equal(world.pipes.isPaused(1), true)
  world.pipes.write(1, 'ready\n')
  web.endRun()
  web.startRun(200)
  web.expect(200, /ready/, () => found++)
  world.stdout.makeRoom(1000)
  world.stdout.makeRoom(1000)
  while (world.pipes.turn(1));
  await soon()
  assert.equal(found, 0)
  world.pipes.write(1, 'ready')
  world.pipes.turn(1)
  await soon()
  assert.equal(found, 0)
  web.endRun()
  await soon()
  assert.equal(found, 1)
})

test('it can be called off, and of long lines the beginning is tested', async () => {
  const world = bench({ names: ['web', 'db'], maxLine: 10 })
  const web = world.logs.program(0)
  const found: string[] = []
  const cancel = web.expect(100, /never/, () => found.push('never'))
  web.expect(100, /^x+$/, () => found.push('beginning'))
  web.expect(100, /^x{11}/, () => found.push('too long'))
  web.expect(100, /y|^z/, () => found.push('end'))
  web.expect(100, /^next$/, () => found.push('next'))
  await soon()
  cancel()
  world.pipes.write(1, `${'x'.repeat(25)}`)
  world.pipes.turn(1)
  await soon()
  assert.deepEqual(found, ['beginning'])
  world.pipes.write(1, `y${'z'.repeat(25)}\nnever\nnext\n`)
  world.pipes.turn(1)
  await soon()
  assert.deepEqual(found, ['beginning', 'next'])
})

test('a line of a megabyte does not stop the world, also one that is there already', { timeout: 60_000 }, async () => {
  const world = bench({ names: ['web', 'db'] })
  const web = world.logs.program(0)
  const found: string[] = []
  // Each would take an hour.
  const write = (): void => {
    world.pipes.write(1, `${'x'.repeat(300_000)}\n`)
    while (world.pipes.turn(1)) world.stdout.makeRoom(1_000_000)
  }
  write()
  web.expect(100, /.*ready/u, () => found.push('ready'))
  await soon()
  write()
  world.pipes.write(1, 'now ready\n')
  while (world.pipes.turn(1)) world.stdout.makeRoom(1_000_000)
  await soon()
  assert.deepEqual(found, ['ready'])
})
