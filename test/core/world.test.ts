/** The world by example: orders of events that once went wrong, and the rules of signals. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { World, WorldEffect } from '../../src/core/draft.ts'
import type { Dependency, Plan } from '../../src/core/plan.ts'
import type { Event } from '../../src/core/state.ts'
import { type Input, nextDeadline, step, worldOf } from '../../src/core/world.ts'
import { on, planOf, programOf } from './plans.ts'

/** A world that is told what happens, and when. */
class Story {
  world: World
  now = 0
  readonly effects: WorldEffect[] = []

  constructor(plan: Plan) {
    this.world = worldOf(plan)
    this.tell({ on: 'boot' })
  }

  tell(input: Input): this {
    const { world, effects } = step(this.world, input, { now: this.now, random: 0.5 })
    this.world = world
    this.effects.push(...effects)
    return this
  }

  program(index: number, event: Event): this {
    return this.tell({ on: 'program', index, event })
  }

  /** A process comes, with pid 100 + index. */
  spawned(index: number): this {
    return this.program(index, { on: 'spawned', pid: 100 + index })
  }

  exit(index: number, code: number): this {
    return this.program(index, { on: 'exit', ending: { how: 'exited', code } })
  }

  signal(signal: 'TERM' | 'INT' | 'HUP' | 'USR1', now: number = this.now): this {
    this.now = now
    return this.tell({ on: 'signal', signal })
  }

  /** Nothing happens but deadlines. */
  wait(until: number): this {
    for (let next = nextDeadline(this.world); next !== undefined && next <= until; next = nextDeadline(this.world)) {
      if (this.world.phase.at === 'done') return this
      this.now = Math.max(this.now, next)
      this.tell({ on: 'deadline' })
    }
    this.now = until
    return this
  }

  get code(): number | undefined {
    return this.world.phase.at === 'done' ? this.world.phase.code : undefined
  }

  /** What was done, in few words: `stop 0`, `spawn 1`. */
  get done(): readonly string[] {
    return this.effects.flatMap(it => ('index' in it && it.do !== 'note' ? [`${it.do} ${it.index}`] : []))
  }
}

const at = (story: Story): readonly string[] => story.world.states.map(it => it.at)

describe('the first cause decides', () => {
  test('a critical program that is FATAL for a dependency decides, even when nothing else is left', () => {
    const db = programOf('db', { critical: false, restart: 'never' })
    const story = new Story(planOf([db, programOf('api', { dependsOn: [on('db')] })]))
    story.spawned(0).exit(0, 7).tell({ on: 'strays-gone' })
    assert.deepEqual(at(story), ['exited', 'fatal'])
    assert.equal(story.code, 7)
  })

  test('what ends the container starts nothing', () => {
    const web = programOf('web')
    const after = programOf('after', { dependsOn: [on('web', { condition: 'completed' })] })
    const story = new Story(planOf([web, after])).spawned(0).exit(0, 0).tell({ on: 'strays-gone' })
    assert.deepEqual(story.done, ['spawn 0'])
    assert.equal(story.code, 0)
  })
})

describe('a stop during the launch', () => {
  const plan = planOf([programOf('api', { dependsOn: [on('db')], stopGraceMillis: 8000 }), programOf('db')])

  test('takes no more time than the level has', () => {
    const story = new Story(plan).spawned(1).wait(1000)
    assert.deepEqual(at(story), ['launching', 'running'])
    story.signal('TERM').spawned(0).wait(5000)
    assert.deepEqual(story.done, ['spawn 1', 'spawn 0', 'stop 0', 'kill 0'])
    story.exit(0, 1)
    assert.equal(story.done.at(-1), 'stop 1')
  })

  test('nothing is launched on in the delay or below the level that stops', () => {
    for (const delay of [0, 2000]) {
      const story = new Story(planOf(plan.programs, { delay })).spawned(1).wait(1000).spawned(0).exit(1, 1).wait(1500)
      assert.deepEqual(at(story), ['starting', 'launching'])
      story.signal('TERM').program(1, { on: 'withdrawn' })
      assert.equal(at(story)[1], 'stopped')
    }
  })
})

