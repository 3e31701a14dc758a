/** A thousand programs, with a random graph, through the pure world: in order, and without anything that grows too fast. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { World, WorldEffect } from '../../src/core/draft.ts'
import { type Input, nextDeadline, step, worldOf } from '../../src/core/world.ts'
import { randomOf } from './graphs.ts'
import { on, planOf, programOf } from './plans.ts'

const size = 1000

/** Each depends on up to three of those before it. */
function randomPlan() {
  const random = randomOf(7)
  const programs = Array.from({ length: size }, (_, index) => {
    const below = new Set(index === 0 ? [] : [1, 2, 3].map(() => Math.floor(random() * index)))
    return programOf(`p${index}`, { startMillis: 0, dependsOn: [...below].map(it => on(`p${it}`)) })
  })
  return {
    plan: planOf(programs),
    below: programs.map(it => it.dependsOn.map(({ program }) => Number(program.slice(1)))),
  }
}

/** Everything that is asked for is done at once: processes come, and end when they are asked to. */
class Machine {
  world: World
  steps = 0
  readonly done: string[] = []

  constructor(world: World) {
    this.world = world
  }

  tell(input: Input): void {
    const queue = [input]
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { world, effects } = step(this.world, next, { now: 0, random: 0.5 })
      this.world = world
      this.steps++
      nextDeadline(world)
      for (const effect of effects) queue.push(...this.#answer(effect))
    }
  }

  #answer(effect: WorldEffect): readonly Input[] {
    if (effect.do === 'sweep') return [{ on: 'strays-gone' }]
    if (effect.do !== 'spawn' && effect.do !== 'stop') return []
    const { index } = effect
    this.done.push(`${effect.do} ${index}`)
    const exit = { on: 'exit', ending: { how: 'exited', code: 0 } } as const
    const event = effect.do === 'spawn' ? ({ on: 'spawned', pid: 1000 + index } as const) : exit
    return [{ on: 'program', index, event }]
  }
}

describe('a thousand programs', () => {
  test('start after what they depend on and stop before it, in two steps each', t => {
    const { plan, below } = randomPlan()
    const began = performance.now()
    const machine = new Machine(worldOf(plan))
    machine.tell({ on: 'boot' })
    const started = performance.now()
    assert.ok(machine.world.states.every(it => it.at === 'running'))
    machine.tell({ on: 'signal', signal: 'TERM' })
    const stopped = performance.now()
    assert.equal(machine.world.phase.at, 'done')
    assert.equal(machine.steps, 2 * size + 3)
    const place = new Map(machine.done.map((it, i) => [it, i]))
    const at = (what: string): number => place.get(what) ?? assert.fail(what)
    below.forEach((list, index) => {
      for (const it of list) {
        assert.ok(at(`spawn ${it}`) < at(`spawn ${index}`))
        assert.ok(at(`stop ${index}`) < at(`stop ${it}`))
      }
    })
    t.diagnostic(`started in ${Math.round(started - began)} ms, stopped in ${Math.round(stopped - started)} ms`)
  })
})
