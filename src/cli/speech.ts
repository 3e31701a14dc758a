/** What a command writes: results on stdout, remarks on stderr. Whoever stops reading the results ends the command. */
import type { Surroundings } from './around.ts'
import { ReaderGone } from './failure.ts'
import type { Paper } from './table.ts'

/** How often a silent command looks whether it still has a reader. */
const lookMillis = 1000

export class Speech {
  readonly #around: Surroundings

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** Writes a result. */
  print(what: string | Uint8Array): void {
    if (what.length > 0 && !this.#around.write(1, what)) throw new ReaderGone()
  }

  /** One JSON document, readable. */
  json(value: unknown): void {
    this.print(`${JSON.stringify(value, undefined, 2)}\n`)
  }

  /** JSON values, one a line. */
  jsonLines(values: readonly unknown[]): void {
    this.print(values.map(it => `${JSON.stringify(it)}\n`).join(''))
  }

  /** A remark, which is no result. Whether somebody reads it does not matter. */
  remark(text: string): void {
    this.#around.write(2, `${text}\n`)
  }

  /** Does work that may be silent for hours; ends it when nobody reads the results any more. */
  async whileRead<T>(work: Promise<T>): Promise<T> {
    const gone = Promise.withResolvers<never>()
    const stop = this.#around.every(lookMillis, () => {
      if (this.#around.isUnread(1)) gone.reject(new ReaderGone())
    })
    try {
      return await Promise.race([work, gone.promise])
    } finally {
      stop()
    }
  }

  /** How results look where they go. */
  get paper(): Paper {
    return { columns: this.#around.columns(1), isColoured: this.#around.isColoured(1) }
  }
}
