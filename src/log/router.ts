/** All output of all programs, and what foster itself says: the one part of the log that the rest of foster uses. */
import type { OpenOutlet, OutputStream } from '../core/output.ts'
import type { LogFormat } from '../core/plan.ts'
import { type Bytes, emptyBytes } from './bytes.ts'
import { Capture, type CaptureIo } from './capture.ts'
import { type Flushed, makeFlusher } from './flush.ts'
import { colourOf, styleOf, wantsColour } from './format.ts'
import type { JsonSource } from './json.ts'
import { assembleLines, type Held, type Lines } from './lines.ts'
import { Sink, type Tap } from './sink.ts'
import { type Level, openVoice } from './voice.ts'

/** A program whose output is collected. */
export interface LoggedProgram {
  readonly name: string
  /** Undefined: 0, and the name is shown without a number. */
  readonly replica?: number
  /** Undefined: the log's. */
  readonly format: LogFormat | undefined
}

/** What the log is made of. */
export interface LogOptions {
  readonly outlets: Readonly<Record<OutputStream, OpenOutlet>>
  /** Undefined: `prefix` for several programs, `raw` for one. */
  readonly format: LogFormat | undefined
  readonly programs: readonly LoggedProgram[]
  /** Where NO_COLOR, FORCE_COLOR and TERM are looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly io: CaptureIo
  /** The name of an errno: `EPIPE` for 32. */
  readonly errnoName: (errno: number) => string
  readonly now: () => Date
  /** Calls back once after so many milliseconds; the function it returns calls it off. */
  readonly after: (millis: number, done: () => void) => () => void
  /** Longer lines are cut, except in raw. */
  readonly maxLine?: number
  /** Bytes that wait for a slow reader before who writes is slowed down; twice as many slow everybody down. */
  readonly pending?: number
}

/** The log of one program. */
export interface ProgramLog {
  /** Collects a stream; `fd` is the read end of its pipe and belongs to the log from now on. */
  attach(stream: OutputStream, fd: number): void
  /** A process has been started whose output comes next. */
  startRun(pid: number): void
  /** The process has been reaped: what it wrote is read, an unfinished line finished. */
  endRun(): void
  /** Closes its pipes: the program is no longer configured. */
  close(): void
}

/** All logs together. */
export interface Logs {
  /** The log of the program with this index in the options. */
  program(index: number): ProgramLog
  /** One of foster's own messages, on stderr; lines of text without a newline at the end. */
  say(level: Level, text: string): void
  /** Ends all runs and waits until everything has been taken, at most so long. */
  flush(millis: number, done: (result: Flushed) => void): void
}

/** Larger than a pipe, so that one read empties it and no busy program keeps the loop to itself. */
const readSize = 68 * 1024
const defaultMaxLine = 1024 * 1024
const defaultPending = 256 * 1024
/** All unfinished lines together. */
const heldLimit = 8 * 1024 * 1024

interface Shared {
  readonly options: LogOptions
  readonly format: LogFormat
  readonly width: number
  readonly sinks: Record<OutputStream, Sink>
  readonly captures: Set<Capture>
  readonly buffer: Buffer
  readonly out: Bytes
  readonly held: Held
  /** Something has come to its end: a flush may be complete. */
  check(): void
}

/** Opens the log. Nothing is read before `attach`. */
export function openLogs(options: LogOptions): Logs {
  const format = options.format ?? (options.programs.length > 1 ? 'prefix' : 'raw')
  const width = Math.max(...['foster', ...options.programs.map(labelOf)].map(label => label.length))
  const captures = new Set<Capture>()
  const sinks = makeSinks(
    options,
    () => flusher.check(),
    (stream, errno) => voice.refused(stream, errno),
  )
  const voice = openVoice({ ...options, format, width, sinks })
  const flusher = makeFlusher({ sinks: new Set(Object.values(sinks)), captures, after: options.after })
  const shared: Shared = {
    options,
    format,
    width,
    sinks,
    captures,
    buffer: Buffer.allocUnsafeSlow(readSize),
    out: emptyBytes(),
    held: { bytes: 0, limit: heldLimit },
    check: flusher.check,
  }
  const programs = options.programs.map((program, index) => programLog(shared, program, index))
  return {
    program(index) {
      const found = programs[index]
      if (found === undefined) throw new RangeError(`no program ${index}`)
      return found
    },
    say: voice.say,
    flush: flusher.flush,
  }
}

type OnRefused = (stream: OutputStream, errno: number) => void

/** One sink, if both descriptors lead to the same place: else halves of lines would meet. */
function makeSinks(options: LogOptions, onEmpty: () => void, onRefused: OnRefused): Record<OutputStream, Sink> {
  const { outlets } = options
  const limit = options.pending ?? defaultPending
  const make = (stream: OutputStream) =>
    new Sink({ outlet: outlets[stream], limit, onRefused: errno => onRefused(stream, errno), onEmpty })
  const stdout = make('stdout')
  return { stdout, stderr: outlets.stdout.key === outlets.stderr.key ? stdout : make('stderr') }
}

function labelOf(program: LoggedProgram): string {
  return program.replica === undefined ? program.name : `${program.name}:${program.replica}`
}

function programLog(shared: Shared, program: LoggedProgram, index: number): ProgramLog {
  const streams: Attached[] = []
  let running: number | undefined
  return {
    attach(stream, fd) {
      const one = attach(shared, program, index, stream, fd)
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
    close() {
      for (const one of streams.splice(0)) one.detach()
    },
  }
}

/** One stream of one program, connected to one of foster's outputs. */
interface Attached {
  readonly capture: Capture
  detach(): void
}

function attach(shared: Shared, program: LoggedProgram, index: number, stream: OutputStream, fd: number): Attached {
  const { options, sinks, captures, buffer } = shared
  const { name, replica = 0 } = program
  const sink = sinks[stream]
  const json: JsonSource = { program: name, replica, stream, pid: undefined, now: options.now }
  const capture: Capture = new Capture({
    fd,
    io: options.io,
    buffer,
    lines: linesOf(shared, program, index, json, () => capture),
    onRun: pid => {
      json.pid = pid
    },
    onSettled: shared.check,
  })
  sink.join(capture)
  captures.add(capture)
  return {
    capture,
    detach() {
      capture.close()
      sink.leave(capture)
      captures.delete(capture)
    },
  }
}

function linesOf(shared: Shared, program: LoggedProgram, index: number, json: JsonSource, tap: () => Tap): Lines {
  const { options, sinks, width, out, held } = shared
  const sink = sinks[json.stream]
  const format = program.format ?? shared.format
  const isColoured = wantsColour(options.outlets[json.stream].isTerminal, options.environment)
  const colour = isColoured ? colourOf(index) : undefined
  return assembleLines({
    style: styleOf({ format, label: labelOf(program), width, colour, json }),
    longest: options.maxLine ?? defaultMaxLine,
    mayCut: format !== 'raw',
    held,
    passes: format === 'raw' ? () => sink.isAlone() : () => false,
    out,
    put: (bytes, from, to) => sink.put(tap(), bytes, from, to),
    hold: on => sink.hold(tap(), on),
  })
}
