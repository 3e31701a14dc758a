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
      after: () => () => {},
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

  test('a process that had no probes is asked when a reload has given it one', () => {
    const liveness = { ...probeDefaults, check: { by: 'log', pattern: 'up' } } as const
    let program = programOf('web')
    const expected: number[] = []
    const begun: string[] = []
    const expect = (pid: number): (() => void) => {
      expected.push(pid)
      return () => {}
    }
    const health = new Health({
      program: () => program,
      dispatch: () => {},
      logs: { program: () => ({ expect }) } as never,
      begin: (_program, check) => {
        begun.push(check.by)
        return () => {}
      },
      after: () => () => {},
    })
    health.started(0, 100)
    health.adopted(0, 200)
    program = programOf('web', {
      probes: { readiness: liveness, liveness: { ...liveness, check: { by: 'file', path: '/' } } },
    })
    health.configured(0)
    assert.deepEqual(expected, [100], 'its output is known by the process that was started')
    health.begin(0, 'liveness', 200)
    assert.deepEqual(begun, ['file'])
  })

  test('those that could not be made are no results, and one message for all', () => {
    const liveness = { ...probeDefaults, check: { by: 'file', path: '/alive' } } as const
    const dispatched: Input[] = []
    const said: string[] = []
    const later: (() => void)[] = []
    const health = new Health({
      program: index => programOf(index === 0 ? 'web' : 'api', { probes: { liveness } }),
      dispatch: input => dispatched.push(input),
      logs: {
        program: () => ({ expect: () => () => {} }),
        say: (level: string, text: string) => said.push(`${level} ${text}`),
      } as never,
      begin: (_program, _check, _timeout, done) => {
        done(undefined, 'no more descriptors')
        return () => {}
      },
      after: (_millis, done) => {
        later.push(done)
        return () => {}
      },
    })
    for (const index of [0, 1, 0]) {
      health.started(index, 100 + index)
      health.begin(index, 'liveness', 100 + index)
    }
    const event = { on: 'untried', probe: 'liveness', pid: 100 } as const
    assert.deepEqual(dispatched[0], { on: 'program', index: 0, event })
    assert.equal(dispatched.length, 3)
    later.shift()?.()
    assert.deepEqual(said, [
      'warning web: its liveness probe could not be tried: no more descriptors',
      'warning probes could not be tried 2 more times',
    ])
  })
})
