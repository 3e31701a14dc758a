/** The log of one program: its pipes, what is kept of them, and where their lines go. */
import type { OpenOutlet, OutputStream } from '../core/output.ts'
import type { LogFormat } from '../core/plan.ts'
import type { Bytes } from './bytes.ts'
import { Capture, type CaptureIo } from './capture.ts'
import { colourOf, styleOf, wantsColour } from './format.ts'
import type { Follower, Piece, Start, StreamChoice } from './history.ts'
import type { JsonSource } from './json.ts'
import { assembleLines, type Held, type Lines } from './lines.ts'
import { type Counters, Record as Memory } from './record.ts'
import type { Sink, Tap } from './sink.ts'

/** A program whose output is collected. */
export interface LoggedProgram {
  readonly name: string
  /** Undefined: 0, and the name is shown without a number. */
  readonly replica?: number
  /** Undefined: the log's. */
  readonly format: LogFormat | undefined
}

/** What a program has written lately, for those who want to see it. Nothing of it slows the program down. */
export interface ProgramMemory {
  /** What is in memory, from so many lines or bytes before the end, as the program wrote it. */
  tail(streams: StreamChoice, start: Start): readonly Piece[]
  /** Begins to read; `onMore` is called, in the middle of a read of the pipe, once after each `read` that gave nothing. */
  follow(streams: StreamChoice, start: Start, onMore: () => void): Follower
  /**
   * Calls back once, and not before it has returned, when a whole line of the run with this pid matches, on either
   * stream; lines that it has written already count as far as they are in memory. Lines over the limit are tested in
   * pieces. Gives the way to call it off.
   */
  expect(pid: number, pattern: RegExp, onMatch: () => void): () => void
  /** What a stream has come to since foster started. */
  counters(stream: OutputStream): Counters
}

/** The log of one program. */
export interface ProgramLog extends ProgramMemory {
  /** Collects a stream; `fd` is the read end of its pipe and belongs to the log from now on. */
  attach(stream: OutputStream, fd: number): void
  /** A process has been started whose output comes next. */
  startRun(pid: number): void
  /** The process has been reaped: what it wrote is read, an unfinished line finished. */
  endRun(): void
  /** Changes its settings while it runs; a line that is unfinished is finished. */
  configure(program: LoggedProgram): void
  /** Closes its pipes: the program is no longer configured. What it wrote can still be read. */
  close(): void
}

/** What the logs of all programs share. */
export interface Shared {
  readonly io: CaptureIo
  readonly outlets: Readonly<Record<OutputStream, OpenOutlet>>
  /** Where NO_COLOR, FORCE_COLOR and TERM are looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly now: () => Date
  readonly format: LogFormat
  /** To which labels are padded. */
  width: number
  readonly maxLine: number
  /** Bytes of each program that stay in memory. */
  readonly memory: number
  readonly countsLines: boolean
  readonly sinks: Readonly<Record<OutputStream, Sink>>
  readonly captures: Set<Capture>
  /** What pipes are read into. */
  readonly buffer: Buffer
  /** Formatted lines, on their way to a sink. */
  readonly out: Bytes
  readonly held: Held
  /** Something has come to its end: a flush may be complete. */
  check(): void
}

/** A name as it is shown: `web`, `web:0`. */
export function labelOf(program: Pick<LoggedProgram, 'name' | 'replica'>): string {
  return program.replica === undefined ? program.name : `${program.name}:${program.replica}`
}

/** Opens the log of one program; `index` chooses its colour. */
export function openProgramLog(shared: Shared, program: LoggedProgram, index: number): ProgramLog {
  const memory = new Memory(shared.memory, shared.maxLine, shared.countsLines)
  const streams: Attached[] = []
  let settings = program
  let running: number | undefined
  return {
    attach(stream, fd) {
      const one = attach(shared, { settings: () => settings, index, memory, stream, fd })
      streams.push(one)
      if (running !== undefined) one.capture.startRun(running)
    },
    startRun(pid) {
      running = pid
      for (const { capture } of streams) capture.startRun(pid)
    },
    endRun() {
      for (const { capture } of streams) capture.endRun()
    },
    configure(next) {
      settings = next
      for (const one of streams) one.configure()
    },
    close() {
      for (const one of streams.splice(0)) one.detach()
    },
    tail: (choice, start) => memory.history.tail(choice, start),
    follow: (choice, start, onMore) => memory.history.follow(choice, start, onMore),
    expect: (pid, pattern, onMatch) => memory.expectations.expect(pid, pattern, onMatch),
    counters: stream => memory.counters(stream),
  }
}

/** One stream of one program, to be connected. */
interface Source {
  readonly settings: () => LoggedProgram
  readonly index: number
  readonly memory: Memory
  readonly stream: OutputStream
  readonly fd: number
}

/** One stream of one program, connected to one of foster's outputs. */
interface Attached {
  readonly capture: Capture
  configure(): void
  detach(): void
}

function attach(shared: Shared, source: Source): Attached {
  const { io, buffer, captures, sinks } = shared
  const { stream, memory, fd } = source
  const sink = sinks[stream]
  const who: { pid: number | undefined } = { pid: undefined }
  let lines = linesOf(shared, source, who, () => capture)
  const capture: Capture = new Capture({
    fd,
    io,
    buffer,
    lines: memory.around(stream, {
      feed: (chunk, from, to) => lines.feed(chunk, from, to),
      end: () => lines.end(),
      held: () => lines.held(),
    }),
    onRun: pid => {
      who.pid = pid
      memory.expectations.startRun(stream, pid)
    },
    onSettled: shared.check,
  })
  sink.join(capture)
  captures.add(capture)
  return {
    capture,
    configure() {
      lines.end()
      lines = linesOf(shared, source, who, () => capture)
    },
    detach() {
      capture.close()
      sink.leave(capture)
      captures.delete(capture)
    },
  }
}

function linesOf(shared: Shared, source: Source, who: { pid: number | undefined }, tap: () => Tap): Lines {
  const { sinks, width, out, held, outlets, environment, now } = shared
  const { index, stream } = source
  const program = source.settings()
  const sink = sinks[stream]
  const format = program.format ?? shared.format
  const colour = wantsColour(outlets[stream].isTerminal, environment) ? colourOf(index) : undefined
  const json: JsonSource = { program: program.name, replica: program.replica ?? 0, stream, run: who, now }
  return assembleLines({
    style: styleOf({ format, label: labelOf(program), width, colour, json }),
    longest: shared.maxLine,
    mayCut: format !== 'raw',
    held,
    passes: format === 'raw' ? () => sink.isAlone() : () => false,
    out,
    put: (bytes, from, to) => sink.put(tap(), bytes, from, to),
    hold: on => sink.hold(tap(), on),
  })
}
