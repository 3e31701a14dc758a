/** What a program has written lately, in memory, and those who read it: the last lines, or what comes from now on. */
import type { OutputStream } from '../core/output.ts'
import { Ring } from './ring.ts'

/** Which of a program's streams are read. */
export type StreamChoice = OutputStream | 'both'

/** Positions in the two streams: how many bytes the program had written to each. */
export type Positions = Readonly<Record<OutputStream, number>>

/** Where reading begins: so many lines or bytes before the end, or at positions; those in the future mean the end. */
export type Start = { readonly lines: number } | { readonly bytes: number } | { readonly at: Positions }

/** Bytes of one stream, in the order they came. They are the caller's. */
export interface Piece {
  readonly stream: OutputStream
  /** Where its first byte stands in the stream. */
  readonly position: number
  /** So many bytes right before it were no longer here: the reader was slower than the program. */
  readonly missed: number
  readonly bytes: Buffer
}

/** Somebody who reads. While he does not, he costs nothing but his cursor. */
export interface Follower {
  /** Where the next piece begins, if nothing is missed. */
  readonly positions: Positions
  /**
   * The next bytes of one stream, at most so many; undefined: there are none now, and `onMore` will be called once when
   * there are.
   */
  read(most: number): Piece | undefined
  /** `onMore` will not be called any more. */
  close(): void
}

/** So many changes between the streams are remembered; older bytes of one stream come together. */
const mostTurns = 4096
const newline = 10

/**
 * A ring for each stream. Each gets half of the limit, so that a chatty stdout never pushes out what stderr said.
 * Between the streams the order is that in which they were read.
 */
export class History {
  readonly rings: Readonly<Record<OutputStream, Ring>>
  /** Where the stream changed: the position in the one that began. They alternate, beginning with `#first`. */
  readonly #turns: number[] = []
  #first: OutputStream = 'stdout'
  /** Those who have read all and wait for more. */
  readonly #waiting = new Set<() => void>()

  /** How many bytes are kept. */
  #limit: number

  constructor(limit: number) {
    this.#limit = limit
    this.rings = { stdout: new Ring(Math.ceil(limit / 2)), stderr: new Ring(Math.floor(limit / 2)) }
  }

  /** Changes how many bytes are kept. */
  limit(limit: number): void {
    this.#limit = limit
    this.rings.stdout.limit(Math.ceil(limit / 2))
    this.rings.stderr.limit(Math.floor(limit / 2))
  }

  /** Forgets what is here, and gives its memory back. Who has not read it learns that he has missed it. */
  forget(): void {
    for (const ring of Object.values(this.rings)) ring.limit(0)
    this.limit(this.#limit)
    this.#turns.length = 0
  }

  /** Where the streams end now. */
  ends(): Positions {
    return { stdout: this.rings.stdout.end, stderr: this.rings.stderr.end }
  }

  /** Takes bytes in. The buffer is the caller's again afterwards. */
  push(stream: OutputStream, bytes: Buffer, from: number, to: number): void {
    if (this.#turns.length === 0) this.#first = stream
    if (this.#turns.length === 0 || this.#streamOf(this.#turns.length - 1) !== stream) this.#turn(stream)
    this.rings[stream].push(bytes, from, to)
    if (this.#waiting.size === 0) return
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const onMore of waiting) onMore()
  }

  /** Begins to read. `onMore` is called once after each `read` that gave nothing, in the middle of a read: be short. */
  follow(streams: StreamChoice, start: Start, onMore: () => void): Follower {
    const positions = { ...this.#startOf(streams, start) }
    const notify = (): void => onMore()
    return {
      positions,
      read: most => {
        const piece = this.#next(streams, positions, most)
        if (piece === undefined) this.#waiting.add(notify)
        else positions[piece.stream] = piece.position + piece.bytes.length
        return piece
      },
      close: () => void this.#waiting.delete(notify),
    }
  }

  /** What is here now, from a place on. */
  tail(streams: StreamChoice, start: Start): readonly Piece[] {
    const positions = { ...this.#startOf(streams, start) }
    const pieces: Piece[] = []
    for (;;) {
      const piece = this.#next(streams, positions, Number.POSITIVE_INFINITY)
      if (piece === undefined) return pieces
      positions[piece.stream] = piece.position + piece.bytes.length
      pieces.push(piece)
    }
  }

  #turn(stream: OutputStream): void {
    if (this.#turns.length >= mostTurns) this.#turns.splice(0, mostTurns / 2)
    this.#turns.push(this.rings[stream].end)
  }

  #streamOf(turn: number): OutputStream {
    return turn % 2 === 0 ? this.#first : other(this.#first)
  }

  /** Where a turn's bytes end. */
  #endOf(turn: number): number {
    return this.#turns[turn + 2] ?? this.rings[this.#streamOf(turn)].end
  }

  #next(streams: StreamChoice, positions: Positions, most: number): Piece | undefined {
    if (streams !== 'both') return this.#piece(streams, positions[streams], this.rings[streams].end, most)
    for (let turn = this.#firstUnread(positions); turn < this.#turns.length; turn++) {
      const stream = this.#streamOf(turn)
      const piece = this.#piece(stream, positions[stream], this.#endOf(turn), most)
      if (piece !== undefined) return piece
    }
    return undefined
  }

  /** The streams alternate: where two turns have been read, so have all before them. */
  #firstUnread(positions: Positions): number {
    let first = this.#turns.length
    let read = 0
    for (let turn = first - 1; turn >= 0 && read < 2; turn--) {
      if (this.#isUnread(turn, positions)) {
        first = turn
        read = 0
      } else {
        read++
      }
    }
    return first
  }

  #isUnread(turn: number, positions: Positions): boolean {
    const stream = this.#streamOf(turn)
    return this.#endOf(turn) > Math.max(positions[stream], this.rings[stream].start)
  }

