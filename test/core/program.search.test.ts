/**
 * One program's table, searched: every legal order of events, against a model of the world outside. The state space is
 * finite because time is counted from the present moment and an uptime beyond `resetAfter` is as good as any longer one.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Program } from '../../src/core/plan.ts'
import { step, table } from '../../src/core/program.ts'
import { type Event, isOver, type State } from '../../src/core/state.ts'
import { doomed, endings, eventsOf, grace, keyOf, type Move, missing, type One, start, take, waitsOf } from './one.ts'
import { programOf } from './plans.ts'

const startMillis = 40
const resetAfter = 300

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

/** With all of them the search would take three times as long and find no more. */
const leavesSomething = ({ kind, startRetries }: Program): boolean => kind === 'service' && startRetries === 1

function legalMoves(one: One, program: Program): readonly Move[] {
  const events = [...commands(), ...eventsOf(one, program, endings, leavesSomething(program))]
  return [...events.map(event => ({ wait: 0, event })), ...waitsOf(one, resetAfter, due => due - 1)]
}

/** Every world that can be reached, and how many steps were looked at. */
function search(program: Program, mostFailures: number): { worlds: readonly One[]; steps: number } {
  const found = new Map<string, { world: One; path: string }>()
  const todo = [{ world: start, path: 'start' }]
  let steps = 0
  for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
    for (const move of legalMoves(item.world, program)) {
      steps++
      const path = `${item.path} > ${move.event?.on ?? `${move.wait} ms`}`
      const world = withPath(path, () => take(item.world, move, program))
      const key = keyOf(world)
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

function checkStopEnds(world: One, stop: Event, answer: Event, program: Program): void {
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
    { on: 'gone' },
    { on: 'adopted', pid: 8 },
    { on: 'tried', probe: 'liveness', pid: 7, ok: false, detail: '' },
    { on: 'untried', probe: 'liveness', pid: 7 },
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
