/** Pipes and outlets without an operating system: tests decide when bytes arrive and when they are taken. */
import { type LogFormat, logDefaults, type ProgramLogPlan, programLogDefaults } from '../../src/core/log-plan.ts'
import type { OpenOutlet, Reading } from '../../src/core/output.ts'
import type { CaptureIo } from '../../src/log/capture.ts'
import type { LoggedProgram } from '../../src/log/log-shared.ts'
import { type LogOptions, type Logs, openLogs } from '../../src/log/router.ts'
import { FakeFiles } from './fake-files.ts'

/** An outlet that takes what the test lets it take. */
export class FakeOutlet implements OpenOutlet {
  readonly key: string
  readonly isTerminal: boolean
  /** How many bytes it takes before it is full; a negative number is an errno. */
  room: number
  #taken: Buffer[] = []
  #waiting: { head: Buffer; done: (taken: number) => void } | undefined

  constructor(key: string, room = Number.POSITIVE_INFINITY, isTerminal = false) {
    this.key = key
    this.room = room
    this.isTerminal = isTerminal
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    if (this.#waiting !== undefined) throw new Error('written to during a wait')
    if (this.room < 0) return this.room
    const count = Math.min(length, this.room)
    this.#taken.push(Buffer.from(bytes.subarray(offset, offset + count)))
    this.room -= count
    return count
  }

  wait(bytes: Uint8Array, offset: number, length: number, done: (taken: number) => void): void {
    if (this.#waiting !== undefined) throw new Error('two waits')
    if (length === 0) throw new Error('a wait for nothing')
    this.#waiting = { head: Buffer.from(bytes.subarray(offset, offset + Math.min(length, 5))), done }
  }

  isWaitedFor(): boolean {
    return this.#waiting !== undefined
  }

  /** The reader has read: there is room again, or a failure. */
  makeRoom(room: number): void {
    this.room = room
    const waiting = this.#waiting
    if (waiting === undefined || room === 0) return
    this.#waiting = undefined
    if (room < 0) {
      waiting.done(room)
      return
    }
    const count = Math.min(room, waiting.head.length)
    this.room -= count
    this.#taken.push(waiting.head.subarray(0, count))
    waiting.done(count)
  }

  bytes(): Buffer {
    return Buffer.concat(this.#taken)
  }

  text(): string {
    return this.bytes().toString('latin1')
  }
}

interface FakePipe {
  content: Buffer
  readonly buffer: Buffer
  readonly onBytes: (count: number) => void
  readonly onEnd: () => void
  paused: boolean
  closed: boolean
}

/** Pipes that hold what the test writes until it lets them be read. */
export class FakePipes implements CaptureIo {
  readonly #pipes = new Map<number, FakePipe>()

  watch(fd: number, buffer: Buffer, onBytes: (count: number) => void, onEnd: () => void): Reading {
    const pipe: FakePipe = { content: Buffer.alloc(0), buffer, onBytes, onEnd, paused: false, closed: false }
    this.#pipes.set(fd, pipe)
    return {
      pause: () => {
        pipe.paused = true
      },
      resume: () => {
        pipe.paused = false
      },
      close: () => {
        pipe.closed = true
      },
    }
  }

  read(fd: number, buffer: Uint8Array): number {
    const pipe = this.#pipe(fd)
    const count = Math.min(buffer.length, pipe.content.length)
    pipe.content.copy(buffer, 0, 0, count)
    pipe.content = pipe.content.subarray(count)
    return count === 0 ? -11 : count
  }

  readable(fd: number): number {
    return this.#pipe(fd).content.length
  }

  /** A program writes. */
  write(fd: number, bytes: Buffer | string): void {
    const pipe = this.#pipe(fd)
    pipe.content = Buffer.concat([pipe.content, Buffer.from(bytes as string, 'latin1')])
  }

  /** The loop finds the pipe readable: up to `most` bytes are read, none while paused. False: nothing was. */
  turn(fd: number, most = Number.POSITIVE_INFINITY): boolean {
    const pipe = this.#pipe(fd)
    if (pipe.paused || pipe.closed || pipe.content.length === 0) return false
    pipe.onBytes(this.read(fd, pipe.buffer.subarray(0, Math.min(pipe.buffer.length, Math.max(1, most)))))
    return true
  }

  /** The last writer has closed the pipe. */
  end(fd: number): void {
    this.#pipe(fd).closed = true
    this.#pipe(fd).onEnd()
  }

  /** Bytes in all pipes together. */
  total(): number {
    return [...this.#pipes.values()].reduce((sum, pipe) => sum + (pipe.closed ? 0 : pipe.content.length), 0)
  }

  isPaused(fd: number): boolean {
    return this.#pipe(fd).paused
  }

  isClosed(fd: number): boolean {
    return this.#pipe(fd).closed
  }

  #pipe(fd: number): FakePipe {
    const pipe = this.#pipes.get(fd)
    if (pipe === undefined) throw new Error(`nobody watches ${fd}`)
    return pipe
  }
}

/** What of a program's log a test is about. */
export interface SomeLog {
  readonly name: string
  readonly replica?: number
  readonly log?: Partial<ProgramLogPlan>
}

/** What a test asks of the log; the rest is usual. */
export interface BenchOptions extends Partial<Omit<LogOptions, 'programs'>> {
  readonly format?: LogFormat
  readonly timestamps?: boolean
  readonly maxLine?: number
  readonly programs?: readonly SomeLog[]
  /** Programs of which nothing else matters. */
  readonly names?: readonly string[]
  /** Both outlets are the same. */
  readonly one?: boolean
  readonly room?: number
}

/** A program as the log knows it. */
export function loggedOf({ name, replica, log }: SomeLog): LoggedProgram {
  return { name, replica, user: undefined, log: { ...programLogDefaults, ...log } }
}

/** A log over fakes. */
export interface Bench {
  readonly logs: Logs
  readonly pipes: FakePipes
  readonly files: FakeFiles
  readonly stdout: FakeOutlet
  readonly stderr: FakeOutlet
  /** The time of every timer that runs now has come. */
  expire(): void
}

/** The time that every message in these tests carries. */
export const time = '2026-01-02T03:04:05.678Z'

/** Opens a log whose outlets, pipes and clock belong to the test. Program i writes to fd 10 x i + 1 and 10 x i + 2. */
export function bench(options: BenchOptions): Bench {
  const stdout = new FakeOutlet('a', options.room)
  const stderr = options.one ? stdout : new FakeOutlet('b', options.room)
  const pipes = new FakePipes()
  const timers = new Set<() => void>()
  const programs = (options.programs ?? (options.names ?? ['web']).map((name): SomeLog => ({ name }))).map(program =>
    loggedOf({ ...program, log: { maxLine: options.maxLine ?? programLogDefaults.maxLine, ...program.log } }),
  )
  const expire = (): void => {
    const due = [...timers]
    timers.clear()
    for (const done of due) done()
  }
  const files = new FakeFiles()
  const logs = openLogs({
    outlets: { stdout, stderr },
    plan: { ...logDefaults, format: options.format, timestamps: options.timestamps ?? false },
    place: target => files.place(target.path),
    environment: {},
    io: pipes,
    errnoName: errno => `E${errno}`,
    now: () => new Date(time),
    after(_millis, done) {
      timers.add(done)
      return () => void timers.delete(done)
    },
    ...options,
    programs,
  })
  for (const [index] of programs.entries()) {
    logs.program(index).attach('stdout', 10 * index + 1)
    logs.program(index).attach('stderr', 10 * index + 2)
    logs.program(index).startRun(100 + index)
  }
  return { logs, pipes, files, stdout, stderr, expire }
}