describe('processes that SIGKILL does not end', () => {
  const plan = planOf([programOf('api', { dependsOn: [on('db')] }), programOf('db', { critical: false })])
  const hung = (): Story => new Story(plan).spawned(1).wait(1000).spawned(0).wait(2000)

  test('those that waited behind them are killed before the finish', () => {
    const story = hung().signal('TERM').wait(11_000)
    assert.equal(story.done[2], 'stop 0')
    assert.ok(story.done.includes('kill 1'), 'db is left alive')
  })

  test('they bring 137, although no exit ever told of it', () => {
    assert.equal(hung().signal('TERM').wait(11_000).code, 137)
  })

  test('asking again and again wins no time', () => {
    const story = hung().signal('INT')
    for (let now = 2300; now < 20_000 && story.code === undefined; now += 300) story.wait(now).signal('INT')
    assert.equal(story.code, 137)
    assert.ok(story.now < 2000 + 9000, `it took ${story.now - 2000} ms`)
    assert.equal(story.effects.filter(it => it.do === 'announce' && it.what.about === 'kill-now').length, 1)
  })
})

describe('`foster -- CMD`', () => {
  const plan: Plan = {
    ...planOf([programOf('cmd', { restart: 'never', startMillis: 0 })]),
    command: { zeroCodes: [5] },
  }

  test('its code is the code, also after a requested stop', () => {
    for (const code of [0, 1, 5, 143]) {
      const story = new Story(plan).spawned(0).tell({ on: 'hungup' }).exit(0, code).tell({ on: 'strays-gone' })
      assert.equal(story.code, code === 5 ? 0 : code)
    }
    const own = new Story(plan).spawned(0).signal('TERM').exit(0, 3).tell({ on: 'strays-gone' })
    assert.equal(own.code, 3)
  })

  test('killed by the signal that ends it, it brings 128 + n', () => {
    const ending = { how: 'killed', signal: 15, core: false } as const
    const story = new Story(plan).spawned(0).tell({ on: 'hungup' }).program(0, { on: 'exit', ending })
    assert.equal(story.tell({ on: 'strays-gone' }).code, 143)
    assert.equal(new Story(plan).spawned(0).tell({ on: 'hungup' }).wait(20_000).code, 137)
  })

  test("signals are CMD's; one that comes too early is held, or ends foster", () => {
    const held = new Story(plan).signal('USR1').spawned(0)
    assert.deepEqual(held.effects.at(-1), { do: 'forward', signal: 'USR1', targets: [{ index: 0, pid: 100 }] })
    const ended = new Story(plan).signal('TERM').program(0, { on: 'withdrawn' }).tell({ on: 'strays-gone' })
    assert.equal(ended.code, 143)
    const serving = new Story(plan).spawned(0).signal('INT').signal('INT', 1000).signal('HUP')
    assert.equal(serving.world.phase.at, 'serving')
    assert.equal(serving.effects.filter(it => it.do === 'forward').length, 3)
  })

  test('it can never start: 127', () => {
    const ending = { how: 'unstartable', reason: 'not found', code: 127 } as const
    assert.equal(new Story(plan).program(0, { on: 'refused', ending }).tell({ on: 'strays-gone' }).code, 127)
  })
})

