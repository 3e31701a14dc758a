/**
 * One program's table, searched: every legal order of events, against a model of the world outside. The state space is
 * finite because time is counted from the present moment and an uptime beyond `resetAfter` is as good as any longer one.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Ending } from '../../src/core/ending.ts'
import type { Program } from '../../src/core/plan.ts'
import { step, table } from '../../src/core/program.ts'
import { type Event, isOver, pidOf, type State, unborn } from '../../src/core/state.ts'
import { programOf } from './plans.ts'

const grace = 100
const startMillis = 40
const resetAfter = 300

const endings: readonly Ending[] = [
  { how: 'exited', code: 0 },
  { how: 'exited', code: 3 },
  { how: 'killed', signal: 15, core: false },
]
const missing: Ending = { how: 'unstartable', reason: 'not found', code: 127 }

/** The table's state and what is true outside of it. `now` is always 0: the past is negative. */
interface World {
  readonly state: State
  /** A process was asked for, and neither came, was refused nor withdrawn. */
  readonly asked: boolean
  readonly pid: number | undefined
  readonly last: Ending | undefined
  /** The last command was up or restart. */
  readonly wanted: boolean
}

/** What may happen next: time passes for a while, then an event. */
interface Move {
  readonly wait: number
  readonly event: Event | undefined
}

const start: World = { state: unborn, asked: false, pid: undefined, last: undefined, wanted: false }

function commands(): readonly Event[] {
  return [
    { on: 'up' },
    { on: 'restart', deadline: grace },
    { on: 'kill' },
    { on: 'down', by: 'operator', deadline: grace },
    { on: 'down', by: 'shutdown', deadline: 0 },
    { on: 'down', by: 'shutdown', deadline: grace / 2 },
  ]
}

function legalMoves({ state, asked, pid }: World): readonly Move[] {
  const events: Event[] = [...commands()]
  if (state.at === 'waiting') events.push({ on: 'clear' }, doomed)
  if (asked) events.push({ on: 'spawned', pid: 7 }, { on: 'refused', ending: missing })
  // A spawn is withdrawn only if it is not wanted any more.
  if (asked && state.at === 'launching' && state.next !== 'up') events.push({ on: 'withdrawn' })
  if (pid !== undefined) for (const ending of endings) events.push({ on: 'exit', ending })
  const moves: Move[] = events.map(event => ({ wait: 0, event }))
  if ('deadline' in state) {
    moves.push({ wait: Math.max(0, state.deadline), event: { on: 'deadline' } })
    if (state.deadline > 1) moves.push({ wait: state.deadline - 1, event: undefined })
  } else {
    moves.push({ wait: resetAfter, event: undefined })
  }
  return moves
}

const doomed: Event = {
  on: 'doomed',
  cause: { why: 'dependency', on: 'db', root: 'db', ending: { how: 'exited', code: 9 } },
}

/** The same state with `millis` more of it in the past. */
function later(state: State, millis: number): State {
  if (millis === 0) return state
  return {
    ...state,
    ...('deadline' in state ? { deadline: state.deadline - millis } : {}),
    ...('until' in state ? { until: Math.max(-1, (state.until as number) - millis) } : {}),
    ...('since' in state ? { since: Math.max(-resetAfter, state.since - millis) } : {}),
  } as State
}

