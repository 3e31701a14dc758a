import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Privileges } from '../../src/core/privileges.ts'
import type { Limit, ProcessSettings } from '../../src/core/settings.ts'
import { ownSettings } from '../../src/os/launch.ts'
import { boundsOf } from '../../src/os/limits.ts'
import { needsWrapper } from '../../src/os/settings.ts'
import { verdictOf } from '../../src/os/wrapper.ts'

const infinity = Number.POSITIVE_INFINITY

const own = (may: boolean | undefined): Privileges => ({
  has: () => may,
  groups: () => [],
  nice: () => 0,
  oomScoreAdj: () => 0,
  limit: name => (name === 'nofile' ? { soft: 20_000, hard: 1_000_000 } : { soft: 8, hard: infinity }),
  mostDescriptors: () => 1_048_576,
})

const limit = (name: Limit['name'], soft?: number, hard?: number): Partial<ProcessSettings> => ({
  limits: [{ name, soft, hard }],
})

const cases: readonly (readonly [Partial<ProcessSettings>, may: boolean | undefined, wrapped: boolean])[] = [
  [{}, false, false],
  [{ umask: 0o77 }, false, false],
  [{ nice: 0 }, false, false],
  [{ nice: -5 }, true, false],
  [{ nice: 5 }, true, false],
  // It could not come back.
  [{ nice: 5 }, false, true],
  [{ nice: 5 }, undefined, true],
  [{ oomScoreAdj: -5 }, true, false],
  [{ oomScoreAdj: 0 }, true, false],
  // PID 1 would be killed first.
  [{ oomScoreAdj: 5 }, true, true],
  [limit('core', 0), false, false],
  [limit('nofile', 5000), false, false],
  [limit('nofile', 5000, 1_000_000), false, false],
  [limit('nofile', 5000, 5000), true, true],
  [limit('nofile', undefined, 5000), true, true],
  // Too few for foster.
  [limit('nofile', 50), true, true],
  ...(['as', 'cpu', 'data', 'fsize', 'nproc', 'stack'] as const).map(name => [limit(name, 5), true, true] as const),
]
for (const [settings, may, wrapped] of cases) {
  test(`${JSON.stringify(settings)} with ${may} takes the wrapper: ${wrapped}`, () => {
    assert.equal(needsWrapper({ ...ownSettings, ...settings }, own(may)), wrapped)
  })
}

test('a soft limit that is not said is as before, within the hard one', () => {
  const has = { soft: 20, hard: 100 }
  assert.deepEqual(boundsOf({ name: 'core', soft: undefined, hard: undefined }, has), has)
  assert.deepEqual(boundsOf({ name: 'core', soft: undefined, hard: 10 }, has), { soft: 10, hard: 10 })
  assert.deepEqual(boundsOf({ name: 'core', soft: 5, hard: undefined }, has), { soft: 5, hard: 100 })
  assert.deepEqual(boundsOf({ name: 'core', soft: infinity, hard: infinity }, has), { soft: infinity, hard: infinity })
  // Node has raised its own.
  const node = { soft: 1e6, hard: 1e6 }
  assert.deepEqual(boundsOf({ name: 'nofile', soft: undefined, hard: undefined }, node), { soft: 65_536, hard: 1e6 })
})

test('how a program that came through the wrapper ended', () => {
  const explain = (errno: number, index: number) =>
    ({ how: 'unstartable', code: 126, reason: `errno ${errno} of file ${index}` }) as const
  const exited = { how: 'exited', code: 3 } as const
  const killed = { how: 'killed', signal: 15, core: false } as const
  const crashed = { how: 'killed', signal: 6, core: true } as const
  const verdict = (told: string, ending: typeof exited | typeof killed | typeof crashed) =>
    verdictOf(Buffer.from(told), ending, explain)
  for (const ending of [exited, killed, crashed]) assert.equal(verdict('>', ending), ending)
  assert.equal(verdict('', killed), killed)
  assert.match(JSON.stringify(verdict('', crashed)), /unstartable.*could not run itself.*signal 6/)
  assert.match(JSON.stringify(verdict('', exited)), /unstartable.*could not run itself.*code 3/)
  assert.deepEqual(verdict('>!\x0d\x02', exited), { how: 'unstartable', code: 126, reason: 'errno 13 of file 2' })
  const refusal = { how: 'unstartable', code: 1, reason: 'no' }
  for (const told of ['', '>']) assert.deepEqual(verdict(`${told}${JSON.stringify(refusal)}`, exited), refusal)
})
