/** The programs' standard streams: owns their pipes and connects them to the log. */
import { closeSync } from 'node:fs'
import { isRead } from '../core/log-plan.ts'
import type { OutputStream } from '../core/output.ts'
import type { Program } from '../core/plan.ts'
import type { Logs } from '../log/router.ts'
import { openSink } from '../os/descriptors.ts'
import { errnoName } from '../os/errno.ts'
import type { Refusal } from '../os/executable.ts'
import { type InputPipe, makeInputPipe, type Written } from '../os/input-pipe.ts'
import { makeProgramPipe } from '../os/pipes.ts'
import { HandedSockets } from './handed-sockets.ts'

/** What becomes a program's descriptors 0, 1 and 2. */
export type Stdio = readonly [stdin: number, stdout: number, stderr: number]

/** A program's pipes. */
interface Pipes {
  /** Whose they are; undefined: foster's own. */
  readonly uid: number | undefined
  readonly writeEnds: Map<OutputStream, number>
}

const own = { stdout: 1, stderr: 2 } as const

export class Streams {
  readonly #logs: Logs
  readonly #nullDevice: number
  /** Where output goes that nobody wants; opened when it is needed first. */
  #sink: { readonly fd: number | undefined } | undefined
  /** The standard inputs of the runs that have one: nothing comes there unless somebody writes. */
  readonly #inputs = new Map<number, InputPipe>()
  /** There once a program has one. */
  #sockets: HandedSockets | undefined
  readonly #pipes = new Map<number, Pipes>()
  /** What is still to be told to the log. */
  readonly #pending: (() => void)[] = []

  /** `nullDevice` is the descriptor for programs without standard input. */
  constructor(logs: Logs, nullDevice: number) {
    this.#logs = logs
    this.#nullDevice = nullDevice
  }

  /**
   * The streams of a program's next run: foster's own for the terminal's program, else pipes. Those of its output are kept
   * from run to run; its input is the run's own, so that nobody reads what was written for another.
   */
  stdio(index: number, program: Program, ownsOutput: boolean): Stdio | Refusal {
    if (ownsOutput || program.tty) return [0, 1, 2]
    const stdin = this.#stdin(index, program)
    if (typeof stdin !== 'number') return stdin
    const stdout = this.#output(index, program, 'stdout')
    if (typeof stdout !== 'number') return stdout
    const stderr = program.log.stderr === 'stdout' ? stdout : this.#output(index, program, 'stderr')
    return typeof stderr === 'number' ? [stdin, stdout, stderr] : stderr
  }

  #stdin(index: number, program: Program): number | Refusal {
    if (program.socket !== undefined) {
      this.#sockets ??= new HandedSockets()
      return this.#sockets.take(index, program.socket, program.user)
    }
    return program.stdin === 'pipe' ? this.#input(index) : program.stdin === 'inherit' ? 0 : this.#nullDevice
  }

  #input(index: number): number | Refusal {
    this.abandon(index)
    const input = makeInputPipe()
    if (typeof input === 'number') return noPipe(input)
    this.#inputs.set(index, input)
    return input.read
  }

  /** The run did not begin. */
  abandon(index: number): void {
    this.#sockets?.release(index)
    this.#inputs.get(index)?.close()
    this.#inputs.delete(index)
  }

  /** Gives text to a program's standard input. `full`: it does not read what is there; `closed`: nothing can come there. */
  write(index: number, text: string): Written {
    return this.#inputs.get(index)?.write(Buffer.from(text)) ?? 'closed'
  }

  /** A run has begun whose output comes next. */
  started(index: number, pid: number): void {
    this.#inputs.get(index)?.started()
    this.#later(() => this.#logs.program(index).startRun(pid))
  }

  /** The run is over: what it wrote is taken before anybody hears of it. */
  ended(index: number): void {
    this.abandon(index)
    this.#connect()
    this.#logs.program(index).endRun()
  }

  /** A program is configured anew: what belongs to another user is made anew. */
  configured(index: number, { user }: Program): void {
    const pipes = this.#pipes.get(index)
    if (pipes !== undefined && pipes.uid !== user?.uid) this.close(index)
  }

  /** The program is not configured any more, and no process of it writes. */
  retire(index: number): void {
    this.close(index)
    this.#logs.program(index).retire()
  }

  /** No process of the program writes, and the next one gets other pipes. */
  close(index: number): void {
    this.abandon(index)
    const pipes = this.#pipes.get(index)
    if (pipes === undefined) return
    this.#connect()
    this.#pipes.delete(index)
    this.#logs.program(index).close()
    for (const fd of pipes.writeEnds.values()) closeSync(fd)
  }

  /** One output stream: a descriptor that is handed over, or a pipe. */
  #output(index: number, program: Program, stream: OutputStream): number | Refusal {
    const targets = program.log[stream]
    if (targets !== 'stdout' && !isRead(program.log, stream)) {
      if (targets.some(({ to }) => to === 'inherit')) return own[stream]
      this.#sink ??= { fd: openSink() }
      // Without /dev/null what nobody wants is read and thrown away.
      if (this.#sink.fd !== undefined) return this.#sink.fd
    }
    return this.#pipes.get(index)?.writeEnds.get(stream) ?? this.#makePipe(index, program, stream)
  }

  #makePipe(index: number, { user }: Program, stream: OutputStream): number | Refusal {
    const ends = makeProgramPipe(user)
    if (typeof ends === 'number') return noPipe(ends)
    const pipes = this.#pipes.get(index) ?? { uid: user?.uid, writeEnds: new Map() }
    this.#pipes.set(index, pipes)
    pipes.writeEnds.set(stream, ends.write)
    this.#later(() => this.#logs.program(index).attach(stream, ends.read))
    return ends.write
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
