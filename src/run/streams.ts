/** The programs' standard streams: owns their pipes and connects them to the log. */
import { closeSync } from 'node:fs'
import type { Program } from '../core/plan.ts'
import type { Logs } from '../log/router.ts'
import { errnoName } from '../os/errno.ts'
import type { Refusal } from '../os/executable.ts'
import { pipe } from '../os/libc.ts'
import { closePipe, makeProgramPipe, type ProgramPipe } from '../os/pipes.ts'

/** What becomes a program's descriptors 0, 1 and 2. */
export type Stdio = readonly [stdin: number, stdout: number, stderr: number]

export class Streams {
  readonly #logs: Logs
  readonly #nullDevice: number
  /** Inputs in which nothing comes. */
  readonly #inputs = new Map<number, ProgramPipe>()
  readonly #writeEnds = new Map<number, readonly [stdout: number, stderr: number]>()
  /** Whose the pipes are (no uid: foster's own), and whether both streams have one. */
  readonly #owners = new Map<number, { readonly uid: number | undefined; readonly isShared: boolean }>()
  /** What is still to be told to the log. */
  readonly #pending: (() => void)[] = []

  /** `nullDevice` is the descriptor for programs without standard input. */
  constructor(logs: Logs, nullDevice: number) {
    this.#logs = logs
    this.#nullDevice = nullDevice
  }

  /** The streams of a program's next run: foster's own for the terminal's program, else pipes, kept from run to run. */
  stdio(index: number, program: Program, ownsOutput: boolean): Stdio | Refusal {
    if (ownsOutput || program.tty) return [0, 1, 2]
    const input = program.stdin === 'pipe' ? this.#input(index) : program.stdin === 'inherit' ? 0 : this.#nullDevice
    if (typeof input !== 'number') return input
    const ends = this.#writeEnds.get(index) ?? this.#makePipes(index, program)
    return 'how' in ends ? ends : [input, ...ends]
  }

  /** A pipe of which foster keeps both ends: a program that reads from it waits. */
  #input(index: number): number | Refusal {
    const ends = this.#inputs.get(index) ?? pipe()
    if (typeof ends === 'number') return noPipe(ends)
    this.#inputs.set(index, ends)
    return ends.read
  }

  /** A run has begun whose output comes next. */
  started(index: number, pid: number): void {
    this.#later(() => this.#logs.program(index).startRun(pid))
  }

  /** The run is over: what it wrote is taken before anybody hears of it. */
  ended(index: number): void {
    this.#connect()
    this.#logs.program(index).endRun()
  }

  /** A program is configured anew: what belongs to another user is made anew. */
  configured(index: number, { user, redirectStderr }: Program): void {
    const owner = this.#owners.get(index)
    if (owner !== undefined && (owner.uid !== user?.uid || owner.isShared !== redirectStderr)) this.close(index)
  }

  /** The program is not there any more, and no process of it writes. */
  close(index: number): void {
    const input = this.#inputs.get(index)
    if (input !== undefined) closePipe(input)
    this.#inputs.delete(index)
    const ends = this.#writeEnds.get(index)
    if (ends === undefined) return
    this.#connect()
    this.#writeEnds.delete(index)
    this.#owners.delete(index)
    this.#logs.program(index).close()
    for (const fd of new Set(ends)) closeSync(fd)
  }

  /** Both pipes, or neither; one that serves both. */
  #makePipes(index: number, { user, redirectStderr }: Program): readonly [number, number] | Refusal {
    const out = makeProgramPipe(user)
    if (typeof out === 'number') return noPipe(out)
    if (redirectStderr) {
      this.#later(() => this.#logs.program(index).attach('stdout', out.read))
      this.#writeEnds.set(index, [out.write, out.write])
      this.#owners.set(index, { uid: user?.uid, isShared: true })
      return [out.write, out.write]
    }
    const err = makeProgramPipe(user)
    if (typeof err === 'number') {
      closePipe(out)
      return noPipe(err)
    }
    this.#later(() => {
      this.#logs.program(index).attach('stdout', out.read)
      this.#logs.program(index).attach('stderr', err.read)
    })
    this.#writeEnds.set(index, [out.write, err.write])
    this.#owners.set(index, { uid: user?.uid, isShared: false })
    return [out.write, err.write]
  }

  /** Reading takes node:net, which takes milliseconds to load: the programs are started first, in this turn of the loop. */
  #later(task: () => void): void {
    if (this.#pending.push(task) === 1) setImmediate(() => this.#connect())
  }

  #connect(): void {
    for (const task of this.#pending.splice(0)) task()
  }
}

function noPipe(result: number): Refusal {
  return { how: 'unstartable', code: 1, reason: `cannot make a pipe: ${errnoName(-result)}` }
}
