/** What may happen very often and is said seldom: the first time at once, then how often it was since. */
import type { Level } from '../log/voice.ts'

/** Milliseconds between two messages of one kind. */
const pause = 10_000

export interface SeldomOptions {
  readonly say: (level: Level, text: string) => void
  readonly after: (millis: number, done: () => void) => () => void
}

export class Seldom {
  readonly #options: SeldomOptions
  /** How often each kind has not been said. */
  readonly #unsaid = new Map<string, number>()

  constructor(options: SeldomOptions) {
    this.#options = options
  }

  /** Says `first`, or after a while `more` for all of that kind that have come meanwhile. */
  say(kind: string, level: Level, first: string, more: (count: number) => string): void {
    const count = this.#unsaid.get(kind)
    if (count !== undefined) return void this.#unsaid.set(kind, count + 1)
    this.#tell(kind, level, first, more)
  }

  #tell(kind: string, level: Level, text: string, more: (count: number) => string): void {
    this.#options.say(level, text)
    this.#unsaid.set(kind, 0)
    this.#options.after(pause, () => {
      const count = this.#unsaid.get(kind) ?? 0
      this.#unsaid.delete(kind)
      if (count > 0) this.#tell(kind, level, more(count), more)
    })
  }
}
