import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Ending } from '../../src/core/ending.ts'
import { graphOf } from '../../src/core/graph.ts'
import type { Dependency, Program } from '../../src/core/plan.ts'
import { conditionOf, permissionOf } from '../../src/core/schedule.ts'
import { type State, unborn } from '../../src/core/state.ts'
import { on, programOf } from './plans.ts'

const well: Ending = { how: 'exited', code: 0 }
const badly: Ending = { how: 'exited', code: 3 }
const history = { failures: 0, streak: 0, last: undefined, runs: 0 }
const live = { ...history, pid: 7, since: 0 }

const stopped: State = { at: 'stopped', by: 'operator', ...history }
const waiting: State = { at: 'waiting', ...history }
const launching: State = { at: 'launching', next: 'up', until: Number.POSITIVE_INFINITY, ...history }
const starting: State = { at: 'starting', deadline: 1, limit: Number.POSITIVE_INFINITY, ...live, probing: {} }
const running: State = { at: 'running', ...live, probing: {} }
const stopping: State = { at: 'stopping', deadline: 1, next: 'operator', killed: false, unhealthy: undefined, ...live }
const backoff: State = { at: 'backoff', deadline: 1, ...history, last: badly }
const succeeded: State = { at: 'exited', failures: 0, streak: 0, last: well, runs: 1 }
const failed: State = { at: 'exited', failures: 1, streak: 1, last: badly, runs: 1 }
const fatal: State = {
  at: 'fatal',
  failures: 4,
  streak: 3,
  last: badly,
  runs: 4,
  cause: { why: 'failed', ending: badly },
}

type Verdict = ReturnType<typeof conditionOf>

describe('a condition', () => {
  const open: readonly State[] = [unborn, stopped, waiting, launching, starting, stopping, backoff]

  test('is open while it may yet come true', () => {
    for (const state of open) {
      for (const condition of ['started', 'ready', 'completed'] as const) {
        for (const kind of ['service', 'task'] as const) {
          assert.equal(conditionOf(condition, programOf('p', { kind }), state), 'pending', `${condition} ${state.at}`)
        }
      }
    }
  })

  const rows: readonly [State, Program['kind'], { readonly [C in Dependency['condition']]: Verdict }][] = [
    [running, 'service', { started: 'holds', ready: 'holds', completed: 'pending' }],
    [running, 'task', { started: 'holds', ready: 'holds', completed: 'pending' }],
    [succeeded, 'service', { started: 'impossible', ready: 'impossible', completed: 'holds' }],
    [succeeded, 'task', { started: 'holds', ready: 'impossible', completed: 'holds' }],
    [failed, 'service', { started: 'impossible', ready: 'impossible', completed: 'impossible' }],
    [failed, 'task', { started: 'impossible', ready: 'impossible', completed: 'impossible' }],
    [fatal, 'service', { started: 'impossible', ready: 'impossible', completed: 'impossible' }],
    [fatal, 'task', { started: 'impossible', ready: 'impossible', completed: 'impossible' }],
  ]
  for (const [state, kind, verdicts] of rows) {
    const how = state.last === well ? ' well' : state.last === badly ? ' badly' : ''
    test(`of a ${kind} that is ${state.at}${how}`, () => {
      for (const condition of ['started', 'ready', 'completed'] as const) {
        assert.equal(conditionOf(condition, programOf('p', { kind }), state), verdicts[condition], condition)
      }
    })
  }
})

describe('permission to start', () => {
  /** What the last of these programs may do, which depends on all others. */
  const permission = (states: readonly State[], edges: readonly Partial<Dependency>[]) => {
    const others = states.map((_, i) => programOf(`p${i}`))
    const programs = [...others, programOf('it', { dependsOn: edges.map((edge, i) => on(`p${i}`, edge)) })]
    return permissionOf(others.length, graphOf(programs), programs, [...states, waiting])
  }

  test('nothing to wait for', () => assert.deepEqual(permission([], []), { may: 'start' }))

  test('all conditions count', () => {
    assert.deepEqual(permission([running, running], [{}, {}]), { may: 'start' })
    assert.deepEqual(permission([running, starting, waiting], [{}, {}, {}]), { may: 'wait', on: [1, 2] })
  })

  test('what can never come true is done without, unless it is required', () => {
    assert.deepEqual(permission([fatal], [{ required: false }]), { may: 'start' })
    assert.deepEqual(permission([fatal, starting], [{ required: false }, {}]), { may: 'wait', on: [1] })
    const never = permission([starting, fatal], [{}, {}])
    assert.deepEqual(never, { may: 'never', cause: { why: 'dependency', on: 'p1', root: 'p1', ending: badly } })
  })

  test('the root of a chain of failures stays the root', () => {
    const cause = { why: 'dependency', on: 'db', root: 'disk', ending: badly } as const
    const never = permission([{ at: 'fatal', failures: 0, streak: 0, last: undefined, runs: 0, cause }], [{}])
    assert.deepEqual(never, { may: 'never', cause: { ...cause, on: 'p0' } })
  })
})
