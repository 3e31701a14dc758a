/** Event listeners and the world: who is told what, in which order, and what is done when a listener cannot be written to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { World } from '../../src/core/draft.ts'
import type { EventType } from '../../src/core/event-types.ts'
import type { Plan } from '../../src/core/plan.ts'
import { type Input, step, worldOf } from '../../src/core/world.ts'
import { EventListeners } from '../../src/run/event-listeners.ts'
import { planOf, programOf } from '../core/plans.ts'

interface Group {
  readonly asked?: readonly EventType[]
  readonly limit?: number
}

/** A plan of groups with one process each, those with `asked` being listeners. */
function planWith(groups: Readonly<Record<string, Group>>): Plan {
  const names = Object.keys(groups)
  const programs = names.map(name => programOf(name, { rules: 'supervisor', startMillis: 0, critical: false }))
  return {
    ...planOf(programs),
    stays: true,
    supervisor: {
      ...{ identifier: 'id', hasInterface: true, servers: [] },
      groups: names.map(name => {
        const { asked, limit = 10 } = groups[name] ?? {}
        const process = { name, program: name } as never
        return {
          name,
          priority: 0,
          processes: [process],
          ...(asked && { pool: { events: asked, buffer_size: limit } }),
        }
      }),
    },
  }
}

/** A world with its listeners, which are written to by way of `sent`. */
function bench(groups: Readonly<Record<string, Group>>) {
  let world: World = worldOf(planWith(groups))
  const sent: string[] = []
  const said: string[] = []
  const timers = new Set<() => void>()
  const refusing = new Set<number>()
  const listeners = new EventListeners({
    world: () => world,
    write: (index, text) => {
      if (refusing.has(index)) return 'closed'
      const [, serial, pool, own, type, payload] =
        /serial:(\d+) pool:(\S+) poolserial:(\d+) eventname:(\S+) len:\d+\n(.*)/.exec(text) ?? []
      sent.push(`${index} ${serial} ${pool} ${own} ${type} ${payload}`.trimEnd())
      return 'taken'
    },
    say: (_level, text) => said.push(text),
    wall: () => 0,
    after: (_millis, done) => {
      timers.add(done)
      return () => void timers.delete(done)
    },
  })
  const take = (input: Input): void => {
    const { world: next, effects } = step(world, input, { now: 0, random: 0.5 })
    world = next
    for (const effect of effects) listeners.observe(effect)
  }
  const spawned = (index: number): void => take({ on: 'program', index, event: { on: 'spawned', pid: 10 + index } })
  const exit = (index: number, code: number): void =>
    take({ on: 'program', index, event: { on: 'exit', ending: { how: 'exited', code } } })
  /** A listener is there, and ready. */
  const ready = (index: number): void => {
    spawned(index)
    listeners.output(index, 'READY\n')
  }
  const clear = (): string[] => sent.splice(0)
  return { listeners, take, spawned, exit, ready, clear, said, timers, refusing, ok: 'RESULT 2\nOKREADY\n' }
}

test('at the beginning pools hear of groups from their own on, and numbers are for those who ask', () => {
  const it = bench({
    l: { asked: ['PROCESS_GROUP'] },
    m: { asked: ['SUPERVISOR_STATE_CHANGE', 'PROCESS_GROUP_ADDED'] },
  })
  it.listeners.begin()
  it.take({ on: 'boot' })
  it.ready(0)
  it.ready(1)
  it.listeners.output(0, it.ok)
  it.listeners.output(1, it.ok)
  assert.deepEqual(it.clear(), [
    ...['0 0 l 0 PROCESS_GROUP_ADDED groupname:l', '1 1 m 0 PROCESS_GROUP_ADDED groupname:m'],
    ...['0 1 l 1 PROCESS_GROUP_ADDED groupname:m', '1 2 m 1 SUPERVISOR_STATE_CHANGE_RUNNING'],
  ])
})

test('an event that a listener dies over is told again, and its own end after that', () => {
  const it = bench({ l: { asked: ['PROCESS_STATE_EXITED'] }, a: {} })
  it.listeners.begin()
  it.take({ on: 'boot' })
  it.ready(0)
  it.spawned(1)
  it.exit(1, 3)
  it.exit(0, 4)
  it.take({ on: 'wish', index: 0, wish: 'start' })
  it.ready(0)
  it.listeners.output(0, it.ok)
  const [first, second, third] = it.clear()
  assert.match(first ?? '', /^0 0 l 0 .*processname:a /)
  assert.equal(second, first)
  assert.match(third ?? '', /^0 1 l 1 .*processname:l .* expected:0 pid:10$/)
})

