/** The output of processes as an answer: what is in memory, and what comes, read by cursors in the rings. */
import type { OutputStream } from '../core/output.ts'
import type { LogLine } from './answers.ts'
import type { LogFollower, LogMemory, LogPiece, LogStart } from './foster.ts'
import type { LineSource } from './lines.ts'

/** One process whose output is read. */
export interface LogOf {
  readonly label: string
  readonly memory: LogMemory
  /** The only stream that is read of it, whatever is asked. */
  readonly only?: OutputStream
}

export interface LogQuery {
  readonly stream: OutputStream | undefined
  readonly start: LogStart
  readonly follow: boolean
}

/** Longer lines come in pieces: so much may wait for its end, for each stream that is read. */
const longestLine = 16 * 1024
const newline = 10
/** Short lines are so much longer as JSON. */
const growth = 12

/** As many bytes as there are in memory. */
export const everything = Number.POSITIVE_INFINITY

/**
 * Reads several processes as JSON lines, each by turns, so that a busy one leaves room for the others. Reading of each
 * begins at its turn: to find the last lines of a thousand at once would hold up all else.
 */
export function readLogs(all: readonly LogOf[], query: LogQuery): LineSource {
  const readers: Reader[] = []
  let next = 0
  let isOver = false
  let callback: (() => void) | undefined
  const wake = (): void => {
    const call = callback
    callback = undefined
    call?.()
  }
  const pullOne = (most: number): string | undefined => {
    for (let tried = 0; tried < all.length; tried++) {
      const one = all[next]
      if (readers[next] === undefined && one !== undefined) readers[next] = new Reader(one, query, () => wake())
      const text = readers[next]?.pull(most)
      next = (next + 1) % all.length
      if (text !== undefined) return text
    }
    return undefined
  }
  return {
    pull(most) {
      const text = pullOne(most)
      // Readers that are not followed have nothing more once they had nothing.
      if (text === undefined && !query.follow) isOver = true
      return text
    },
    get isOver() {
      return isOver
    },
    onMore: call => {
      callback = call
    },
    close: () => {
      for (const reader of readers) reader.close()
    },
  }
}

/** One process's bytes as it wrote them. */
export function readRaw({ memory }: LogOf, { stream = undefined, start, follow }: LogQuery): LineSource {
  let callback: (() => void) | undefined
  let isOver = false
  const follower = memory.follow(stream ?? 'both', start, () => {
    const call = callback
    callback = undefined
    call?.()
  })
  return {
    pull(most) {
      const piece = follower.read(most)
      if (piece === undefined && !follow) isOver = true
      return piece?.bytes
    },
    get isOver() {
      return isOver
    },
    onMore: call => {
      callback = call
    },
    close: () => follower.close(),
  }
}

class Reader {
  readonly #label: string
  readonly #follower: LogFollower
  readonly #isFollowed: boolean
  readonly #rest: Record<OutputStream, Buffer> = { stdout: empty, stderr: empty }
  #hasMore = true

  constructor({ label, memory, only }: LogOf, { stream, start, follow }: LogQuery, onMore: () => void) {
    this.#label = label
    this.#isFollowed = follow
    this.#follower = memory.follow(only ?? stream ?? 'both', start, () => {
      this.#hasMore = true
      onMore()
    })
  }

  pull(most: number): string | undefined {
    while (this.#hasMore) {
      const piece = this.#follower.read(Math.ceil(most / growth))
      if (piece === undefined) {
        this.#hasMore = false
        return this.#isFollowed ? undefined : this.#unfinished()
      }
      const text = this.#linesOf(piece)
      if (text !== '') return text
    }
    return undefined
  }

  close(): void {
    this.#follower.close()
  }

  #linesOf({ stream, bytes, missed }: LogPiece): string {
    const process = this.#label
    let text = ''
    if (missed > 0) {
      text += this.#line(stream, this.#take(stream), false)
      text += `${JSON.stringify({ type: 'gap', process, stream, bytes: missed } satisfies LogLine)}\n`
    }
    let from = 0
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
      text += this.#line(stream, Buffer.concat([this.#take(stream), bytes.subarray(from, end)]), true)
      from = end + 1
    }
    const rest = Buffer.concat([this.#rest[stream], bytes.subarray(from)])
    if (rest.length <= longestLine) this.#rest[stream] = rest
    else {
      this.#rest[stream] = empty
      text += this.#line(stream, rest, false)
    }
    return text
  }

  #take(stream: OutputStream): Buffer {
    const rest = this.#rest[stream]
    this.#rest[stream] = empty
    return rest
  }

  /** What stands at the end without a newline. */
  #unfinished(): string | undefined {
    const text = this.#line('stdout', this.#take('stdout'), false) + this.#line('stderr', this.#take('stderr'), false)
    return text === '' ? undefined : text
  }

  #line(stream: OutputStream, bytes: Buffer, whole: boolean): string {
    if (bytes.length === 0 && !whole) return ''
    const end = whole && bytes.at(-1) === 13 ? bytes.length - 1 : bytes.length
    const message = bytes.toString('utf8', 0, end)
    return `${JSON.stringify({ type: 'line', process: this.#label, stream, message, whole } satisfies LogLine)}\n`
  }
}

const empty = Buffer.alloc(0)
