/** A new plan for a running world: examples, and random walks through reloads, starts, ends and stops. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { World, WorldEffect } from '../../src/core/draft.ts'
import type { Plan, Program } from '../../src/core/plan.ts'
import { probeDefaults } from '../../src/core/probe.ts'
import { pidOf, type State } from '../../src/core/state.ts'
import { type Input, nextDeadline, step, worldOf } from '../../src/core/world.ts'
import { on, planOf, programOf } from './plans.ts'

const none: ReadonlySet<number> = new Set()
const at = (world: World): readonly string[] => world.states.map(state => state.at)

/** Gives a world inputs one after another; every process that is asked for comes at once, by its index. */
function run(start: World, ...inputs: readonly Input[]): { world: World; effects: readonly WorldEffect[] } {
  let world = start
  const all: WorldEffect[] = []
  for (const input of inputs) {
    const todo: Input[] = [input]
    for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
      const { world: after, effects } = step(world, next, { now: 0, random: 0.5 })
      world = after
      all.push(...effects)
      for (const effect of effects) {
        if (effect.do !== 'spawn') continue
        const event = { on: 'spawned', pid: 100 + effect.index } as const
        todo.push({ on: 'program', index: effect.index, event })
      }
    }
  }
  return { world, effects: all }
}

const quick = { startMillis: 0, backoff: { delay: 0, factor: 1, max: 0, jitter: 0, resetAfter: 1000 } }
const program = (name: string, changes: Partial<Program> = {}): Program => programOf(name, { ...quick, ...changes })
const boot: Input = { on: 'boot' }
const to = (...programs: readonly Program[]): Input => ({ on: 'reload', plan: planOf(programs), stale: none })
const exits = (index: number, code = 0): Input => ({
  on: 'program',
  index,
  event: { on: 'exit', ending: { how: 'exited', code } },
})

