/**
 * `supervisor.restart`, as far as PID 1 can: foster itself goes on, everything below it begins anew. The configuration is
 * looked at first, so that a faulty one stops nothing.
 */
import { supervisorNews } from '../../core/event-text.ts'
import { isOver } from '../../core/state.ts'
import { until } from './control.ts'
import type { SupervisorFacts } from './facts.ts'
import { Fault } from './faults.ts'

/** The restart of everything, one at a time. Until it is done the interface answers as supervisord's does meanwhile. */
export class Restart {
  readonly #facts: SupervisorFacts
  isGoing = false

  constructor(facts: SupervisorFacts) {
    this.#facts = facts
  }

  /** Begins it; the answer does not wait for anything. Throws a Fault if the configuration is faulty. */
  begin(): true {
    const { is, messages } = this.#facts.foster.reload(true)
    if (is !== 'reloaded') throw new Fault('FAILED', messages.at(-1)?.split('\n')[0] ?? 'the configuration is faulty')
    this.isGoing = true
    this.#all()
      .catch(this.#facts.failed)
      .finally(() => {
        this.isGoing = false
      })
    return true
  }

  async #all(): Promise<void> {
    const { notify, foster } = this.#facts
    notify(supervisorNews('STOPPING'))
    await this.#stop()
    if (foster.world().phase.at !== 'serving') return
    // It may have become faulty meanwhile: then all begins anew as it was.
    foster.reload(false)
    this.#start()
    notify(supervisorNews('RUNNING'))
  }

  /** Level by level, as at the end of the container. */
  async #stop(): Promise<void> {
    const { foster } = this.#facts
    const { graph, states } = foster.world()
    const levels = [...new Set(graph.levels)].sort((a, b) => a - b)
    const isDown = (index: number): boolean => {
      const state = foster.world().states[index]
      return state === undefined || isOver(state)
    }
    for (const level of levels) {
      const indexes = [...states.keys()].filter(index => graph.levels[index] === level && !isDown(index))
      for (const index of indexes) foster.dispatch({ on: 'wish', index, wish: 'stop' })
      const isDone = (): boolean => foster.world().phase.at !== 'serving' || indexes.every(isDown)
      await until({ facts: this.#facts, signal: new AbortController().signal }, () => isDone() || undefined)
    }
  }

  /** What starts by itself, also what somebody had stopped: so it is after a start of supervisord. */
  #start(): void {
    const { foster } = this.#facts
    const { plan, retired } = foster.world()
    const places = [...plan.programs.keys()].filter(index => !retired.has(index))
    const priority = (index: number): number => plan.programs[index]?.priority ?? 0
    for (const index of places.sort((a, b) => priority(a) - priority(b))) {
      if (plan.programs[index]?.autostart) foster.dispatch({ on: 'wish', index, wish: 'start' })
    }
  }
}