test('a listener that cannot be written to keeps its event for its next process', () => {
  const it = bench({ l: { asked: ['REMOTE_COMMUNICATION'] } })
  it.listeners.begin()
  it.take({ on: 'boot' })
  it.ready(0)
  it.refusing.add(0)
  it.listeners.tell({ type: 'REMOTE_COMMUNICATION', payload: 'x' })
  assert.deepEqual(it.clear(), [])
  it.refusing.clear()
  it.exit(0, 1)
  it.take({ on: 'wish', index: 0, wish: 'start' })
  it.ready(0)
  assert.deepEqual(it.clear(), ['0 0 l 0 REMOTE_COMMUNICATION x'])
})

test('what is dropped is said at once, then counted', () => {
  const it = bench({ l: { asked: ['REMOTE_COMMUNICATION'], limit: 2 } })
  it.listeners.begin()
  for (let at = 0; at < 7; at++) it.listeners.tell({ type: 'REMOTE_COMMUNICATION', payload: String(at) })
  assert.deepEqual(it.said.splice(0), ['pool l event buffer overflowed, discarding event 0'])
  for (const done of [...it.timers]) done()
  assert.deepEqual(it.said, ['pool l event buffer overflowed, discarding 4 more events'])
})

test('when the container ends a listener may deal with what waits, but not for ever', () => {
  for (const answers of [true, false]) {
    const it = bench({ l: { asked: ['REMOTE_COMMUNICATION'] } })
    it.listeners.begin()
    it.take({ on: 'boot' })
    it.ready(0)
    assert.equal(it.listeners.leave(0, 1000, assert.fail), false)
    for (const payload of ['x', 'y']) it.listeners.tell({ type: 'REMOTE_COMMUNICATION', payload })
    let left = 0
    assert.equal(
      it.listeners.leave(0, 1000, () => left++),
      true,
    )
    it.take({ on: 'shutdown' })
    assert.equal(left, 0)
    if (answers) {
      it.listeners.output(0, it.ok)
      it.listeners.output(0, it.ok)
    } else for (const done of [...it.timers]) done()
    assert.equal(left, 1)
    assert.deepEqual(it.clear().length, answers ? 2 : 1)
    it.listeners.tell({ type: 'REMOTE_COMMUNICATION', payload: 'z' })
    assert.deepEqual(it.clear(), [])
  }
})

test('a reload makes, changes and removes pools; those who stay keep what they do', () => {
  const it = bench({ l: { asked: ['PROCESS_GROUP', 'REMOTE_COMMUNICATION'] }, a: {} })
  it.listeners.begin()
  it.take({ on: 'boot' })
  it.ready(0)
  it.clear()
  const next = planWith({ l: { asked: ['PROCESS_GROUP_REMOVED'] }, b: { asked: ['EVENT'] } })
  it.take({ on: 'reload', plan: next, stale: new Set() })
  for (let at = 0; at < 4; at++) it.listeners.output(0, it.ok)
  it.listeners.tell({ type: 'REMOTE_COMMUNICATION', payload: 'x' })
  assert.deepEqual(
    it.clear().map(line => line.split(' ').slice(4).join(' ')),
    ['PROCESS_GROUP_ADDED groupname:a', 'PROCESS_GROUP_REMOVED groupname:a'],
  )
})

test('who comes to listen later does not hear of the groups that were there', () => {
  const plan = planWith({ a: {}, l: { asked: ['PROCESS_GROUP'] } })
  const world = worldOf(plan)
  const sent: string[] = []
  const options = { world: () => world, say: assert.fail, wall: () => 0, after: () => () => {} }
  const write = (_index: number, text: string): 'taken' => {
    sent.push(text.split('\n')[1] ?? '')
    return 'taken'
  }
  const listeners = new EventListeners({ ...options, write }, plan.supervisor?.groups.slice(0, 1))
  listeners.configured()
  const moment = { now: 0, random: 0 }
  const booted = step(world, { on: 'boot' }, moment).world
  const { effects } = step(booted, { on: 'program', index: 1, event: { on: 'spawned', pid: 7 } }, moment)
  for (const effect of effects) listeners.observe(effect)
  listeners.output(1, 'READY\n')
  assert.deepEqual(sent, ['groupname:l'])
})
