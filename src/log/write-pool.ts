/** What all log files share: a few writes at a time, and a limit for all that waits. */

/** A log file with something to be written. */
export interface Writer {
  /** Begins one write, and releases the pool when it is done; false: none can be begun. */
  write(): boolean
  /** The pool is full, or has room again. */
  regulate(): void
}

/** A disk that stalls holds the thread that writes to it: so there are never more than a few writes at a time. */
export class WritePool {
  readonly #most: number
  readonly #limit: number
  readonly #writers = new Set<Writer>()
  readonly #waiting: Writer[] = []
  #active = 0
  #pending = 0
  #isFull = false

  /** `most` writes at a time; more than `limit` bytes that wait in all files together slow all of their programs down. */
  constructor(most: number, limit: number) {
    this.#most = most
    this.#limit = limit
  }

  /** From the limit until half of it. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** Bytes that wait in all files together. */
  get pending(): number {
    return this.#pending
  }

  join(writer: Writer): void {
    this.#writers.add(writer)
  }

  leave(writer: Writer): void {
    this.#writers.delete(writer)
  }

  /** A file has something to be written: its `write` is called once. */
  want(writer: Writer): void {
    this.#waiting.push(writer)
    this.#next()
  }

  /** A write is done. */
  release(): void {
    this.#active--
    this.#next()
  }

  /** So many bytes came, or went. */
  account(bytes: number): void {
    this.#pending += bytes
    const isFull = this.#isFull ? this.#pending > this.#limit / 2 : this.#pending > this.#limit
    if (isFull === this.#isFull) return
    this.#isFull = isFull
    for (const writer of this.#writers) writer.regulate()
  }

  #next(): void {
    while (this.#active < this.#most) {
      const writer = this.#waiting.shift()
      if (writer === undefined) return
      this.#active++
      if (!writer.write()) this.#active--
    }
  }
}