/** One move; throws where a law is broken. */
function take(world: World, { wait, event }: Move, program: Program): World {
  const before = later(world.state, wait)
  if (event === undefined) return { ...world, state: before }
  const { state, effects } = step(before, event, { program, now: 0, random: 0.5, serving: true })
  let { asked, pid, last, wanted } = world
  if (event.on === 'up' || event.on === 'restart') wanted = true
  if (event.on === 'down' || event.on === 'kill' || event.on === 'doomed') wanted = false
  if (event.on === 'spawned' || event.on === 'refused' || event.on === 'withdrawn') asked = false
  if (event.on === 'spawned') pid = event.pid
  if (event.on === 'exit') pid = undefined
  if (event.on === 'exit' || event.on === 'refused') last = event.ending
  for (const effect of effects) {
    assert.notEqual(effect.do, 'stray', 'an event that may come is reported as stray')
    if (effect.do === 'spawn') {
      assert.ok(!asked && pid === undefined, 'two processes')
      assert.ok(wanted, 'spawned although it is to be down')
      asked = true
    } else if ('pid' in effect) {
      assert.equal(effect.pid, pid, 'a signal for a process that is not there')
    }
  }
  // However often it was started: the table only counts it.
  const after = { state: { ...state, runs: 1 }, asked, pid, last, wanted }
  checkState(after, before, event)
  return after
}

function checkState({ state, asked, pid, last, wanted }: World, before: State, event: Event): void {
  assert.equal(state.at === 'launching', asked, 'launching is when a process was asked for')
  assert.equal(pidOf(state), pid, 'a state has the pid of the process that lives, and only then')
  assert.equal(state.last, last, 'the last ending is the last one that came')
  if (state.at === 'running' || state.at === 'starting') assert.ok(wanted, 'it runs although it is to be down')
  if (state.at === 'stopped') assert.ok(!wanted, 'stopped although it is wanted')
  if (event.on === 'deadline') {
    assert.ok(state.at !== before.at || ('deadline' in state && state.deadline > 0), 'a deadline that leads nowhere')
  }
  if ('deadline' in state) assert.ok(Number.isFinite(state.deadline), 'a deadline that never comes')
  if (state.at === 'fatal' && state.cause.why === 'failed') assert.equal(state.cause.ending, last)
  if (event.on === 'up' || event.on === 'restart') assert.ok(!isOver(state), 'a start that leads nowhere')
}

/** Every world that can be reached, and how many steps were looked at. */
function search(program: Program, mostFailures: number): { worlds: readonly World[]; steps: number } {
  const found = new Map<string, { world: World; path: string }>()
  const todo = [{ world: start, path: 'start' }]
  let steps = 0
  for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
    for (const move of legalMoves(item.world)) {
      steps++
      const path = `${item.path} > ${move.event?.on ?? `${move.wait} ms`}`
      const world = withPath(path, () => take(item.world, move, program))
      const key = JSON.stringify(world)
      if (found.has(key) || world.state.failures > mostFailures) continue
      found.set(key, { world, path })
      todo.push({ world, path })
    }
  }
  return { worlds: [...found.values()].map(it => it.world), steps }
}

function withPath<T>(path: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw new Error(`${(error as Error).message.split('\n')[0]}: ${path}`, { cause: error })
  }
}

/** After a stop: the outside answers what was asked, time passes, and what was killed goes. At most this many steps. */
const mostSteps = 4

function checkStopEnds(world: World, stop: Event, answer: Event, program: Program): void {
  let now = take(world, { wait: 0, event: stop }, program)
  let killed = false
  for (let steps = 0; !isOver(now.state); steps++) {
    const { state } = now
    if (steps >= mostSteps) assert.fail(`${stop.on} from ${JSON.stringify(world.state)} does not end: ${state.at}`)
    if (now.asked) now = take(now, { wait: 0, event: answer }, program)
    else if (killed || (state.at === 'stopping' && state.killed)) {
      now = take(now, { wait: 0, event: { on: 'exit', ending: { how: 'killed', signal: 9, core: false } } }, program)
    } else {
      if (!('deadline' in state)) assert.fail(`${stop.on} from ${JSON.stringify(world.state)} hangs in ${state.at}`)
      now = take(now, { wait: Math.max(0, state.deadline), event: { on: 'deadline' } }, program)
      killed = now.state.at === 'stopping' && now.state.killed
    }
  }
}

