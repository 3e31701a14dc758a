/** All output of all programs, and what foster itself says: the one part of the log that the rest of foster uses. */
import type { LogPlan } from '../core/log-plan.ts'
import type { OutputStream } from '../core/output.ts'
import { emptyBytes } from './bytes.ts'
import type { Capture } from './capture.ts'
import { type Flushed, makeFlusher } from './flush.ts'
import { type LoggedProgram, type LogSystem, labelOf, type Shared } from './log-shared.ts'
import { openProgramLog, type ProgramLog } from './program-log.ts'
import { Compressor } from './rotate.ts'
import { type Drain, Sink } from './sink.ts'
import { Syslog } from './syslog.ts'
import { type Level, type OwnMemory, openVoice } from './voice.ts'
import { WritePool } from './write-pool.ts'

/** What the log is made of. */
export interface LogOptions extends LogSystem {
  readonly plan: LogPlan
  readonly programs: readonly LoggedProgram[]
  /** Whether the lines of each program are counted, for metrics; false by default. */
  readonly countsLines?: boolean
  /** Hears how many lines a program has lost, as often as it is said. */
  readonly lost?: (who: string, lines: number) => void
  /**
   * Bytes that wait for a slow reader, or for one file, before who writes is slowed down; twice as many slow everybody
   * down who writes there.
   */
  readonly pending?: number
}

/** All logs together. */
export interface Logs {
  /** What foster has said lately, on stderr; the other stream is empty. */
  readonly own: OwnMemory
  /** The log of the program with this index: its place in the options, or what `configure` was given. */
  program(index: number): ProgramLog
  /** Opens the log of a program that has come, or changes the settings of one that is there. */
  configure(index: number, program: LoggedProgram): void
  /** Opens all log files again, or makes them where they have been moved away: how many. */
  reopen(): number
  /** One of foster's own messages, on stderr; lines of text without a newline at the end. */
  say(level: Level, text: string): void
  /** Ends all runs and waits until everything has been taken, at most so long. */
  flush(patience: number, done: (result: Flushed) => void, limit?: number): void
}

/** Larger than a pipe, so that one read empties it and no busy program keeps the loop to itself. */
const readSize = 68 * 1024
/** Beginnings of lines up to this length are put in front of what is read. */
const room = 4096
const defaultPending = 256 * 1024
/** All unfinished lines together. */
const heldLimit = 8 * 1024 * 1024
/** Node has four threads for files; a disk that stalls must not have them all. */
const writesAtATime = 2
/** All that waits for files together is as much as what may wait for so many. */
const filesAtATime = 64

/** Opens the log. Nothing is read before `attach`. */
export function openLogs(options: LogOptions): Logs {
  const { plan, programs: first, pending = defaultPending } = options
  const format = plan.format ?? (first.length > 1 ? 'prefix' : 'raw')
  const width = Math.max(...['foster', ...first.map(labelOf)].map(label => label.length))
  const captures = new Set<Capture>()
  const sinks = makeSinks(
    options,
    pending,
    () => flusher.check(),
    (stream, errno) => voice.refused(stream, errno),
  )
  const drains = new Set<Drain>(Object.values(sinks))
  const voice = openVoice({ ...options, timestamps: plan.timestamps, format, width, sinks })
  const tellLosses = (): void => {
    for (const program of programs.values()) program.finish()
  }
  const flusher = makeFlusher({ sinks: Object.values(sinks), drains, captures, after: options.after, tellLosses })
  const shared: Shared = {
    ...options,
    ...{ format, width, pending, sinks, drains, captures },
    countsLines: options.countsLines ?? false,
    pool: new WritePool(writesAtATime, filesAtATime * pending),
    compressor: new Compressor(),
    system: new Syslog({ ...options, say: voice.say }),
    buffer: Buffer.allocUnsafeSlow(room + readSize),
    room,
    out: emptyBytes(),
    held: { bytes: 0, limit: heldLimit },
    say: voice.say,
    check: flusher.check,
  }
  const programs = new Map(first.map((program, index) => [index, openProgramLog(shared, program, index)]))
  return {
    own: voice.memory,
    program: index => programs.get(index) ?? noProgram(index),
    configure(index, program) {
      // Lines of others are not padded anew: their columns would jump in the middle of the log.
      shared.width = Math.max(shared.width, labelOf(program).length)
      const found = programs.get(index)
      if (found === undefined) programs.set(index, openProgramLog(shared, program, index))
      else found.configure(program)
    },
    reopen: () => [...programs.values()].reduce((sum, program) => sum + program.reopen(), 0),
    say: voice.say,
    flush: flusher.flush,
  }
}

function noProgram(index: number): never {
  throw new RangeError(`no program ${index}`)
}

type OnRefused = (stream: OutputStream, errno: number) => void

/** One sink, if both descriptors lead to the same place: else halves of lines would meet. */
function makeSinks(
  { outlets }: LogOptions,
  pending: number,
  onEmpty: () => void,
  onRefused: OnRefused,
): Record<OutputStream, Sink> {
  const make = (stream: OutputStream) =>
    new Sink({ outlet: outlets[stream], limit: pending, onRefused: errno => onRefused(stream, errno), onEmpty })
  const stdout = make('stdout')
  return { stdout, stderr: outlets.stdout.key === outlets.stderr.key ? stdout : make('stderr') }
}
