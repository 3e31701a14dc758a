/** What becomes of an answer that goes on when a reload takes away the right to it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessOf } from '../../src/api/access.ts'
import type { Failure } from '../../src/api/answers.ts'
import { Events } from '../../src/api/events.ts'
import type { FosterFacts } from '../../src/api/foster.ts'
import { type Asked, handlers, type Reply } from '../../src/api/handlers.ts'
import { whileAllowed } from '../../src/api/rights.ts'
import type { AccessRule } from '../../src/core/control.ts'
import { worldOf } from '../../src/core/world.ts'
import { planOf, programOf } from '../core/plans.ts'

const ruleFor = (programs: readonly string[]): AccessRule => ({
  ...{ who: { uid: 1000 }, name: 'app', allow: ['logs'], programs },
})

/** Follows the programs `web` and `db` with these rights. */
function follow(uid: number) {
  let rules = [ruleFor(['web', 'db'])]
  let world = worldOf(planOf([programOf('web'), programOf('db')]))
  const foster: Partial<FosterFacts> = { world: () => world }
  const access = accessOf({ uid, gid: uid, groups: [], pid: 1 }, () => rules, 0)
  const lines = { pull: () => 'line\n', isOver: false, onMore: () => {}, close: () => {} }
  const following = whileAllowed({ foster: foster as FosterFacts, access }, 'logs', [0, 1], lines)
  return {
    following,
    allow: (programs: readonly string[]) => {
      rules = programs.length === 0 ? [] : [ruleFor(programs)]
    },
    remove: (index: number) => {
      world = { ...world, retired: new Set([index]) }
    },
  }
}

test('who follows is cut off when the right to a process is taken away', () => {
  const { following, allow } = follow(1000)
  assert.deepEqual([following.pull(10), following.isOver], ['line\n', false])
  allow(['web'])
  assert.deepEqual([following.pull(10), following.isOver], [undefined, true])
  allow(['web', 'db'])
  assert.equal(following.pull(10), undefined)
})

test('rights to what has been removed are no matter, while there is any', () => {
  const { following, allow, remove } = follow(1000)
  remove(1)
  allow(['web'])
  assert.equal(following.pull(10), 'line\n')
  allow([])
  assert.deepEqual([following.pull(10), following.isOver], [undefined, true])
})

test('an operator needs no rules', () => {
  const { following, allow } = follow(0)
  allow([])
  assert.equal(following.pull(10), 'line\n')
})

test('events and logs that are followed are such answers', () => {
  let rules: readonly AccessRule[] = [{ ...ruleFor(['web']), allow: ['logs', 'events'] }]
  const memory = { follow: () => ({ read: () => undefined, close: () => {} }) }
  const foster = {
    ...{ world: () => worldOf(planOf([programOf('web')])), events: new Events(() => 0), log: () => memory },
  }
  const access = accessOf({ uid: 1000, gid: 1000, groups: [], pid: 1 }, () => rules, 0)
  const asked = (query: object): unknown => ({ foster, access, peer: undefined, name: '', query, about: () => {} })
  const followed = (reply: Reply | Failure) => ('lines' in reply ? reply.lines : assert.fail('no lines'))
  const all = [
    followed(handlers.events(asked({ follow: true }) as Asked<'events'>)),
    followed(handlers.logs(asked({ follow: true }) as Asked<'logs'>)),
    followed(handlers.logs(asked({ follow: true, raw: true }) as Asked<'logs'>)),
  ]
  for (const lines of all) assert.deepEqual([lines.pull(10), lines.isOver], [undefined, false])
  rules = []
  for (const lines of all) assert.deepEqual([lines.pull(10), lines.isOver], [undefined, true])
})
