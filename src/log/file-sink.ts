/** One log file that one stream goes to: written to in the background, rotated between lines, never waited for. */
import type { LogFile } from '../core/output.ts'
import { append, type Bytes, clear, emptyBytes } from './bytes.ts'
import { countLines } from './count.ts'
import { Dropping } from './dropping.ts'
import type { FileSinkOptions } from './file-options.ts'
import { fitting } from './fit.ts'
import type { Drain, Tap } from './sink.ts'

const newline = 10
const lineEnd = Buffer.from('\n')
const EAGAIN = -11
const EINTR = -4
const ENOENT = -2
/** The buffers of a file that is idle are kept up to this size. */
const kept = 16 * 1024
/** A file that cannot be written is tried again after so many milliseconds, one that cannot be rotated after more. */
const retryMillis = 1000
const rotateMillis = 60_000
/** A full pipe or device is tried again after 1 ms, 2 ms and so on up to this. */
const longestRetry = 64
const lookMillis = 1000

/** Bytes on their way to one file. They wait here while it cannot be written, so that a short trouble loses nothing. */
export class FileSink implements Drain {
  readonly #options: FileSinkOptions
  #tap: Tap | undefined
  #isPaused = false
  /** What comes, while the other buffer is being written. */
  #filling: Bytes = emptyBytes()
  #writing: Bytes = emptyBytes()
  /** How much of that has been written. */
  #start = 0
  #file: LogFile | undefined
  #size = 0
  /** The last byte that was written ended a line. */
  #atLine = true
  /** In the pool, or being written. */
  #queued = false
  #writes = false
  #cancelRetry: (() => void) | undefined
  /** How often in a row it was full, as a pipe or a device can be. */
  #waits = 0
  #mayRotate = true
  #troubled = false
  #looked = 0
  readonly #dropping = new Dropping()
  #reopen = false
  #closing = false
  #finishing = false

  constructor(options: FileSinkOptions) {
    this.#options = options
  }

  /** Registers its only source, and opens the file, so that it is there before the first line. */
  join(tap: Tap): void {
    this.#tap = tap
    this.#options.pool.join(this)
    this.#open()
  }

  /** The source has gone. What has come is still written; then the file is closed. */
  leave(): void {
    this.#tap = undefined
    this.#closing = true
    this.#settle()
  }

  /** Lines are assembled even if there is one source: files are rotated between them. */
  isAlone(): boolean {
    return false
  }

  /** Its source has gone, and all that it put is written or given up. */
  get isClosed(): boolean {
    return this.#closing && !this.#writes && this.pendingBytes() === 0
  }

  pendingBytes(): number {
    return this.#filling.length + this.#writing.length - this.#start
  }

