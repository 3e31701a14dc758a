/** Lets so many through at once, in the order of arrival and one in each turn of the loop. */

export class Turnstile {
  readonly #most: number
  readonly #waiting = new Set<() => Promise<void>>()
  #inside = 0
  #scheduled = false

  constructor(most: number) {
    this.#most = most
  }

  /** Does the work when it is its turn; the place is free again when the promise ends. What it gives leaves the queue. */
  enter(work: () => Promise<void>): () => void {
    // Its own function, since the same work may stand in the queue twice.
    const entry = (): Promise<void> => work()
    this.#waiting.add(entry)
    this.#schedule()
    return () => void this.#waiting.delete(entry)
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.size === 0 || this.#inside >= this.#most) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      const [next] = this.#waiting
      if (next !== undefined) this.#let(next)
      this.#schedule()
    })
  }

  #let(entry: () => Promise<void>): void {
    this.#waiting.delete(entry)
    this.#inside++
    void entry().finally(() => {
      this.#inside--
      this.#schedule()
    })
  }
}
