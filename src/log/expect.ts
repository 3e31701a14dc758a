/** Lines that somebody waits for: a log probe. Costs nothing while nobody does. */
import type { OutputStream } from '../core/output.ts'
import { append, type Bytes, clear, emptyBytes } from './bytes.ts'
import type { History } from './history.ts'

interface Expectation {
  readonly pid: number
  readonly pattern: RegExp
  readonly onMatch: () => void
}

/** One stream: which run its bytes belong to, and the line that is not complete yet. */
interface Source {
  pid: number | undefined
  /** Where the run began. */
  begin: number
  readonly line: Bytes
  /** The line is longer than what is tested of it, and that has been. */
  isTested: boolean
}

/**
 * So many bytes of a line are tested: a pattern as harmless as `.*ready` takes a time that grows with the square of the
 * length, which is an hour for a megabyte.
 */
const mostTested = 4096

const newline = 10
const carriageReturn = 13

/** Tests whole lines of both streams of one program. */
export class Expectations {
  readonly #history: History
  readonly #waiting = new Set<Expectation>()
  readonly #sources: Readonly<Record<OutputStream, Source>> = {
    stdout: { pid: undefined, begin: 0, line: emptyBytes(), isTested: false },
    stderr: { pid: undefined, begin: 0, line: emptyBytes(), isTested: false },
  }
  /** Of longer lines so many bytes are tested, the first, and never more than four KiB. */
  longest: number

  constructor(history: History, longest: number) {
    this.#history = history
    this.longest = longest
  }

  /**
   * Calls back once, and not before it has returned, when a line of the run with this pid matches, on either stream; one
   * that it has written already counts, as far as it is still in memory. Gives the way to call it off.
   */
  expect(pid: number, pattern: RegExp, onMatch: () => void): () => void {
    // A global or sticky pattern would go on where its last match ended.
    const stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))
    const expectation: Expectation = { pid, pattern: stateless, onMatch }
    const isFirst = this.#waiting.size === 0
    this.#waiting.add(expectation)
    queueMicrotask(() => this.#lookBack(expectation, isFirst))
    return () => this.#forget(expectation)
  }

  /** The bytes that follow on a stream are those of another run. */
  startRun(stream: OutputStream, pid: number): void {
    const source = this.#sources[stream]
    source.pid = pid
    source.begin = this.#history.rings[stream].end
  }

  /** Bytes have come. */
  feed(stream: OutputStream, bytes: Buffer, from: number, to: number): void {
    if (this.#waiting.size === 0) return
    const source = this.#sources[stream]
    for (let at = from; at < to; ) {
      const found = bytes.indexOf(newline, at)
      const isWhole = found >= 0 && found < to
      const end = isWhole ? found : to
      if (!source.isTested) this.#take(source, bytes, at, end)
      if (isWhole && !source.isTested) this.#test(source)
      if (isWhole) source.isTested = false
      at = isWhole ? found + 1 : to
    }
  }

  /** More of a line; its beginning is tested as soon as it is there. */
  #take(source: Source, bytes: Buffer, from: number, to: number): void {
    const longest = Math.min(this.longest, mostTested)
    const room = Math.max(0, longest - source.line.length)
    append(source.line, bytes, from, Math.min(to, from + room))
    if (to - from <= room) return
    this.#test(source)
    source.isTested = true
  }

  /** A run has ended on this stream: an unfinished line is a line. */
  end(stream: OutputStream): void {
    const source = this.#sources[stream]
    if (source.line.length > 0) this.#test(source)
    source.isTested = false
    source.begin = this.#history.rings[stream].end
  }

  /** What the run has written before anybody waited. The first who waits also begins to collect unfinished lines. */
  #lookBack(expectation: Expectation, isFirst: boolean): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (!this.#waiting.has(expectation)) return
      const source = this.#sources[stream]
      const ring = this.#history.rings[stream]
      const bytes = ring.slice(source.begin, ring.end)
      const whole = bytes.lastIndexOf(newline) + 1
      if (source.pid === expectation.pid && whole > 0) {
        const lines = bytes.toString('utf8', 0, whole - 1).split('\n')
        if (lines.some(line => expectation.pattern.test(withoutReturn(line.slice(0, mostTested))))) {
          this.#matched(expectation)
        }
      }
      if (!isFirst) continue
      clear(source.line, 0)
      source.isTested = false
      this.#take(source, bytes, whole, bytes.length)
    }
  }

  #test(source: Source): void {
    const { data, length } = source.line
    const text = data.toString('utf8', 0, length > 0 && data[length - 1] === carriageReturn ? length - 1 : length)
    clear(source.line, 4096)
    for (const expectation of this.#waiting) {
      if (expectation.pid === source.pid && expectation.pattern.test(text)) this.#matched(expectation)
    }
  }

  #matched(expectation: Expectation): void {
    this.#forget(expectation)
    queueMicrotask(expectation.onMatch)
  }

  #forget(expectation: Expectation): void {
    this.#waiting.delete(expectation)
    if (this.#waiting.size === 0) for (const { line } of Object.values(this.#sources)) clear(line, 0)
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