  put(_tap: Tap, bytes: Buffer, from: number, to: number): void {
    const { limit, pool } = this.#options
    if (this.#dropping.cuts) return
    if (this.#troubled && (pool.isFull || this.pendingBytes() + to - from > limit)) return this.#drop(bytes, from, to)
    append(this.#filling, bytes, from, to)
    this.#dropping.passed()
    pool.account(to - from)
    this.regulate()
    this.#want()
  }

  hold(_tap: Tap, on: boolean): void {
    this.#dropping.hold(on)
  }

  /** Slows the program down, or no longer. A file in trouble slows nobody down, and makes room for the others. */
  regulate(): void {
    const { limit, pool } = this.#options
    if (this.#troubled && pool.isFull && !this.#writes) this.#giveUp()
    const pending = this.pendingBytes()
    const isOver = !this.#troubled && (pool.isFull || pending > (this.#isPaused ? limit / 2 : limit))
    if (isOver === this.#isPaused) return
    this.#isPaused = isOver
    if (isOver) this.#tap?.pause()
    else this.#tap?.resume()
  }

  /** Somebody may have moved the file away: a new one is made where there is none any more. */
  reopen(): void {
    this.#reopen = true
    if (!this.#writes) this.#open()
  }

  /** Begins a file anew: the old one is removed. False: it cannot be. */
  clear(): boolean {
    const result = this.#options.place.remove('')
    this.reopen()
    return result === 0 || result === ENOENT
  }

  /** Foster ends: what cannot be written now is given up. */
  finish(): void {
    this.#finishing = true
    this.#retryNow()
  }

  /** Begins one write; false: none can be begun. Called by the pool. */
  write(): boolean {
    if (this.#start === this.#writing.length) this.#swap()
    if (this.#file === undefined || this.#reopen || this.#isGone()) this.#open()
    const stop = this.#stop()
    if (this.#file === undefined || stop <= this.#start) {
      this.#queued = false
      return false
    }
    this.#writes = true
    this.#file.write(this.#writing.data, this.#start, stop - this.#start, written => this.#written(written))
    return true
  }

  /** Whether the file has been moved or removed; looked at once a second while it is written to. */
  #isGone(): boolean {
    const now = this.#options.now().getTime()
    if (Math.abs(now - this.#looked) < lookMillis) return false
    this.#looked = now
    return this.#file?.isCurrent() === false
  }

  #swap(): void {
    const filled = this.#filling
    this.#filling = this.#writing
    this.#writing = filled
    this.#start = 0
    clear(this.#filling, kept)
  }

  #written(written: number): void {
    const { pool, errnoName } = this.#options
    this.#queued = false
    this.#writes = false
    if (written > 0) this.#advance(written)
    else if (written === 0 || (written === EAGAIN && this.#file?.isRegular === false) || written === EINTR)
      this.#later(Math.min(longestRetry, 2 ** this.#waits++))
    else this.#trouble(errnoName(-written))
    pool.release()
    this.regulate()
    this.#want()
    this.#settle()
  }

  #advance(written: number): void {
    this.#start += written
    this.#size += written
    this.#atLine = this.#writing.data[this.#start - 1] === newline
    this.#waits = 0
    if (this.#start === this.#writing.length) {
      this.#start = 0
      clear(this.#writing, kept)
    }
    this.#options.pool.account(-written)
    if (!this.#troubled) return
    this.#troubled = false
    this.#options.onResumed()
  }

  /** How far the next write goes; a file that is full is rotated first. */
  #stop(): number {
    const { maxSize, longest } = this.#options
    const { data, length } = this.#writing
    // Twice: somebody else may have put a large file there.
    for (let turn = 0; turn < 2; turn++) {
      const file = this.#file
      if (file === undefined) return this.#start
      const filling = { size: this.#size, maxSize: file.isRegular ? maxSize : 0, atLine: this.#atLine, longest }
      const stop = fitting(data, this.#start, length, filling)
      if (stop > this.#start) return stop
      if (!this.#mayRotate || !this.#rotate(file)) break
    }
    return length
  }

  #rotate(file: LogFile): boolean {
    const { rotator, after, errnoName, onTrouble } = this.#options
    const result = file.isCurrent() ? rotator.rotate() : 0
    if (result === 0) {
      this.#open()
      return true
    }
    this.#mayRotate = false
    after(rotateMillis, () => {
      this.#mayRotate = true
    })
    onTrouble('rotate', errnoName(-result))
    return false
  }

  #open(): void {
    this.#file?.close()
    this.#file = undefined
    this.#reopen = false
    const opened = this.#options.place.open()
    if (typeof opened === 'string') return this.#trouble(opened)
    this.#file = opened
    this.#size = opened.size
    if (opened.size === 0) this.#atLine = true
  }

  /** It cannot be written: said, and tried again after a while if something waits for it. */
  #trouble(reason: string): void {
    this.#troubled = true
    this.#options.onTrouble('write', reason)
    if (this.#finishing) this.#giveUp()
    else if (this.pendingBytes() > 0) this.#later(retryMillis)
  }

  #drop(bytes: Buffer, from: number, to: number): void {
    const { lines, isOpen } = this.#dropping.drop(bytes, from, to)
    if (isOpen) this.#endLine()
    this.#options.onDropped(lines)
  }

  /** What there is of a line whose rest is dropped must not run into the next one. */
  #endLine(): void {
    append(this.#filling, lineEnd, 0, 1)
    this.#options.pool.account(1)
  }

  #giveUp(): void {
    const { pool, onDropped } = this.#options
    const pending = this.pendingBytes()
    if (pending === 0) return
    const lines = countLines(this.#writing.data, this.#start, this.#writing.length)
    onDropped(lines + this.#dropping.drop(this.#filling.data, 0, this.#filling.length).lines)
    this.#start = 0
    clear(this.#writing, 0)
    clear(this.#filling, 0)
    pool.account(-pending)
    if (!this.#atLine && !this.#finishing) this.#endLine()
    this.#settle()
  }

  #later(millis: number): void {
    this.#cancelRetry ??= this.#options.after(millis, () => this.#retryNow())
  }

  /** The place may lead to another file by now: a disk that was mounted, a directory that was made again. */
  #retryNow(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    if (this.#troubled) this.#reopen = true
    this.#want()
  }

  #want(): void {
    if (this.#queued || this.#cancelRetry !== undefined || this.pendingBytes() === 0) return
    this.#queued = true
    this.#options.pool.want(this)
  }

  #settle(): void {
    if (this.pendingBytes() > 0) return
    if (this.isClosed) {
      this.#cancelRetry?.()
      this.#options.pool.leave(this)
      this.#file?.close()
      this.#file = undefined
    }
    this.#options.onEmpty()
  }
}
