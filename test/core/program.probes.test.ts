/**
 * One program's table with probes, searched: every combination of probes that are absent, tried or told, for services,
 * daemons and tasks, through every legal order of results, silence, adoption, extension, commands and endings. With
 * FOSTER_SEARCH=full more policies and thresholds are searched.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Program } from '../../src/core/plan.ts'
import { type Probe, type ProbeName, type Probes, probeDefaults, probeNames } from '../../src/core/probe.ts'
import { step } from '../../src/core/program.ts'
import { type Event, isOver } from '../../src/core/state.ts'
import { endings, eventsOf, keyOf, type Move, missing, type One, start, take, waitsOf } from './one.ts'
import { programOf } from './plans.ts'

const full = process.env.FOSTER_SEARCH === 'full'
const grace = 20
const tick = 10

const up: readonly Event[] = [{ on: 'up' }, { on: 'restart', deadline: grace }]
const down: readonly Event[] = [{ on: 'down', by: 'operator', deadline: grace }]
const end: readonly Event[] = [{ on: 'down', by: 'shutdown', deadline: tick }, { on: 'kill' }]

/** Commands come from an operator while the container is to go on, and from the end after that. */
function legalMoves(one: One, program: Program): readonly Move[] {
  const events = [
    ...(one.serving ? [...up, ...down] : end),
    ...eventsOf(one, program, endings.slice(0, 2), program.kind === 'service' && program.startRetries === 1),
  ]
  const moves: Move[] = events.map(event => ({ wait: 0, event }))
  if (one.serving) {
    const isLaunched = one.state.at === 'launching'
    moves.push({ wait: 0, event: isLaunched ? { on: 'down', by: 'shutdown', deadline: grace } : undefined, ends: true })
  }
  return [...moves, ...waitsOf(one, 3 * tick, due => (due > 5 * tick ? 0 : tick))]
}

/** Every world that can be reached. */
function search(program: Program): { worlds: readonly One[]; steps: number } {
  const found = new Map([[keyOf(start), { one: start, path: 'start' }]])
  let steps = 0
  for (const { one, path } of found.values()) {
    for (const move of legalMoves(one, program)) {
      steps++
      const longer = `${path} > ${words(move)}`
      const next = withPath(longer, program, () => take(one, move, program))
      const key = keyOf(next)
      if (!found.has(key)) found.set(key, { one: next, path: longer })
    }
  }
  return { worlds: [...found.values()].map(it => it.one), steps }
}

function words({ wait, event, ends }: Move): string {
  const after = `${wait > 0 ? `${wait} ms ` : ''}${ends ? 'end ' : ''}`
  if (event?.on === 'tried') return `${after}${event.probe} ${event.ok ? 'passes' : 'fails'}`
  return `${after}${event?.on ?? ''}`
}

function withPath<T>(path: string, program: Program, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${path}\n${program.name}`, { cause: error })
  }
}

type Form = 'absent' | 'tried' | 'told'

const probeOf = (form: Form, changes: Partial<Probe>): Probe => ({
  ...probeDefaults,
  check: form === 'told' ? { by: 'notify' } : { by: 'file', path: '/ready' },
  period: tick,
  failureThreshold: 1,
  ...changes,
})

/** Each probe has a property of its own, so that all are searched and the space stays small. */
const own: { readonly [Name in ProbeName]: Partial<Probe> } = {
  startup: { failureThreshold: 2 },
  readiness: { successThreshold: 2, failureThreshold: 2 },
  liveness: { initialDelay: tick },
}

/** All combinations; of daemons and of the other policies only some, unless all are asked for. */
function programs(): readonly Program[] {
  const forms: readonly Form[] = ['absent', 'tried', 'told']
  const combinations = forms.flatMap(startup =>
    forms.flatMap(readiness => forms.map(liveness => ({ startup, readiness, liveness }))),
  )
  const policies = ['on-failure', 'never', 'always'] as const
  const kinds = ['service', 'daemon', 'task'] as const
  if (full) return combinations.flatMap(it => kinds.flatMap(kind => policies.map(to => programWith(it, kind, to))))
  return combinations.flatMap((it, i) => {
    const service = programWith(it, 'service', policies[i % 3] ?? 'always')
    return i % 4 === 1 ? [service, programWith(it, 'daemon', 'on-failure')] : [service]
  })
}

function programWith(
  forms: { readonly [Name in ProbeName]: Form },
  kind: Program['kind'],
  restart: Program['restart'],
): Program {
  const probes: { -readonly [Name in ProbeName]?: Probe } = {}
  for (const name of probeNames) if (forms[name] !== 'absent') probes[name] = probeOf(forms[name], own[name])
  const backoff = { delay: kind === 'daemon' ? 0 : tick, factor: 2, max: tick, jitter: 0, resetAfter: tick }
  const name = `${kind} ${restart} ${probeNames.map(it => `${it}: ${forms[it]}`).join(', ')}`
  const startMillis = kind === 'daemon' ? 0 : tick
  return programOf(name, {
    kind,
    restart,
    probes: probes as Probes,
    backoff,
    startMillis,
    startTimeoutMillis: 3 * tick,
    startRetries: 1,
    stopGraceMillis: grace,
  })
}

/** What the process before, or a try of it, says: nothing that matters. */
function checkStale({ state, serving }: One, program: Program): void {
  const context = { program, now: 0, random: 0.5, serving }
  for (const probe of probeNames) {
    for (const ok of [true, false]) {
      const result = step(state, { on: 'tried', probe, pid: 99, ok, detail: 'old' }, context)
      assert.equal(result.state, state, 'a result for an old pid changes something')
      assert.deepEqual(result.effects, [])
    }
  }
  const extended = step(state, { on: 'extended', pid: 99, millis: 1000 }, context)
  assert.equal(extended.state, state, 'more time for an old pid changes something')
}

/** From here the end begins; the process does nothing by itself until it is killed. */
function checkStopEnds(from: One, program: Program): void {
  if (isOver(from.state)) return
  let one: One = { ...from, serving: false }
  one = take(one, { wait: 0, event: { on: 'down', by: 'shutdown', deadline: tick } }, program)
  for (let steps = 0; !isOver(one.state); steps++) {
    assert.ok(steps < 4, `a stop does not end: ${one.state.at}`)
    if (one.asked) {
      one = take(
        one,
        { wait: 0, event: steps % 2 === 0 ? { on: 'spawned', pid: 7 } : { on: 'refused', ending: missing } },
        program,
      )
    } else if (one.state.at === 'stopping' && one.state.killed) {
      one = take(one, { wait: 0, event: { on: 'exit', ending: { how: 'killed', signal: 9, core: false } } }, program)
    } else {
      assert.ok('deadline' in one.state, `a stop hangs in ${one.state.at}`)
      one = take(one, { wait: Math.max(0, one.state.deadline), event: { on: 'deadline' } }, program)
    }
  }
}

describe('one program with probes, all legal orders of events', () => {
  test('the laws of processes and of probes hold, and every stop ends', t => {
    let worlds = 0
    let steps = 0
    let most = 0
    for (const program of programs()) {
      const reached = search(program)
      for (const [i, one] of reached.worlds.entries()) {
        if (!full && i % 3 !== 0) continue
        withPath(JSON.stringify(one.state), program, () => {
          checkStale(one, program)
          checkStopEnds(one, program)
        })
      }
      worlds += reached.worlds.length
      steps += reached.steps
      most = Math.max(most, reached.worlds.length)
    }
    t.diagnostic(`${worlds} worlds, ${steps} steps, at most ${most} for one program`)
    assert.ok(worlds > 40_000, 'the search is smaller than it was')
  })
})
