/** What is said of foster itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FosterFacts } from '../../src/api/foster.ts'
import { type Asked, handlers } from '../../src/api/handlers.ts'
import { worldOf } from '../../src/core/world.ts'
import { planOf } from '../core/plans.ts'

test('the uptime does not go by the clock on the wall, which may be set', () => {
  const foster: Partial<FosterFacts> = {
    ...{ version: '1', pid: 1, started: 1_700_000_000_000, wall: () => 0, uptime: () => 5000 },
    world: () => worldOf(planOf([])),
  }
  const reply = handlers.status({ foster } as unknown as Asked<'status'>)
  assert.ok('json' in reply && 'uptime' in reply.json)
  assert.equal(reply.json.uptime, 5)
})
