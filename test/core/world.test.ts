/** The world by example: orders of events that once went wrong, and the rules of signals. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { World, WorldEffect } from '../../src/core/draft.ts'
import type { Plan } from '../../src/core/plan.ts'
import type { Event } from '../../src/core/program.ts'
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
