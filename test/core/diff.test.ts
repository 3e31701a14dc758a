/** What a new plan changes about a running one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Change, changesOf, isSame } from '../../src/core/diff.ts'
import type { Program } from '../../src/core/plan.ts'
import { probeDefaults } from '../../src/core/probe.ts'
import { on, planOf, programOf } from './plans.ts'

const words = (changes: readonly Change[]): readonly string[] =>
  changes.map(it => [it.label, it.kind, ...('options' in it ? it.options : [])].join(' '))
const between = (before: readonly Program[], after: readonly Program[], gone: readonly number[] = []) =>
  words(changesOf(planOf(before), planOf(after), new Set(gone)))

const [a, b] = [programOf('a'), programOf('b')]
const probe = { ...probeDefaults, check: { by: 'tcp', host: 'localhost', port: 80 } } as const

test('the same programs in another order are no change', () => {
  assert.deepEqual(between([a, b], [b, a]), [])
})

test('programs come, go, and come back', () => {
  assert.deepEqual(between([a], [a, b]), ['b added'])
  assert.deepEqual(between([a, b], [b]), ['a removed'])
  assert.deepEqual(between([a, b], [a, b], [1]), ['b added'])
  assert.deepEqual(between([a, b], [a], [1]), [])
})

test('what a process is made of makes it another one; rules do not', () => {
  const other: Partial<Program> = { command: ['x'], environment: { A: 'b' }, user: undefined, workingDir: '/' }
  assert.deepEqual(between([a], [programOf('a', other)]), ['a restarted command workingDir environment'])
  const socket = { of: 'a', backlog: 1, address: { host: 'localhost', port: 1 } } as const
  assert.deepEqual(between([programOf('a', { socket })], [programOf('a', { socket: { ...socket } })]), [])
  const wider = { socket: { ...socket, backlog: 2 } }
  assert.deepEqual(between([programOf('a', { socket })], [programOf('a', wider)]), ['a restarted socket'])
  const rules: Partial<Program> = {
    critical: false,
    restart: 'never',
    dependsOn: [on('b')],
    probes: { liveness: probe },
  }
  assert.deepEqual(between([a, b], [programOf('a', rules), b]), ['a updated critical restart dependsOn probes'])
})

test('a probe for which the program has been given something makes it another one', () => {
  const fd = { ...probeDefaults, check: { by: 'fd', fd: 3 } } as const
  const told = programOf('a', { probes: { readiness: fd } })
  assert.deepEqual(between([a], [told]), ['a restarted probes'])
  assert.deepEqual(between([told], [a]), ['a restarted probes'])
  assert.deepEqual(between([told], [programOf('a', { probes: { readiness: { ...fd, period: 1 } } })]), [
    'a updated probes',
  ])
  const notify = { ...probeDefaults, check: { by: 'notify' } } as const
  const watched = (period: number) => programOf('a', { probes: { liveness: { ...notify, period } } })
  assert.deepEqual(between([watched(1000)], [watched(2000)]), ['a restarted probes'])
})

test('replicas are known by their numbers, the first also without one', () => {
  const web = (replica: number | undefined) => programOf('web', { replica })
  assert.deepEqual(between([web(undefined)], [web(0), web(1)]), ['web:0 updated replica', 'web:1 added'])
  assert.deepEqual(between([web(0), web(1), web(2)], [web(0), web(2)]), ['web:1 removed'])
})

test('files that have changed restart what was started with them', () => {
  assert.deepEqual(words(changesOf(planOf([a, b]), planOf([a, b]), new Set(), new Set([1]))), ['b restarted secrets'])
})

test('values are the same however they were made', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => isSame(value, structuredClone(value))),
    { numRuns: 300 },
  )
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      // -0 and 0 are one number in JSON.
      const text = (it: unknown): string => JSON.stringify(sorted(it))
      if (!text([one, other]).includes('0')) assert.equal(isSame(one, other), text(one) === text(other))
    }),
    { numRuns: 300 },
  )
})

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}
