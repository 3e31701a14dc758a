/** Bugs of foster's own: said, then the programs are stopped in order. A bug never ends the process by accident. */

/** What is done about bugs. */
export interface BugsOptions {
  readonly say: (text: string) => void
  /** Stops the container. */
  readonly stop: () => void
  /** Whether the container has ended, and only the rest of the output is waited for. */
  readonly isOver: () => boolean
  readonly exit: () => void
  readonly after: (millis: number, done: () => void) => unknown
}

/** More are not said: one may bring about the next. */
const mostSaid = 10

/** Milliseconds for the rest of the output, where what waits for it may be what is broken. */
const patience = 1000

export class Bugs {
  readonly #options: BugsOptions
  #count = 0
  #isLeaving = false

  constructor(options: BugsOptions) {
    this.#options = options
  }

  /** Something was thrown that nobody expected. Never throws: who reports an exception to Node ends the process. */
  found(error: unknown): void {
    const { say, stop, isOver, exit, after } = this.#options
    this.#count++
    if (this.#count <= mostSaid) softly(() => say(`internal error: ${textOf(error)}`))
    if (this.#count === 1) softly(stop)
    if (!isOver()) return
    if (this.#count > mostSaid) exit()
    if (!this.#isLeaving) after(patience, exit)
    this.#isLeaving = true
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** What is broken may be the log, or what stops programs: then the other one is done all the same. */
function softly(act: () => void): void {
  try {
    act()
  } catch {
    // There is nobody left to tell.
  }
}
