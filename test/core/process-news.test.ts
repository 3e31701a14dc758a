/** What happens to processes, as Supervisor tells of it, for every way through foster's own states. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { WorldEffect } from '../../src/core/draft.ts'
import type { Program } from '../../src/core/plan.ts'
import { newsOf, type Told, wordOf } from '../../src/core/process-news.ts'
import { unborn } from '../../src/core/state.ts'
import { type Input, step, worldOf } from '../../src/core/world.ts'
import { planOf, programOf } from './plans.ts'

const exit = (code: number): Input => ({
  on: 'program',
  index: 0,
  event: { on: 'exit', ending: { how: 'exited', code } },
})
const spawned = (pid: number): Input => ({ on: 'program', index: 0, event: { on: 'spawned', pid } })
const refused: Input = {
  ...{ on: 'program', index: 0 },
  event: { on: 'refused', ending: { how: 'unstartable', reason: 'not found', code: 127 } },
}
const nothing: Input = { on: 'said', index: 0, text: '' }
const wish = (what: 'start' | 'stop' | 'restart'): Input => ({ on: 'wish', index: 0, wish: what })

/** An input; so many milliseconds, after which deadlines are seen, or are not yet. */
type Act = Input | number | { readonly unseen: number }

/** The events of one program by Supervisor's rules; its `startsecs` is 1. */
function story(change: Partial<Program>, ...acts: readonly Act[]): string[] {
  const program = programOf('p', {
    rules: 'supervisor',
    startMillis: 1000,
    startRetries: 1,
    critical: false,
    ...change,
  })
  let world = worldOf({ ...planOf([program]), stays: true })
  let told: Told = { name: { process: 'p', group: 'g' }, state: wordOf(unborn) }
  let now = 0
  const events: string[] = []
  const take = (effect: WorldEffect): void => {
    if (effect.do !== 'note') return
    const found = newsOf(told, effect, program)
    told = found.told
    for (const { type, payload } of found.news) {
      events.push(
        `${type.replace('PROCESS_STATE_', '')} ${payload.replace('processname:p groupname:g from_state:', '')}`,
      )
    }
  }
  for (const act of [{ on: 'boot' } as const, ...acts]) {
    if (typeof act === 'number') now += act
    else if ('unseen' in act) now += act.unseen
    const input: Input = typeof act === 'number' ? { on: 'deadline' } : 'on' in act ? act : nothing
    const { world: next, effects } = step(world, input, { now, random: 0.5 })
    world = next
    effects.forEach(take)
  }
  return events
}

const rows: readonly [string, Partial<Program>, readonly Act[], readonly string[]][] = [
  [
    'it runs and ends',
    { restart: 'never' },
    [spawned(7), 1000, exit(0)],
    ['STARTING STOPPED tries:0', 'RUNNING STARTING pid:7', 'EXITED RUNNING expected:1 pid:7'],
  ],
  [
    'an end that nobody expected is followed by a start, of which a wait is not told',
    { startMillis: 0 },
    [spawned(7), exit(3), 100, spawned(8)],
    [
      ...['STARTING STOPPED tries:0', 'RUNNING STARTING pid:7', 'EXITED RUNNING expected:0 pid:7'],
      ...['STARTING EXITED tries:0', 'RUNNING STARTING pid:8'],
    ],
  ],
  [
    'it ends too early, twice',
    {},
    [spawned(7), exit(0), 1000, spawned(8), exit(0)],
    [
      ...['STARTING STOPPED tries:0', 'BACKOFF STARTING tries:1', 'STARTING BACKOFF tries:1'],
      ...['BACKOFF STARTING tries:2', 'FATAL BACKOFF'],
    ],
  ],
  [
    'it cannot be started',
    { startRetries: 0 },
    [refused, wish('start')],
    ['STARTING STOPPED tries:0', 'BACKOFF STARTING tries:1', 'FATAL BACKOFF', 'STARTING FATAL tries:0'],
  ],
  [
    'it is stopped while it starts, and started again',
    {},
    [spawned(7), wish('stop'), exit(0), wish('start')],
    [...['STARTING STOPPED tries:0', 'STOPPING STARTING pid:7', 'STOPPED STOPPING pid:7'], 'STARTING STOPPED tries:0'],
  ],
  [
    'it is stopped while it waits for its next try',
    {},
    [spawned(7), exit(1), wish('stop')],
    ['STARTING STOPPED tries:0', 'BACKOFF STARTING tries:1', 'STOPPED BACKOFF pid:0'],
  ],
  [
    'a restart is a stop and a start',
    { startMillis: 0 },
    [spawned(7), wish('restart'), exit(0), spawned(8)],
    [
      ...['STARTING STOPPED tries:0', 'RUNNING STARTING pid:7', 'STOPPING RUNNING pid:7', 'STOPPED STOPPING pid:7'],
      ...['STARTING STOPPED tries:0', 'RUNNING STARTING pid:8'],
    ],
  ],
  [
    'an end that comes before the deadline has been seen has been RUNNING all the same',
    { restart: 'never' },
    [spawned(7), { unseen: 1000 }, exit(3)],
    ['STARTING STOPPED tries:0', 'RUNNING STARTING pid:7', 'EXITED RUNNING expected:0 pid:7'],
  ],
]

