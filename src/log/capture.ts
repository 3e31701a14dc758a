/** One output stream of one program: reads its pipe and knows where in it each run ended. */
import type { Reading } from '../core/output.ts'
import type { Lines } from './lines.ts'
import type { Tap } from './sink.ts'

/** What a capture needs of the operating system. All captures share one buffer: bytes are dealt with as they are read. */
export interface CaptureIo {
  /**
   * Starts reading a pipe; `onBytes` says how many bytes are in the buffer now. Owns the descriptor from now on,
   * and says by `onEnd` that it has been closed.
   */
  watch(fd: number, buffer: Buffer, onBytes: (count: number) => void, onEnd: () => void): Reading
  /** Reads what is there now: bytes, 0 at the end, or the negative errno. */
  read(fd: number, buffer: Uint8Array): number
  /** How many bytes are in the pipe now, or the negative errno. */
  readable(fd: number): number
}

/** What a capture is made of. */
export interface CaptureOptions {
  readonly fd: number
  readonly io: CaptureIo
  /** Where bytes are read to, from `room` on; what is before it is for beginnings of lines. */
  readonly buffer: Buffer
  readonly room: number
  readonly lines: Lines
  /** The pid whose output follows. */
  onRun(pid: number): void
  /** No end of a run is outstanding any more. */
  onSettled(): void
}

/** A run's end, as a position in the stream. */
interface End {
  readonly at: number
  /** The run that follows, once it is known. */
  next: number | undefined
}

/** Reads one pipe for as long as the program is configured, across its runs. Owns the descriptor. */
export class Capture implements Tap {
  readonly #options: CaptureOptions
  readonly #reading: Reading
  /** What is read into. */
  readonly #target: Buffer
  readonly #ends: End[] = []
  #paused = false
  #closed = false
  /** Bytes read so far: a position in the stream. */
  #position = 0

  constructor(options: CaptureOptions) {
    this.#options = options
    const { fd, io, buffer, room } = options
    this.#target = buffer.subarray(room)
    this.#reading = io.watch(
      fd,
      this.#target,
      count => this.#take(count),
      () => this.close(),
    )
  }

  /** A process has been started whose output comes next. */
  startRun(pid: number): void {
    const last = this.#ends.at(-1)
    if (last === undefined) this.#options.onRun(pid)
    else last.next = pid
  }

  /**
   * The process has been reaped: what is in the pipe now is all that it wrote. It is read at once, or, while the sink
   * takes nothing, as soon as it does; then an unfinished line is finished. A grandchild that goes on writing is not
   * waited for.
   */
  endRun(): void {
    if (this.#closed) return
    this.#ends.push({ at: this.#position + this.#inPipe(), next: undefined })
    if (!this.#paused) this.#catchUp()
  }

  /** Whether every run that has ended has been read to its end. */
  isSettled(): boolean {
    return this.#ends.length === 0
  }

  /** Bytes that are in the pipe or kept as an unfinished line. */
  unreadBytes(): number {
    return this.#closed ? 0 : this.#inPipe() + this.#options.lines.held()
  }

  pause(): void {
    if (this.#paused || this.#closed) return
    this.#paused = true
    this.#reading.pause()
  }

  resume(): void {
    if (!this.#paused || this.#closed) return
    this.#paused = false
    this.#reading.resume()
    if (this.#ends.length > 0) this.#passEnds()
  }

  /** Closes the descriptor. An unfinished line is finished. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#ends.length = 0
    this.#reading.close()
    this.#options.lines.end()
    this.#options.onSettled()
  }

  #inPipe(): number {
    return Math.max(0, this.#options.io.readable(this.#options.fd))
  }

  #catchUp(): void {
    const { fd, io } = this.#options
    const target = this.#target
    this.#passEnds()
    for (let end = this.#ends.at(-1); end !== undefined && !this.#paused; end = this.#ends.at(-1)) {
      const count = io.read(fd, target.subarray(0, Math.min(target.length, end.at - this.#position)))
      if (count > 0) this.#take(count)
      else this.#position = end.at
      this.#passEnds()
    }
  }

  /** Deals with bytes that are in the buffer, run by run. */
  #take(count: number): void {
    const { buffer, room, lines } = this.#options
    const stop = room + count
    let from = room
    while (from < stop) {
      const end = this.#ends[0]
      const to = end === undefined ? stop : Math.min(stop, from + end.at - this.#position)
      lines.feed(buffer, from, to)
      this.#position += to - from
      from = to
      if (this.#ends.length > 0) this.#passEnds()
    }
  }

  /** Finishes the runs that have been read to their end. */
  #passEnds(): void {
    for (let end = this.#ends[0]; end !== undefined && end.at <= this.#position; end = this.#ends[0]) {
      this.#ends.shift()
      this.#options.lines.end()
      if (end.next !== undefined) this.#options.onRun(end.next)
    }
    if (this.#ends.length === 0) this.#options.onSettled()
  }
}
