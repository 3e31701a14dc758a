/** The standard input of one run of a program: a pipe that foster writes to without ever waiting for the program. */
import { closeSync } from 'node:fs'
import type { Socket } from 'node:net'
import { pipe, setNonBlocking, write } from './libc.ts'
import type { ProgramPipe } from './pipes.ts'

/** What became of something that was to be written. `full`: too much waits already; `closed`: nobody reads there. */
export type Written = 'taken' | 'full' | 'closed'

/** Bytes that wait for a program to read its input. */
const mostWaiting = 1024 * 1024

const EAGAIN = -11

/** A pipe for a run's standard input, or the negative errno. */
export function makeInputPipe(): InputPipe | number {
  const ends = pipe()
  return typeof ends === 'number' ? ends : new InputPipe(ends)
}

/** Owns both ends until the run has begun, then the one that is written to. */
export class InputPipe {
  readonly read: number
  readonly #fd: number
  /** What writes the rest once the pipe is full. It owns the descriptor then. */
  #writer: Socket | undefined
  #isPassedOn = false
  #isBroken = false
  #isClosed = false

  constructor(ends: ProgramPipe) {
    this.read = ends.read
    this.#fd = ends.write
    // The program has the other end: that this one never blocks is foster's own affair.
    setNonBlocking(ends.write)
  }

  /** The program has its end: with foster's copy gone, foster learns when nobody reads any more. */
  started(): void {
    if (this.#isPassedOn) return
    this.#isPassedOn = true
    closeSync(this.read)
  }

  /** Takes bytes, all or none of them, and writes them as the program reads. */
  write(bytes: Buffer): Written {
    if (this.#isClosed || this.#isBroken) return 'closed'
    if (this.#writer !== undefined && this.#writer.writableLength > 0) return this.#queue(bytes)
    const count = bytes.length === 0 ? 0 : write(this.#fd, bytes, 0, bytes.length)
    if (count === bytes.length) return 'taken'
    if (count < 0 && count !== EAGAIN) {
      this.#isBroken = true
      return 'closed'
    }
    return this.#queue(bytes.subarray(Math.max(0, count)))
  }

  #queue(bytes: Buffer): Written {
    // An event of any size is one piece: what waits is bounded, and what comes then.
    if (this.#writer !== undefined && this.#writer.writableLength > mostWaiting) return 'full'
    this.#writer ??= this.#makeWriter()
    this.#writer.write(bytes)
    return 'taken'
  }

  /** Loaded when it is needed first: few programs let their input fill up. */
  #makeWriter(): Socket {
    const { Socket } = process.getBuiltinModule('node:net')
    const writer = new Socket({ fd: this.#fd, readable: false, writable: true })
    writer.on('error', () => {
      this.#isBroken = true
    })
    return writer
  }

  /** Closes what is open. What was not read is lost. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.started()
    if (this.#writer === undefined) closeSync(this.#fd)
    else this.#writer.destroy()
  }
}