describe('signals to foster', () => {
  const plan = planOf([programOf('a', { startMillis: 0 }), programOf('b', { autostart: false })])

  test('a second INT kills if it comes 200 ms after the first; TERM changes nothing', () => {
    const story = () => new Story(plan).spawned(0).signal('INT')
    assert.ok(!story().signal('INT', 199).done.includes('kill 0'))
    assert.ok(story().signal('INT', 200).done.includes('kill 0'))
    assert.ok(!story().signal('TERM', 500).done.includes('kill 0'))
  })

  test('USR1 goes to everything that runs, HUP asks for a reload', () => {
    const story = new Story(plan).spawned(0).signal('USR1').signal('HUP')
    const [forward, hangup] = story.effects.slice(-2)
    assert.deepEqual(forward, { do: 'forward', signal: 'USR1', targets: [{ index: 0, pid: 100 }] })
    assert.deepEqual(hangup, { do: 'hangup' })
  })

  test('the exit code of a requested stop is 0, or 128 + n where that is asked for', () => {
    const stopped = (exitCode: 'zero' | 'signal') =>
      new Story(planOf(plan.programs, { exitCode })).spawned(0).signal('TERM').exit(0, 0).tell({ on: 'strays-gone' })
    assert.equal(stopped('zero').code, 0)
    assert.equal(stopped('signal').code, 143)
  })

  test('asked over the control socket it stops as by SIGTERM', () => {
    const story = new Story(planOf(plan.programs, { exitCode: 'signal' })).spawned(0).tell({ on: 'shutdown' })
    assert.ok(story.done.includes('stop 0'))
    assert.equal(story.exit(0, 0).tell({ on: 'strays-gone' }).code, 143)
  })
})

describe('nothing is left to do', () => {
  test('a plan in which nothing starts by itself ends at once', () => {
    assert.equal(new Story(planOf([programOf('a', { autostart: false })])).tell({ on: 'strays-gone' }).code, 0)
    assert.equal(new Story(planOf([])).tell({ on: 'strays-gone' }).code, 0)
  })

  test('what an operator stopped keeps the container', () => {
    const story = new Story(planOf([programOf('a')])).spawned(0).tell({ on: 'wish', index: 0, wish: 'stop' }).exit(0, 0)
    assert.equal(story.world.phase.at, 'serving')
    assert.deepEqual(at(story.tell({ on: 'wish', index: 0, wish: 'start' })), ['launching'])
  })

  test('a FATAL sidecar brings 1 only where no program is critical', () => {
    const sidecar = programOf('s', { critical: false, startRetries: 0 })
    const task = programOf('t', { kind: 'task' })
    assert.equal(new Story(planOf([sidecar])).spawned(0).exit(0, 9).tell({ on: 'strays-gone' }).code, 1)
    const both = new Story(planOf([sidecar, task])).spawned(0).spawned(1).exit(1, 0).exit(0, 9)
    assert.equal(both.tell({ on: 'strays-gone' }).code, 0)
  })
})

describe('dependants that are restarted with their dependency', () => {
  const again = (program: string): Dependency => on(program, { restart: true })
  const base = { startMillis: 0, backoff: { delay: 0, factor: 1, max: 0, jitter: 0, resetAfter: 0 } }

  test('each is restarted once, however many ways lead to it', () => {
    const plan = planOf([
      programOf('db', base),
      programOf('a', { ...base, dependsOn: [again('db')] }),
      programOf('b', { ...base, dependsOn: [again('db')] }),
      programOf('top', { ...base, dependsOn: [again('a'), again('b'), again('db')] }),
    ])
    for (const order of [
      [1, 2, 3],
      [3, 2, 1],
      [2, 3, 1],
    ]) {
      const story = new Story(plan).spawned(0).spawned(1).spawned(2).spawned(3).exit(0, 1).spawned(0)
      assert.deepEqual(at(story), ['running', 'stopping', 'stopping', 'stopping'])
      for (const index of order) story.exit(index, 0)
      for (const index of [1, 2, 3]) story.spawned(index)
      assert.deepEqual(at(story), ['running', 'running', 'running', 'running'])
      assert.deepEqual(
        story.world.states.map(it => it.runs),
        [2, 2, 2, 2],
      )
    }
  })

  test('not with one that is stopped as soon as it is there', () => {
    const plan = planOf([programOf('db', base), programOf('api', { ...base, dependsOn: [again('db')] })])
    const story = new Story(plan)
      .spawned(0)
      .spawned(1)
      .exit(0, 1)
      .tell({ on: 'wish', index: 0, wish: 'stop' })
      .spawned(0)
    assert.deepEqual(at(story), ['stopping', 'running'])
  })
})
