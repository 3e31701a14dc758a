/** Supervisor's TICK events: one timer, and only while a listener asks for them. */
import { type TickType, tickPeriods } from '../core/event-types.ts'

export interface TicksOptions {
  /** The clock on the wall, in milliseconds. */
  readonly wall: () => number
  readonly after: (millis: number, done: () => void) => () => void
  /** A period has begun; `when` is the second in which it did. */
  readonly tick: (type: TickType, when: number) => void
}

export class Ticks {
  readonly #options: TicksOptions
  /** The kinds that are asked for, each with the beginning of the period that was last told. */
  readonly #periods = new Map<TickType, number>()
  #cancel: (() => void) | undefined

  constructor(options: TicksOptions) {
    this.#options = options
  }

  /** These kinds are asked for from now on. */
  ask(types: readonly TickType[]): void {
    for (const type of this.#periods.keys()) if (!types.includes(type)) this.#periods.delete(type)
    for (const type of types) if (!this.#periods.has(type)) this.#periods.set(type, this.#periodOf(type))
    this.#arm()
  }

  /** When the present period of a kind began, in seconds. */
  #periodOf(type: TickType): number {
    const seconds = Math.floor(this.#options.wall() / 1000)
    return seconds - (seconds % tickPeriods[type])
  }

  /** The clock may have been set meanwhile, in either direction: another period is another period. */
  #look(): void {
    for (const [type, last] of this.#periods) {
      const period = this.#periodOf(type)
      if (period === last) continue
      this.#periods.set(type, period)
      this.#options.tick(type, period)
    }
    this.#arm()
  }

  #arm(): void {
    this.#cancel?.()
    this.#cancel = undefined
    const types = [...this.#periods.keys()]
    if (types.length === 0) return
    const { wall, after } = this.#options
    const waits = types.map(type => tickPeriods[type] * 1000 - (wall() % (tickPeriods[type] * 1000)))
    this.#cancel = after(Math.max(1, Math.ceil(Math.min(...waits))), () => this.#look())
  }
}
