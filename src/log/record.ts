/** What is kept and counted of a program's output, whatever becomes of its lines. */
import type { OutputStream } from '../core/output.ts'
import { countLines } from './count.ts'
import { Expectations } from './expect.ts'
import { History } from './history.ts'
import type { Lines } from './lines.ts'

/** What one stream of a program has come to since foster started. */
export interface Counters {
  readonly bytes: number
  /** Newlines, and ends of runs in the middle of a line; undefined where lines are not counted. */
  readonly lines: number | undefined
  /** Lines that were dropped because a reader was too slow (`overflow: drop`) or a file could not be written. */
  readonly dropped: number
}

/** The memory of one program: the last of its output, those who wait for lines, and the counters. */
export class Record {
  readonly history: History
  readonly expectations: Expectations
  readonly #counts: boolean
  readonly #lines = { stdout: 0, stderr: 0 }
  readonly #dropped = { stdout: 0, stderr: 0 }

  /**
   * `buffer`: bytes that are kept; `longest`: the longest line that is waited for; `counts`: whether lines are counted,
   * which takes as long as all the rest that is done with a short raw line.
   */
  constructor(buffer: number, longest: number, counts: boolean) {
    this.#counts = counts
    this.history = new History(buffer)
    this.expectations = new Expectations(this.history, longest)
  }

  /** Passes one stream on and keeps it. */
  around(stream: OutputStream, lines: Lines): Lines {
    const { history, expectations } = this
    let isOpen = false
    return {
      feed: (chunk, from, to) => {
        if (this.#counts) this.#lines[stream] += countLines(chunk, from, to)
        isOpen = chunk[to - 1] !== 10
        history.push(stream, chunk, from, to)
        expectations.feed(stream, chunk, from, to)
        lines.feed(chunk, from, to)
      },
      end: () => {
        if (isOpen) this.#lines[stream]++
        isOpen = false
        expectations.end(stream)
        lines.end()
      },
      held: lines.held,
    }
  }

  /** Lines of a stream were dropped. */
  dropped(stream: OutputStream, lines: number): void {
    this.#dropped[stream] += lines
  }

  counters(stream: OutputStream): Counters {
    return {
      bytes: this.history.rings[stream].end,
      lines: this.#counts ? this.#lines[stream] : undefined,
      dropped: this.#dropped[stream],
    }
  }
}
