import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Ending } from '../../src/core/ending.ts'
import { type Backoff, programDefaults } from '../../src/core/plan.ts'
import { backoffDelay, judge, type Verdict } from '../../src/core/restart.ts'
import { programOf } from './plans.ts'

const exited = (code: number): Ending => ({ how: 'exited', code })
const missing: Ending = { how: 'unstartable', reason: 'not found', code: 127 }
const backoff: Backoff = { delay: 500, factor: 2, max: 30_000, jitter: 0, resetAfter: 30_000 }

/** Judged with 0 failures before it, no uptime, and a random number that makes no jitter. */
const verdict = (changes: Parameters<typeof programOf>[1], ending: Ending, failures = 0, uptime = 0): Verdict =>
  judge(programOf('p', { backoff, ...changes }), ending, { failures, streak: failures }, uptime, 0.5)

describe('the restart policy', () => {
  const rows: readonly [string, Parameters<typeof programOf>[1], Ending, Verdict['next']][] = [
    ['on-failure, success', { restart: 'on-failure' }, exited(0), 'exited'],
    ['on-failure, failure', { restart: 'on-failure' }, exited(1), 'retry'],
    ['on-failure, signal', { restart: 'on-failure' }, { how: 'killed', signal: 11, core: true }, 'retry'],
    ['on-failure, cannot start', { restart: 'on-failure' }, missing, 'retry'],
    ['always, success', { restart: 'always' }, exited(0), 'retry'],
    ['always, failure', { restart: 'always' }, exited(1), 'retry'],
    ['always, a task that succeeds', { restart: 'always', kind: 'task' }, exited(0), 'exited'],
    ['always, a task that fails', { restart: 'always', kind: 'task' }, exited(1), 'retry'],
    ['never, success', { restart: 'never' }, exited(0), 'exited'],
    ['never, failure', { restart: 'never' }, exited(1), 'exited'],
    ['never, cannot start', { restart: 'never' }, missing, 'fatal'],
    ['no retries, failure', { restart: 'on-failure', startRetries: 0 }, exited(1), 'fatal'],
    ['no retries, always, success', { restart: 'always', startRetries: 0 }, exited(0), 'retry'],
    ['another success code', { successExitCodes: [0, 3] }, exited(3), 'exited'],
    ['0 is no success code', { successExitCodes: [3] }, exited(0), 'retry'],
    ['a success signal', { successExitCodes: ['TERM'] }, { how: 'killed', signal: 15, core: false }, 'exited'],
    ['143 is no signal', { successExitCodes: ['TERM'] }, exited(143), 'retry'],
  ]
  for (const [name, changes, ending, next] of rows) {
    test(name, () => assert.equal(verdict(changes, ending).next, next))
  }
})

describe('start_retries', () => {
  test('three retries are four attempts', () => {
    const attempts: string[] = []
    let failures = 0
    for (let left = 10; left > 0 && attempts.at(-1) !== 'fatal'; left--) {
      const it = verdict({ startRetries: 3 }, exited(1), failures)
      attempts.push(it.next)
      if ('failures' in it) failures = it.failures
    }
    assert.deepEqual(attempts, ['retry', 'retry', 'retry', 'fatal'])
  })

  test('a long run sets the count to 0, a shorter one does not', () => {
    assert.deepEqual(verdict({}, exited(1), 3, 30_000), { next: 'retry', failures: 1, streak: 1, delay: 500 })
    assert.equal(verdict({}, exited(1), 3, 29_999).next, 'fatal')
    assert.deepEqual(verdict({ restart: 'always' }, exited(0), 2, 30_000), {
      next: 'retry',
      failures: 0,
      streak: 1,
      delay: 500,
    })
    assert.deepEqual(verdict({ restart: 'always' }, exited(0), 2, 5), {
      next: 'retry',
      failures: 2,
      streak: 3,
      delay: 2000,
    })
  })

  test('Infinity never gives up', () => {
    const forever = { startRetries: Number.POSITIVE_INFINITY }
    fc.assert(fc.property(fc.nat(), n => verdict(forever, exited(1), n).next === 'retry'))
  })
})

