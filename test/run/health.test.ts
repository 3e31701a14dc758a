/** Probes as the system sees them: what is under way, and who is asked. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { probeDefaults } from '../../src/core/probe.ts'
import type { Input } from '../../src/core/world.ts'
import { Health } from '../../src/run/health.ts'
import { programOf } from '../core/plans.ts'

describe('tries', () => {
  test('one that is under way is called off when another process is adopted: it asks about the one before', () => {
    const liveness = { ...probeDefaults, check: { by: 'file', path: '/alive' } } as const
    const calledOff: string[] = []
    const dispatched: Input[] = []
    const health = new Health({
      program: () => programOf('web', { probes: { liveness } }),
      dispatch: input => dispatched.push(input),
      logs: { program: () => ({ expect: () => () => {} }) } as never,
      begin: () => () => calledOff.push('liveness'),
    })
    health.started(0, 100)
    health.begin(0, 'liveness', 100)
    health.adopted(0, 200)
    assert.deepEqual(calledOff, ['liveness'])
    health.begin(0, 'liveness', 200)
    health.ended(0)
    assert.deepEqual(calledOff, ['liveness', 'liveness'])
    assert.deepEqual(dispatched, [])
  })
})
