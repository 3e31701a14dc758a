/** Probes in the table by example: what once went wrong. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Program } from '../../src/core/plan.ts'
import { type Probe, probeDefaults } from '../../src/core/probe.ts'
import { step } from '../../src/core/program.ts'
import { conditionOf } from '../../src/core/schedule.ts'
import { dueOf, type Effect, type Event, isReady, type State, unborn } from '../../src/core/state.ts'
import { type Input, nextDeadline, step as stepWorld, worldOf } from '../../src/core/world.ts'
import { planOf, programOf } from './plans.ts'

const tried: Probe = { ...probeDefaults, check: { by: 'tcp', host: 'localhost', port: 80 }, failureThreshold: 1 }
const told: Probe = { ...probeDefaults, check: { by: 'notify' } }

/** One process, spawned at 0 with pid 7, and what happens to it when. */
function after(changes: Partial<Program>, ...happens: readonly (readonly [now: number, event: Event])[]) {
  const program = programOf('web', { startMillis: 0, ...changes })
  let state: State = unborn
  let effects: readonly Effect[] = []
  const begin: typeof happens = [
    [0, { on: 'up' }],
    [0, { on: 'clear' }],
    [0, { on: 'spawned', pid: 7 }],
  ]
  for (const [now, event] of [...begin, ...happens]) {
    const result = step(state, event, { program, now, random: 0.5, serving: true })
    state = result.state
    effects = result.effects
  }
  return { state, effects }
}

const result = (probe: 'startup' | 'readiness' | 'liveness', ok: boolean, pid = 7): Event => ({
  on: 'tried',
  probe,
  pid,
  ok,
  detail: ok ? '' : 'no',
})
const deadline: Event = { on: 'deadline' }

describe('probes in the table', () => {
  test('when another process is adopted during a try, the new one is asked at the time of the next', () => {
    const { state } = after({ probes: { liveness: tried } }, [0, deadline], [300, { on: 'adopted', pid: 8 }])
    assert.equal(dueOf(state, true), 10_000)
    const late = after({ probes: { liveness: tried } }, [0, deadline], [12_000, { on: 'adopted', pid: 8 }])
    assert.equal(dueOf(late.state, true), 12_000)
  })

  test('a try that came to nothing counts for nothing, and the next comes after the usual period', () => {
    const nothing: Event = { on: 'untried', probe: 'liveness', pid: 7 }
    const { state, effects } = after({ probes: { liveness: tried } }, [0, deadline], [300, nothing])
    assert.deepEqual([state.at, effects, dueOf(state, true)], ['running', [], 10_000])
    const late = after({ probes: { liveness: tried } }, [0, deadline], [12_000, nothing])
    assert.equal(dueOf(late.state, true), 12_000)
    const other = after({ probes: { liveness: tried } }, [0, deadline], [300, { ...nothing, pid: 8 }])
    assert.equal(dueOf(other.state, true), Number.POSITIVE_INFINITY)
    const probes = { liveness: { ...tried, startPeriod: 60_000, startInterval: 50 } }
    assert.equal(dueOf(after({ probes }, [0, deadline], [20, nothing]).state, true), 50)
    const twice = { liveness: { ...tried, failureThreshold: 2 } }
    const moves = [
      [0, deadline],
      [1, result('liveness', false)],
      [10_000, deadline],
      [10_001, nothing],
    ] as const
    assert.equal(
      after({ probes: twice }, ...moves, [20_000, deadline], [20_001, result('liveness', false)]).state.at,
      'stopping',
    )
  })

  test('a sign of life during the startup does not set the watchdog going', () => {
    const probes = { startup: tried, liveness: told }
    const { state } = after({ probes }, [0, deadline], [10, result('liveness', true)])
    assert.equal(dueOf(state, true), Number.POSITIVE_INFINITY)
    const started = after({ probes }, [0, deadline], [10, result('liveness', true)], [20, result('startup', true)])
    assert.equal(dueOf(started.state, true), 20 + 30_000)
  })

  test('startup passes once and for all', () => {
    const { state } = after({ probes: { startup: told } }, [5, result('startup', true)], [9, result('startup', false)])
    assert.equal(state.at, 'running')
  })

  test('who asks for more time is tried as before', () => {
    const more: Event = { on: 'extended', pid: 7, millis: 60_000 }
    assert.equal(dueOf(after({ probes: { startup: { ...tried, initialDelay: 50 } } }, [1, more]).state, true), 50)
    assert.equal(dueOf(after({ probes: { startup: told } }, [1, more]).state, true), 60_001)
  })

  test('the probe stays the cause when everything is killed', () => {
    const happens = [
      [0, deadline],
      [1, result('liveness', false)],
      [2, { on: 'kill' }],
      [3, { on: 'exit', ending: { how: 'killed', signal: 9, core: false } }],
    ] as const
    const { last } = after({ probes: { liveness: tried } }, ...happens).state
    assert.deepEqual(last, { how: 'killed', signal: 9, core: false, unhealthy: { probe: 'liveness', detail: 'no' } })
  })
})

describe('a process that has ended and left something behind', () => {
  const failed: Event = { on: 'exit', ending: { how: 'exited', code: 3 } }

  test('neither becomes RUNNING nor is asked, and was there for as long as it was', () => {
    const changes = { startMillis: 1000, rules: 'supervisor', probes: { liveness: tried } } as const
    const left = after(changes, [10, { on: 'gone' }])
    assert.deepEqual([left.state.at, dueOf(left.state, true)], ['starting', Number.POSITIVE_INFINITY])
    const { state } = after(changes, [10, { on: 'gone' }], [2500, failed])
    assert.deepEqual([state.at, state.failures], ['backoff', 1])
  })

  test('is not ready any more, and no program that has started', () => {
    const { state } = after({}, [10, { on: 'gone' }])
    assert.equal(isReady(state), false)
    assert.equal(conditionOf('started', programOf('web'), state), 'pending')
  })

  test('is not asked by a probe that a reload gives it', () => {
    const web = programOf('web', { startMillis: 0 })
    let { world } = { world: worldOf(planOf([web])) }
    const happens: readonly Input[] = [
      { on: 'boot' },
      { on: 'program', index: 0, event: { on: 'spawned', pid: 7 } },
      { on: 'program', index: 0, event: { on: 'gone' } },
      { on: 'reload', plan: planOf([{ ...web, probes: { liveness: tried } }]), stale: new Set() },
    ]
    for (const input of happens) ({ world } = stepWorld(world, input, { now: 10, random: 0.5 }))
    assert.equal(nextDeadline(world), undefined)
  })

  test('keeps its own ending when it is stopped meanwhile, and its time when it was found ill before', () => {
    const unwell = result('liveness', false)
    const ill = after({ probes: { liveness: tried } }, [0, deadline], [40_000, unwell], [40_001, { on: 'gone' }])
    assert.equal(ill.state.at, 'stopping')
    const down: Event = { on: 'down', by: 'operator', deadline: 5000 }
    const { state } = after({}, [10, { on: 'gone' }], [20, down], [2500, failed])
    assert.deepEqual([state.at, state.last], ['stopped', { how: 'exited', code: 3 }])
  })
})
