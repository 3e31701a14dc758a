/** Time that passes when a test says so, and the limits of a try that go by it. */
import type { After, Limits } from '../../../src/run/probes/try.ts'

export class Clock {
  readonly #timers = new Map<() => void, number>()

  /** What is given to the code under test in place of setTimeout. */
  readonly after: After = (millis, done) => {
    this.#timers.set(done, millis)
    return () => void this.#timers.delete(done)
  }

  /** How long the timers run that are set. */
  get pending(): readonly number[] {
    return [...this.#timers.values()]
  }

  /** All that is set is due. */
  strike(): void {
    const due = [...this.#timers.keys()]
    this.#timers.clear()
    for (const done of due) done()
  }

  limits(signal = new AbortController().signal): Limits {
    return { timeout: 1000, after: this.after, signal }
  }
}