  #piece(stream: OutputStream, from: number, to: number, most: number): Piece | undefined {
    const position = Math.max(from, this.rings[stream].start)
    if (position >= to) return undefined
    const bytes = this.rings[stream].slice(position, Math.min(to, position + most))
    return { stream, position, missed: position - from, bytes }
  }

  #startOf(streams: StreamChoice, start: Start): Positions {
    const ends = this.ends()
    if ('at' in start) {
      return { stdout: Math.min(start.at.stdout, ends.stdout), stderr: Math.min(start.at.stderr, ends.stderr) }
    }
    if (streams === 'both') return 'lines' in start ? this.#linesBack(start.lines) : this.#bytesBack(start.bytes)
    const ring = this.rings[streams]
    const back = 'lines' in start ? linesBack(ring, ring.end, start.lines).at : ring.end - start.bytes
    return { ...ends, [streams]: Math.max(ring.start, back) }
  }

  #bytesBack(bytes: number): Positions {
    const positions = this.ends() as Record<OutputStream, number>
    let left = bytes
    for (let turn = this.#turns.length - 1; turn >= 0 && left > 0; turn--) {
      const stream = this.#streamOf(turn)
      const to = positions[stream]
      const from = Math.max(this.rings[stream].start, turn < 2 ? 0 : (this.#turns[turn] ?? 0), to - left)
      positions[stream] = Math.min(to, from)
      left -= to - positions[stream]
    }
    return positions
  }

  /** So many lines of both streams together; a line counts where its end came. */
  #linesBack(lines: number): Positions {
    const positions = this.ends() as Record<OutputStream, number>
    let left = lines
    for (let turn = this.#turns.length - 1; turn >= 0 && left > 0; turn--) {
      const stream = this.#streamOf(turn)
      const begin = turn < 2 ? 0 : (this.#turns[turn] ?? 0)
      const { at, found } = linesBack(this.rings[stream], positions[stream], left, begin)
      positions[stream] = at
      left -= found
    }
    return positions
  }
}

function other(stream: OutputStream): OutputStream {
  return stream === 'stdout' ? 'stderr' : 'stdout'
}

/**
 * Goes back from the start of a line, or from the end, over so many lines whose ends lie from `begin` on; an unfinished
 * last one counts. Says where they start.
 */
function linesBack(ring: Ring, from: number, lines: number, begin = 0): { at: number; found: number } {
  let at = from
  let found = 0
  while (found < lines && at > Math.max(begin, ring.start)) {
    // The byte before `at` is the end of the line that is counted, or the last of an unfinished one.
    at = Math.max(ring.start, ring.lastIndexOf(newline, at - 1) + 1)
    found++
  }
  return { at, found }
}