suite('examples', () => {
  const [a, b] = [program('a'), program('b')]

  test('a restarted program is the old one until its process is gone', () => {
    const other = program('a', { command: ['/other'], stopSignal: 'QUIT' })
    const stopping = run(worldOf(planOf([a])), boot, to(other)).world
    assert.deepEqual(at(stopping), ['stopping'])
    assert.equal(stopping.plan.programs[0], a)
    const { world } = run(stopping, exits(0))
    assert.deepEqual(at(world), ['running'])
    assert.equal(world.plan.programs[0], other)
    assert.equal(world.replaced.size, 0)
  })

  test('a start by hand and a new command have their retries anew, wherever the program stands', () => {
    const backoff = { ...quick.backoff, delay: 10, max: 10 }
    const old = program('a', { startRetries: 1, backoff, dependsOn: [on('b')] })
    const other = { ...old, command: ['/other'] }
    const failed = run(worldOf(planOf([old, b])), boot, exits(0, 3)).world
    assert.deepEqual(at(failed), ['backoff', 'running'])
    assert.deepEqual(at(run(failed, to(other, b), exits(0, 3)).world), ['backoff', 'running'])
    const hand = (index: number, wish: 'start' | 'stop' | 'restart'): Input => ({ on: 'wish', index, wish })
    for (const wish of ['start', 'restart'] as const)
      assert.deepEqual(at(run(failed, hand(0, wish), exits(0, 3)).world), ['backoff', 'running'], wish)
    // Where it has to wait for another one, too.
    const due: Input = { on: 'program', index: 0, event: { on: 'deadline' } }
    const waiting = run(failed, hand(1, 'stop'), exits(1), due).world
    assert.deepEqual(at(waiting), ['waiting', 'stopped'])
    assert.deepEqual(at(run(waiting, to(other, b), hand(1, 'start'), exits(0, 3)).world), ['backoff', 'running'])
  })

  test('what a SIGHUP in the middle of the start has removed is not started', () => {
    const { world } = run(worldOf(planOf([a, b])), to(a), boot)
    assert.deepEqual(at(world), ['running', 'stopped'])
  })

  test('of two reloads during a stop the later one counts', () => {
    const [second, third] = [program('a', { command: ['/2'] }), program('a', { command: ['/3'] })]
    const { world } = run(worldOf(planOf([a])), boot, to(second), to(third), exits(0))
    assert.equal(world.plan.programs[0], third)
    const back = run(worldOf(planOf([a])), boot, to(second), to(a), exits(0)).world
    assert.deepEqual([back.plan.programs[0], ...at(back)], [a, 'running'])
  })

  test('a removed program keeps its place and gets it back', () => {
    const { world } = run(worldOf(planOf([a, b])), boot, to(b), exits(0))
    assert.deepEqual(at(world), ['stopped', 'running'])
    assert.deepEqual([...world.retired], [0])
    const { world: back } = run(world, to(b, a))
    assert.deepEqual(at(back), ['running', 'running'])
    assert.equal(back.retired.size, 0)
  })

  test('one that returns while it is still stopping starts again as what it is now', () => {
    const other = program('a', { command: ['/other'] })
    const { world } = run(worldOf(planOf([a, b])), boot, to(b), to(b, other), exits(0))
    assert.deepEqual(at(world), ['running', 'running'])
    assert.equal(world.plan.programs[0], other)
  })

  test('what was stopped by hand stays stopped', () => {
    const stop: Input = { on: 'wish', index: 0, wish: 'stop' }
    const { world } = run(worldOf(planOf([a, b])), boot, stop, exits(0), to(program('a', { command: ['/x'] }), b))
    assert.deepEqual(at(world), ['stopped', 'running'])
  })

  test('what was stopped by hand while it was being launched stays stopped', () => {
    const launching = [boot, { on: 'wish', index: 0, wish: 'stop' }, to(program('a', { command: ['/x'] }), b)] as const
    let world = worldOf(planOf([a, b]))
    for (const input of launching) world = step(world, input, { now: 0, random: 0.5 }).world
    const withdrawn = { on: 'program', index: 0, event: { on: 'withdrawn' } } as const
    assert.equal(run(world, withdrawn).world.states[0]?.at, 'stopped')
  })

  test('what does not depend any more on what is FATAL starts, and who depends on it', () => {
    const broken = program('a', { critical: false, startRetries: 0, startMillis: 1000 })
    const chain = (first: Partial<Program>) =>
      [
        broken,
        program('b', { critical: false, ...first }),
        program('c', { critical: false, dependsOn: [on('b')] }),
        program('d', { critical: false, dependsOn: [on('c')] }),
        program('e'),
      ] as const
    const depends = { dependsOn: [on('a')] }
    const fatal = run(worldOf(planOf([...chain(depends)])), boot, exits(0, 3)).world
    assert.deepEqual(at(fatal), ['fatal', 'fatal', 'fatal', 'fatal', 'running'])
    const same = run(fatal, to(...chain({ ...depends, stopGraceMillis: 1 }))).world
    assert.deepEqual(at(same), ['fatal', 'fatal', 'fatal', 'fatal', 'running'])
    const { world } = run(fatal, to(...chain({})))
    assert.deepEqual(at(world), ['fatal', 'running', 'running', 'running', 'running'])
  })

  test('a task whose command has changed runs again', () => {
    const task = program('t', { kind: 'task' })
    const { world } = run(
      worldOf(planOf([task, b])),
      boot,
      exits(0),
      to(program('t', { kind: 'task', command: ['x'] }), b),
    )
    assert.deepEqual(at(world), ['running', 'running'])
  })

  test('a dependant waits for what it depends on now', () => {
    const waiting = program('w', { dependsOn: [on('t', { condition: 'completed' })] })
    const task = program('t', { kind: 'task' })
    const { world } = run(worldOf(planOf([task, waiting])), boot, to(task, program('w')))
    assert.deepEqual(at(world), ['running', 'running'])
  })

  test('a changed readiness probe begins anew, and what is known stays known', () => {
    const tcp = { ...probeDefaults, check: { by: 'tcp', host: 'a', port: 1 } } as const
    const probed = (period: number) => program('a', { probes: { readiness: { ...tcp, period } } })
    const passed: Input = {
      on: 'program',
      index: 0,
      event: { on: 'tried', probe: 'readiness', pid: 100, ok: true, detail: '' },
    }
    const deadline: Input = { on: 'deadline' }
    const { world, effects } = run(worldOf(planOf([probed(1000)])), boot, deadline, passed, to(probed(50)), deadline)
    assert.equal(effects.filter(it => it.do === 'probe').length, 2)
    const [state] = world.states
    assert.equal(state?.at === 'running' && state.probing.readiness?.verdict, 'passing')
  })

  const file = { ...probeDefaults, check: { by: 'file', path: '/ready' } } as const

  test('a process that starts is RUNNING by what is asked now', () => {
    const timed = program('a', { startMillis: 1000 })
    const asked = program('a', { startMillis: 1000, probes: { startup: file, readiness: file } })
    const deadlineOf = ({ states: [state] }: World) => state?.at === 'starting' && state.deadline
    const more = run(worldOf(planOf([timed])), boot, to(asked)).world
    assert.equal(deadlineOf(more), Number.POSITIVE_INFINITY)
    const less = run(worldOf(planOf([asked])), boot, to(timed)).world
    assert.equal(deadlineOf(less), 1000)
  })

  test('a daemon that has not forked away is not asked under a new plan either', () => {
    const daemon = program('a', { kind: 'daemon', probes: { readiness: file } })
    const other = program('a', { kind: 'daemon', probes: { readiness: { ...file, period: 50 } } })
    const { world, effects } = run(worldOf(planOf([daemon])), boot, to(other), { on: 'deadline' })
    assert.deepEqual(at(world), ['starting'])
    assert.equal(effects.filter(it => it.do === 'probe').length, 0)
    const adopted: Input = { on: 'program', index: 0, event: { on: 'adopted', pid: 200 } }
    assert.equal(run(world, adopted, { on: 'deadline' }).effects.filter(it => it.do === 'probe').length, 1)
  })

  test('nothing is reloaded once the container ends', () => {
    const { world } = run(worldOf(planOf([a])), boot, { on: 'signal', signal: 'TERM' }, to(a, b))
    assert.equal(world.plan.programs.length, 1)
  })
})

