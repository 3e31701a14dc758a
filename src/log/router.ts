/** All output of all programs, and what foster itself says: the one part of the log that the rest of foster uses. */
import type { OpenOutlet, OutputStream } from '../core/output.ts'
import type { LogFormat } from '../core/plan.ts'
import { emptyBytes } from './bytes.ts'
import type { Capture, CaptureIo } from './capture.ts'
import { type Flushed, makeFlusher } from './flush.ts'
import { type LoggedProgram, labelOf, openProgramLog, type ProgramLog, type Shared } from './program-log.ts'
import { Sink } from './sink.ts'
import { type Level, openVoice } from './voice.ts'

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
  /** Bytes of each program that stay in memory, half of them for each stream. */
  readonly memory?: number
  /** Whether the lines of each program are counted, for metrics; false by default. */
  readonly countsLines?: boolean
  /** Bytes that wait for a slow reader before who writes is slowed down; twice as many slow everybody down. */
  readonly pending?: number
}

/** All logs together. */
export interface Logs {
  /** The log of the program with this index: its place in the options, or what `configure` was given. */
  program(index: number): ProgramLog
  /** Opens the log of a program that has come, or changes the settings of one that is there. */
  configure(index: number, program: LoggedProgram): void
  /** One of foster's own messages, on stderr; lines of text without a newline at the end. */
  say(level: Level, text: string): void
  /** Ends all runs and waits until everything has been taken, at most so long. */
  flush(millis: number, done: (result: Flushed) => void): void
}

/** Larger than a pipe, so that one read empties it and no busy program keeps the loop to itself. */
const readSize = 68 * 1024
const defaultMaxLine = 1024 * 1024
const defaultMemory = 256 * 1024
const defaultPending = 256 * 1024
/** All unfinished lines together. */
const heldLimit = 8 * 1024 * 1024

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
    ...options,
    format,
    width,
    maxLine: options.maxLine ?? defaultMaxLine,
    memory: options.memory ?? defaultMemory,
    countsLines: options.countsLines ?? false,
    sinks,
    captures,
    buffer: Buffer.allocUnsafeSlow(readSize),
    out: emptyBytes(),
    held: { bytes: 0, limit: heldLimit },
    check: flusher.check,
  }
  const programs = new Map(options.programs.map((program, index) => [index, openProgramLog(shared, program, index)]))
  return {
    program(index) {
      const found = programs.get(index)
      if (found === undefined) throw new RangeError(`no program ${index}`)
      return found
    },
    configure(index, program) {
      // Lines of others are not padded anew: their columns would jump in the middle of the log.
      shared.width = Math.max(shared.width, labelOf(program).length)
      const found = programs.get(index)
      if (found === undefined) programs.set(index, openProgramLog(shared, program, index))
      else found.configure(program)
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