describe('the backoff', () => {
  test('what succeeds at once again and again waits longer each time, and is no failure', () => {
    let before = { failures: 0, streak: 0 }
    const waits = Array.from({ length: 8 }, () => {
      const it = judge(programOf('p', { backoff, restart: 'always', startRetries: 0 }), exited(0), before, 0, 0.5)
      assert.ok(it.next === 'retry' && it.failures === 0)
      before = it
      return it.delay
    })
    assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  })

  test('the documented one doubles from half a second to half a minute', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 100].map(n => backoffDelay(programDefaults.backoff, n, 0.5))
    assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  })

  test('the jitter takes or gives its share', () => {
    assert.equal(backoffDelay({ ...backoff, jitter: 0.1 }, 1, 0), 450)
    assert.equal(backoffDelay({ ...backoff, jitter: 0.1 }, 1, 0.999_999), 550)
  })

  test('it is a whole number within the jitter of the bound, and never shrinks without jitter', () => {
    const any = fc.record({
      delay: fc.nat({ max: 100_000 }),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      max: fc.nat({ max: 1_000_000 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      resetAfter: fc.nat(),
    })
    const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
    fc.assert(
      fc.property(any, fc.integer({ min: 1, max: 5000 }), random, (it, n, chance) => {
        const wait = backoffDelay(it, n, chance)
        const least = Math.min(it.delay, it.max) * (1 - it.jitter)
        assert.ok(Number.isInteger(wait) && wait >= Math.floor(least), `${wait}`)
        assert.ok(wait <= Math.ceil(it.max * (1 + it.jitter)), `${wait}`)
        const steady = { ...it, jitter: 0 }
        assert.ok(backoffDelay(steady, n, chance) <= backoffDelay(steady, n + 1, chance))
      }),
    )
  })

  test('no delay stays no delay after thousands of failures', () => {
    assert.equal(backoffDelay({ ...backoff, delay: 0 }, 5000, 0.5), 0)
  })
})

describe("Supervisor's rules", () => {
  const rules = { rules: 'supervisor', startMillis: 1000, startRetries: 3 } as const
  const rows: readonly [string, Parameters<typeof programOf>[1], Ending, number, number, Verdict][] = [
    ['too quickly, even with code 0', {}, exited(0), 0, 999, { next: 'retry', failures: 1, streak: 0, delay: 1000 }],
    [
      'too quickly, though it is not to be restarted',
      { restart: 'never' },
      exited(0),
      1,
      0,
      { next: 'retry', failures: 2, streak: 0, delay: 2000 },
    ],
    [
      'cannot start, startsecs=0',
      { startMillis: 0 },
      missing,
      2,
      0,
      { next: 'retry', failures: 3, streak: 0, delay: 3000 },
    ],
    ['the retries are used up', {}, exited(1), 3, 500, { next: 'fatal', failures: 4 }],
    ['no retries', { startRetries: 0 }, exited(1), 0, 0, { next: 'fatal', failures: 1 }],
    ['unexpected, after startsecs', {}, exited(1), 3, 1000, { next: 'retry', failures: 0, streak: 0, delay: 0 }],
    ['expected, after startsecs', {}, exited(0), 0, 1000, { next: 'exited' }],
    [
      'always, after startsecs',
      { restart: 'always' },
      exited(0),
      0,
      5000,
      { next: 'retry', failures: 0, streak: 0, delay: 0 },
    ],
    ['never, after startsecs', { restart: 'never' }, exited(1), 0, 5000, { next: 'exited' }],
    [
      'a signal is never expected',
      { successExitCodes: [0, 15, 143] },
      { how: 'killed', signal: 15, core: false },
      0,
      2000,
      { next: 'retry', failures: 0, streak: 0, delay: 0 },
    ],
    [
      'startsecs=0 spins, but not faster than supervisord',
      { startMillis: 0 },
      exited(1),
      0,
      30,
      { next: 'retry', failures: 0, streak: 0, delay: 70 },
    ],
  ]
  for (const [name, changes, ending, failures, uptime, expected] of rows) {
    test(name, () => assert.deepEqual(verdict({ ...rules, ...changes }, ending, failures, uptime), expected))
  }
})