/** Any plan of up to four programs, some of them alike. */
const anyPlan: fc.Arbitrary<Plan> = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      command: fc.constantFrom(['/1'], ['/2']),
      critical: fc.boolean(),
      autostart: fc.boolean(),
      kind: fc.constantFrom('service' as const, 'task' as const),
      restart: fc.constantFrom('always' as const, 'never' as const),
      depends: fc.boolean(),
    }),
    { selector: it => it.name, maxLength: 4 },
  )
  .map(list =>
    planOf(
      list.map(({ name, depends, ...rest }, i) =>
        program(name, { ...rest, dependsOn: depends && i > 0 ? [on(list[i - 1]?.name ?? '', { restart: true })] : [] }),
      ),
    ),
  )

type Outside = { world: World; readonly asked: Set<number>; readonly alive: Set<number>; finished: boolean }

function legal({ world, asked, alive }: Outside, plan: Plan): readonly Input[] {
  const inputs: Input[] = [
    { on: 'reload', plan, stale: none },
    { on: 'signal', signal: 'TERM' },
  ]
  for (const index of asked) {
    const state = world.states[index] as State
    if (state.at === 'launching' && state.next !== 'up') return [{ on: 'program', index, event: { on: 'withdrawn' } }]
    inputs.push({ on: 'program', index, event: { on: 'spawned', pid: 100 + index } })
  }
  for (const index of alive) inputs.push(exits(index), exits(index, 3))
  for (const index of world.states.keys()) {
    for (const wish of ['start', 'stop', 'restart'] as const) inputs.push({ on: 'wish', index, wish })
  }
  if (nextDeadline(world) !== undefined) inputs.push({ on: 'deadline' })
  if (world.phase.at === 'sweeping') inputs.push({ on: 'strays-gone' })
  return inputs
}

/** One input, and the laws. */
function take(outside: Outside, input: Input): void {
  const now = input.on === 'deadline' ? (nextDeadline(outside.world) ?? 0) : 0
  const { world, effects } = step(outside.world, input, { now, random: 0.5 })
  if (input.on === 'program') {
    outside.asked.delete(input.index)
    if (input.event.on === 'spawned') outside.alive.add(input.index)
    if (input.event.on === 'exit') outside.alive.delete(input.index)
  }
  for (const effect of effects) {
    if (effect.do === 'announce') assert.notEqual(effect.what.about, 'stray-event', JSON.stringify(effect))
    if (effect.do === 'finish') outside.finished = true
    if (effect.do !== 'spawn') continue
    assert.ok(!outside.asked.has(effect.index) && !outside.alive.has(effect.index), 'two processes of one program')
    assert.ok(!world.retired.has(effect.index), 'a removed program is started')
    outside.asked.add(effect.index)
  }
  outside.world = world
  world.states.forEach((state, index) => {
    assert.equal(pidOf(state) !== undefined, outside.alive.has(index), 'a state has a pid while its process lives')
    if (!world.retired.has(index) || world.phase.at !== 'serving') return
    const leaves = state.at === 'stopped' || state.at === 'stopping' || state.at === 'launching'
    assert.ok(leaves, `a removed program is ${state.at}`)
  })
}

test('random reloads: what runs in the end is the last plan, and nothing else', t => {
  let steps = 0
  const walks = fc.property(
    fc.array(anyPlan, { minLength: 2, maxLength: 6 }),
    fc.array(fc.nat(), { minLength: 40, maxLength: 80 }),
    (plans, choices) => {
      const outside: Outside = { world: worldOf(plans[0] as Plan), asked: new Set(), alive: new Set(), finished: false }
      take(outside, boot)
      for (const choice of choices) {
        if (outside.finished) return
        const inputs = legal(outside, plans[choice % plans.length] as Plan)
        take(outside, inputs[choice % inputs.length] as Input)
        steps++
      }
      if (outside.world.phase.at !== 'serving') return
      const last = plans.at(-1) as Plan
      take(outside, { on: 'reload', plan: last, stale: none })
      for (let i = 0; i < 50 && outside.world.replaced.size + outside.asked.size > 0; i++) {
        const [asked] = outside.asked
        const [replaced] = outside.world.replaced.keys()
        if (asked !== undefined) take(outside, legal(outside, last).find(it => it.on === 'program') as Input)
        else if (replaced !== undefined) take(outside, exits(replaced))
      }
      const { plan, retired } = outside.world
      const there = plan.programs.filter((_, index) => !retired.has(index))
      assert.deepEqual(new Set(there), new Set(last.programs))
    },
  )
  fc.assert(walks, { numRuns: 1500 })
  t.diagnostic(`${steps} steps`)
})