/** Restart policy, kind, time to RUNNING, backoff, retries: all of them with all of them. */
function programs(): readonly Program[] {
  return (['always', 'on-failure', 'never'] as const).flatMap(restart =>
    (['service', 'task'] as const).flatMap(kind =>
      [0, startMillis].flatMap(millis =>
        [0, 20].flatMap(delay =>
          [0, 1, 2, Number.POSITIVE_INFINITY].map(startRetries =>
            programOf(`${restart} ${kind} start=${millis} delay=${delay} retries=${startRetries}`, {
              restart,
              kind,
              startMillis: millis,
              startRetries,
              backoff: { delay, factor: 2, max: 1000, jitter: 0.5, resetAfter },
              stopGraceMillis: grace,
            }),
          ),
        ),
      ),
    ),
  )
}

/** The states that a program has no use for, in the table's order. */
function unreachable({ restart, kind, startMillis: millis, backoff, startRetries }: Program): readonly string[] {
  const repeatsSuccess = restart === 'always' && kind === 'service'
  const retries = restart !== 'never' && (startRetries > 0 || repeatsSuccess)
  return [
    ...(repeatsSuccess ? ['exited'] : []),
    ...(millis === 0 ? ['starting'] : []),
    ...(retries && backoff.delay > 0 ? [] : ['backoff']),
  ]
}

describe('one program, all legal orders of events', () => {
  test('at most one process, no stray event, nothing true forgotten, and every stop ends', t => {
    let worlds = 0
    let steps = 0
    for (const program of programs()) {
      const reached = search(program, 3)
      worlds += reached.worlds.length
      steps += reached.steps
      const answers: readonly Event[] = [
        { on: 'spawned', pid: 7 },
        { on: 'refused', ending: missing },
        { on: 'withdrawn' },
      ]
      for (const world of reached.worlds) {
        for (const command of commands()) {
          if (command.on === 'up' || command.on === 'restart') continue
          for (const answer of answers) checkStopEnds(world, command, answer, program)
        }
      }
      const states = new Set(reached.worlds.map(it => it.state.at))
      const never = Object.keys(table).filter(at => !states.has(at as State['at']))
      assert.deepEqual(never, unreachable(program), program.name)
    }
    t.diagnostic(`${worlds} worlds, ${steps} steps`)
    assert.ok(worlds > 10_000, 'the search is smaller than it was')
  })
})

describe('the table is total', () => {
  const states = new Map<string, State>()
  const policies = programs().filter(it => it.backoff.delay > 0 && it.startMillis > 0 && it.startRetries === 1)
  for (const program of policies) {
    for (const { state } of search(program, 1).worlds) states.set(JSON.stringify(state), state)
  }
  const events: readonly Event[] = [
    ...commands(),
    { on: 'clear' },
    doomed,
    { on: 'deadline' },
    { on: 'spawned', pid: 9 },
    { on: 'refused', ending: missing },
    { on: 'withdrawn' },
    { on: 'adopted', pid: 8 },
    { on: 'tried', probe: 'liveness', pid: 7, ok: false, detail: '' },
    { on: 'extended', pid: 7, millis: 10 },
    ...endings.map(ending => ({ on: 'exit', ending }) as const),
  ]

  test('every cell exists', () => {
    const names = [...new Set(events.map(it => it.on))].sort()
    for (const [at, row] of Object.entries(table)) assert.deepEqual(Object.keys(row).sort(), names, at)
  })

  test('no event in any state throws; one that cannot be changes nothing and is reported', t => {
    for (const program of policies) {
      for (const state of states.values()) {
        for (const event of events) {
          const frozen = Object.freeze(state)
          const result = step(frozen, event, { program, now: 0, random: 0, serving: true })
          assert.ok(result.state.at in table)
          const strays = result.effects.filter(it => it.do === 'stray')
          if (strays.length === 0) continue
          assert.equal(result.state, state)
          assert.deepEqual(result.effects, [{ do: 'stray', at: state.at, on: event.on }])
        }
      }
    }
    t.diagnostic(`${states.size} states x ${events.length} events`)
  })
})
