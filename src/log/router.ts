/** All output of all programs, and what foster itself says: the one part of the log that the rest of foster uses. */
import type { OpenOutlet, OutputStream } from '../core/output.ts'
import type { LogFormat } from '../core/plan.ts'
import { type Bytes, emptyBytes } from './bytes.ts'
import { Capture, type CaptureIo } from './capture.ts'
import { colourOf, styleOf, voice, wantsColour } from './format.ts'
import type { JsonSource } from './json.ts'
import { assembleLines, type Lines } from './lines.ts'
import { Sink, type Tap } from './sink.ts'

/** How important one of foster's own messages is. */
export type Level = 'debug' | 'info' | 'warning' | 'error'

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
  /** Bytes that wait for a slow reader before programs are slowed down, for each of foster's outputs. */
  readonly pending?: number
}

/** What `flush` could not bring out. */
export interface Flushed {
  /** Bytes that nobody has taken: pending here, unfinished lines, and what is still in the programs' pipes. */
  readonly unwritten: number
  /** Bytes thrown away since the start because the reader had gone or the disk was full. */
  readonly lost: number
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
const defaultPending = 1024 * 1024

interface Shared {
  readonly options: LogOptions
  readonly format: LogFormat
  readonly width: number
  readonly sinks: Record<OutputStream, Sink>
  readonly captures: Set<Capture>
  readonly buffer: Buffer
  readonly out: Bytes
  /** Something has come to its end: a flush may be complete. */
  check(): void
}

/** Opens the log. Nothing is read before `attach`. */
export function openLogs(options: LogOptions): Logs {
  let check = () => {}
  let refused = (_stream: OutputStream, _errno: number) => {}
  const sinks = makeSinks(
    options,
    () => check(),
    (stream, errno) => refused(stream, errno),
  )
  const shared: Shared = {
    options,
    format: options.format ?? (options.programs.length > 1 ? 'prefix' : 'raw'),
    width: Math.max(...['foster', ...options.programs.map(labelOf)].map(label => label.length)),
    sinks,
    captures: new Set(),
    buffer: Buffer.allocUnsafeSlow(readSize),
    out: emptyBytes(),
    check: () => check(),
  }
  const speak = speaker(shared)
  refused = (stream, errno) => {
    const other = stream === 'stdout' ? 'stderr' : 'stdout'
    if (sinks[other] !== sinks[stream])
      speak(sinks[other], 'error', `cannot write to ${stream}: ${options.errnoName(errno)}`)
  }
  const flusher = makeFlusher(shared)
  check = flusher.check
  const programs = options.programs.map((program, index) => programLog(shared, program, index))
  return {
    program(index) {
      const found = programs[index]
      if (found === undefined) throw new RangeError(`no program ${index}`)
      return found
    },
    say: (level, text) => speak(sinks.stderr, level, text),
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

type Speak = (sink: Sink, level: Level, text: string) => void

/** Says foster's own messages; those for which there is no room are counted, and the count is said later. */
function speaker(shared: Shared): Speak {
  const { options, format, width, sinks } = shared
  const colour = (stream: OutputStream) =>
    wantsColour(options.outlets[stream].isTerminal, options.environment) ? 90 : undefined
  const write = {
    stdout: voice({ format, width, colour: colour('stdout'), now: options.now }),
    stderr: voice({ format, width, colour: colour('stderr'), now: options.now }),
  }
  let dropped = 0
  return (sink, level, text) => {
    // Where both are the same sink, that of stderr: it is the one foster speaks on.
    const one = write[sink === sinks.stderr ? 'stderr' : 'stdout']
    const bytes = emptyBytes()
    if (dropped > 0) one(bytes, 'warning', `${dropped} messages of foster's had no room here`)
    one(bytes, level, text)
    dropped = sink.say(bytes.data, 0, bytes.length) ? 0 : dropped + 1
  }
}

function programLog(shared: Shared, program: LoggedProgram, index: number): ProgramLog {
  const captures: Capture[] = []
  return {
    attach(stream, fd) {
      captures.push(capture(shared, program, index, stream, fd))
    },
    startRun(pid) {
      for (const one of captures) one.startRun(pid)
    },
    endRun() {
      for (const one of captures) one.endRun()
    },
    close() {
      for (const one of captures.splice(0)) {
        one.close()
        shared.captures.delete(one)
      }
    },
  }
}

function capture(shared: Shared, program: LoggedProgram, index: number, stream: OutputStream, fd: number): Capture {
  const { options, sinks, buffer } = shared
  const sink = sinks[stream]
  const json: JsonSource = {
    program: program.name,
    replica: program.replica ?? 0,
    stream,
    pid: undefined,
    now: options.now,
  }
  const tap: Tap = { pause: () => one.pause(), resume: () => one.resume() }
  const one: Capture = new Capture({
    fd,
    io: options.io,
    buffer,
    lines: linesOf(shared, program, index, stream, json, tap),
    onRun: pid => {
      json.pid = pid
    },
    onSettled: shared.check,
  })
  sink.join(tap)
  shared.captures.add(one)
  return one
}

function linesOf(
  shared: Shared,
  program: LoggedProgram,
  index: number,
  stream: OutputStream,
  json: JsonSource,
  tap: Tap,
): Lines {
  const { options, sinks, width, out } = shared
  const sink = sinks[stream]
  const format = program.format ?? shared.format
  const maxLine = options.maxLine ?? defaultMaxLine
  const coloured = wantsColour(options.outlets[stream].isTerminal, options.environment)
  const colour = coloured ? colourOf(index) : undefined
  return assembleLines({
    style: styleOf({ format, label: labelOf(program), width, colour, json }),
    cutAt: format === 'raw' ? Number.POSITIVE_INFINITY : maxLine,
    holdAt: maxLine,
    passes: format === 'raw' ? () => sink.isAlone() : () => false,
    out,
    put: (bytes, from, to) => sink.put(bytes, from, to),
    hold: on => sink.hold(tap, on),
  })
}

/** The end of the log: everything read, everything written, or the time is up. */
function makeFlusher(shared: Shared): { check(): void; flush: Logs['flush'] } {
  const { sinks, captures, options } = shared
  const both = new Set([sinks.stdout, sinks.stderr])
  let finish: (() => void) | undefined
  const unwritten = () => {
    let bytes = 0
    for (const sink of both) bytes += sink.pendingBytes()
    for (const one of captures) bytes += one.unreadBytes()
    return bytes
  }
  const complete = () => {
    for (const one of captures) if (!one.isSettled()) return false
    for (const sink of both) if (sink.pendingBytes() > 0) return false
    return true
  }
  const check = () => {
    if (finish !== undefined && complete()) finish()
  }
  return {
    check,
    flush(millis, done) {
      for (const one of captures) one.endRun()
      const cancel = options.after(millis, () => finish?.())
      finish = () => {
        finish = undefined
        cancel()
        let lost = 0
        for (const sink of both) lost += sink.lost
        done({ unwritten: unwritten(), lost })
      }
      check()
    },
  }
}
