/** What starting programs has taken beyond what running them needs is given back once it is quiet. */

/** Milliseconds after a start: long enough for those that start together, and one wake-up for all of them. */
const quiet = 5000

export interface SettlingOptions {
  readonly after: (millis: number, done: () => void) => void
  readonly giveBack: () => void
}

export class Settling {
  readonly #options: SettlingOptions
  #isDue = false

  constructor(options: SettlingOptions) {
    this.#options = options
  }

  /** A program is being started. */
  started(): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#options.after(quiet, () => {
      this.#isDue = false
      this.#options.giveBack()
    })
  }
}
