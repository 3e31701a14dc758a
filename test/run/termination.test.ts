import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { World } from '../../src/core/draft.ts'
import { unborn } from '../../src/core/state.ts'
import { worldOf } from '../../src/core/world.ts'
import { type Obituary, Termination, terminationMessage } from '../../src/run/termination.ts'
import { on, planOf, programOf } from '../core/plans.ts'

const obituary: Obituary = {
  ...{
    program: 'web',
    replica: undefined,
    cause: 'program',
    message: 'web: exited with code 3',
    code: 3,
    exit_code: 3,
  },
  ...{ restarts: 2, uptime_seconds: 1.5 },
}

test('all that is known, and nothing else', () => {
  assert.equal(
    terminationMessage(obituary, ['one', 'two']),
    '{"program":"web","cause":"program","message":"web: exited with code 3","code":3,"exit_code":3,"restarts":2,' +
      '"uptime_seconds":1.5,"stderr":["one","two"]}',
  )
})

test('at most 4096 bytes: the last lines as far as they fit, the very last one cut', () => {
  const char = fc.oneof(
    fc.constantFrom('a', '"', '\n', '\x1b', 'é', '漢', '😀', '\u{fffd}'),
    fc.string({ unit: 'binary' }),
  )
  const line = fc.oneof(
    fc.string({ unit: char, maxLength: 20 }),
    fc.string({ unit: char, minLength: 300, maxLength: 6000 }),
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), fc.string({ maxLength: 2000, unit: char }), (lines, message) => {
      const text = terminationMessage({ ...obituary, message }, lines)
      assert.ok(Buffer.byteLength(text) <= 4096)
      const { stderr, message: said } = JSON.parse(text) as { stderr: string[]; message: string }
      assert.ok(message.startsWith(said) && said.length <= 512)
      const last = lines.slice(lines.length - stderr.length)
      if (stderr.length === 1) assert.ok(last[0]?.startsWith(stderr[0] ?? ''))
      else assert.deepEqual(stderr, last)
      // One more, whole, would have been too much.
      const more = lines[lines.length - stderr.length - 1]
      const isCut = stderr.length === 1 && stderr[0] !== last[0]
      const size = Buffer.byteLength(JSON.stringify({ ...obituary, message: said, stderr: [more, ...stderr] }))
      if (more !== undefined && !isCut && stderr.length < 50) assert.ok(size > 4096)
    }),
    { numRuns: 60 },
  )
})

test('a line that is too long is cut as late as possible, and not inside a character', () => {
  for (const [char, bytes] of [
    ['a', 1],
    ['漢', 3],
    ['😀', 4],
    ['"', 2],
  ] as const) {
    const text = terminationMessage(obituary, ['left out', char.repeat(4000)])
    const { stderr } = JSON.parse(text) as { stderr: string[] }
    assert.equal(stderr.length, 1)
    assert.match(stderr[0] ?? '', new RegExp(`^(?:${char})+$`, 'u'))
    assert.ok(Buffer.byteLength(text) > 4096 - bytes)
  }
})

test('where a dependency has failed, its last lines are told, of the replica that it was', () => {
  const ending = { how: 'exited', code: 3 } as const
  const plan = planOf([
    programOf('db', { replica: 0 }),
    programOf('db', { replica: 1 }),
    programOf('web', { dependsOn: [on('db')] }),
  ])
  const world: World = {
    ...worldOf(plan),
    states: [
      unborn,
      { ...unborn, at: 'fatal', cause: { why: 'failed', ending }, last: ending },
      { ...unborn, at: 'fatal', cause: { why: 'dependency', on: 'db:1', root: 'db:1', ending } },
    ],
  }
  const written: string[] = []
  const logs = {
    program: (index: number) => ({ tail: () => [{ bytes: Buffer.from(`lines of ${index}\n`) }] }),
  } as never
  new Termination({ world: () => world, logs, write: text => void written.push(text), now: () => 0 }).ending({
    ...{ why: 'program', index: 2, row: '', code: 3 },
  })
  const said = JSON.parse(written[0] ?? '') as { root: string; stderr: string[] }
  assert.deepEqual([said.root, said.stderr], ['db:1', ['lines of 1']])
})