for (const [name, change, acts, expected] of rows) {
  test(name, () => assert.deepEqual(story(change, ...acts), expected))
}

/** What Supervisor's own machine can do, and (last) what is particular to foster: a start that is taken back. */
const legal = new Set([
  ...['STOPPED STARTING', 'STARTING RUNNING', 'STARTING BACKOFF', 'STARTING STOPPING', 'RUNNING EXITED'],
  ...['RUNNING STOPPING', 'BACKOFF STARTING', 'BACKOFF FATAL', 'BACKOFF STOPPED', 'STOPPING STOPPED'],
  ...['EXITED STARTING', 'FATAL STARTING', 'EXITED STOPPED', 'FATAL STOPPED', 'STARTING STOPPED'],
])

test('whatever happens, only what can follow in Supervisor follows, and the last state told is the true one', () => {
  const act = fc.constantFrom(
    'start',
    'stop',
    'restart',
    'spawn',
    'refuse',
    'withdraw',
    'exit 0',
    'exit 3',
    'wait',
    'shutdown',
  )
  const change = fc.record({
    startMillis: fc.constantFrom(0, 1000),
    restart: fc.constantFrom('always' as const, 'on-failure' as const, 'never' as const),
    startRetries: fc.constantFrom(0, 2),
  })
  fc.assert(
    fc.property(change, fc.array(fc.tuple(act, fc.constantFrom(0, 50, 1500)), { maxLength: 40 }), (changes, acts) => {
      const program = programOf('p', { rules: 'supervisor', critical: false, ...changes })
      let world = worldOf({ ...planOf([program]), stays: true })
      let told: Told = { name: { process: 'p', group: 'g' }, state: wordOf(unborn) }
      let now = 0
      const take = (input: Input): void => {
        const result = step(world, input, { now, random: 0.5 })
        world = result.world
        for (const effect of result.effects) {
          if (effect.do !== 'note') continue
          const before = told.state
          const { told: after, news } = newsOf(told, effect, program)
          const words = [before, ...news.map(({ type }) => type.replace('PROCESS_STATE_', ''))]
          const pairs = words.slice(1).map((to, at) => `${words[at]} ${to}`)
          for (const pair of pairs) assert.ok(legal.has(pair), pair)
          told = after
        }
      }
      take({ on: 'boot' })
      for (const [what, millis] of acts) {
        now += millis
        const at = world.states[0]?.at
        const isLive = at === 'starting' || at === 'running' || at === 'stopping'
        if (what === 'start' || what === 'stop' || what === 'restart') take(wish(what))
        else if (what === 'shutdown') take({ on: 'shutdown' })
        else if (what === 'wait') take({ on: 'deadline' })
        else if (what === 'spawn' && at === 'launching') take(spawned(7))
        else if (what === 'refuse' && at === 'launching') take(refused)
        else if (what === 'withdraw' && at === 'launching')
          take({ on: 'program', index: 0, event: { on: 'withdrawn' } })
        else if (isLive && what.startsWith('exit')) take(exit(Number(what.slice(5))))
        const state = world.states[0]
        // Waiting is told of as what was before it, and a wait between two runs as the end of the first.
        const isTold = state !== undefined && state.at !== 'waiting' && state.at !== 'backoff'
        if (isTold) assert.equal(told.state, wordOf(state))
      }
    }),
    { numRuns: 1000 },
  )
})
