/** The one mutable world: a queue of inputs, a step for each, and one timer for the nearest deadline. */
import type { World, WorldEffect } from '../core/draft.ts'
import { type Input, nextDeadline, step } from '../core/world.ts'

/** Timers beyond this fire at once in Node: 2^31 - 1 ms. */
const longestTimer = 2 ** 31 - 1

export interface LoopOptions {
  readonly world: World
  /** Does what the world asks for. May dispatch; what it throws goes to `failed`. */
  readonly perform: (effect: WorldEffect) => void
  /** A bug of ours: it is reported, and the world goes on. */
  readonly failed: (error: unknown) => void
  /** Takes the ends of processes that have come: where foster could not run for a while, a deadline may have passed since. */
  readonly lookAround: () => void
  /** Monotonic milliseconds. */
  readonly now: () => number
}

export class Loop {
  readonly #options: LoopOptions
  #world: World
  readonly #queue: Input[] = []
  #busy = false
  #timer: NodeJS.Timeout | undefined
  #armed: number | undefined

  constructor(options: LoopOptions) {
    this.#options = options
    this.#world = options.world
  }

  get world(): World {
    return this.#world
  }

  /** Takes an input; it and all that follows from it is done when the outermost call returns. */
  dispatch(input: Input): void {
    this.#queue.push(input)
    if (this.#busy) return
    this.#busy = true
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#take(next)
    } finally {
      this.#busy = false
    }
    this.#arm()
  }

  #take(input: Input): void {
    const { now, perform, failed } = this.#options
    try {
      const { world, effects } = step(this.#world, input, { now: now(), random: Math.random() })
      this.#world = world
      for (const effect of effects) {
        try {
          perform(effect)
        } catch (error) {
          failed(error)
        }
      }
    } catch (error) {
      failed(error)
    }
  }

  /** There is always a timer: it is also what keeps Node's loop alive, which signal handlers do not. */
  #arm(): void {
    const deadline = nextDeadline(this.#world)
    if (deadline === this.#armed && this.#timer !== undefined) return
    clearTimeout(this.#timer)
    this.#armed = deadline
    const wait = deadline === undefined ? longestTimer : Math.ceil(deadline - this.#options.now())
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#due()
      },
      Math.min(longestTimer, Math.max(0, wait)),
    )
  }

  /** Who has ended in time is not said to be late, although Node calls timers before it tells of signals. */
  #due(): void {
    try {
      this.#options.lookAround()
    } catch (error) {
      this.#options.failed(error)
    }
    this.dispatch({ on: 'deadline' })
  }
}
