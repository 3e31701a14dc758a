/** What the logs of all programs share. */
import type { FileTarget, LogFormat, LogPlan, ProgramLogPlan } from '../core/log-plan.ts'
import type { LogPlace, OpenOutlet, OutputStream } from '../core/output.ts'
import type { Credentials } from '../core/plan.ts'
import type { Bytes } from './bytes.ts'
import type { Capture, CaptureIo } from './capture.ts'
import type { Held, Lines } from './lines.ts'
import type { Compressor } from './rotate.ts'
import type { Drain, Sink } from './sink.ts'
import type { Level } from './voice.ts'
import type { WritePool } from './write-pool.ts'

/** A program whose output is collected. */
export interface LoggedProgram {
  readonly name: string
  /** Undefined: the name is shown without a number. */
  readonly replica: number | undefined
  readonly log: ProgramLogPlan
  /** Whose rights count where its files lie in a directory of its own. */
  readonly user: Credentials | undefined
}

/** A stream that somebody may want to look at. */
export interface Watched {
  /** The place of its program. */
  readonly index: number
  readonly stream: OutputStream
  readonly log: ProgramLogPlan
  /** Whose output comes now. */
  readonly run: { readonly pid: number | undefined }
}

/** Gives what is put before the log of a stream, and may take something out of it; undefined: nobody looks. */
export type Watch = (watched: Watched, lines: Lines) => Lines | undefined

/** What the logs need of the system. */
export interface LogSystem {
  /** Undefined: nobody looks at anything. */
  readonly watch?: Watch
  readonly outlets: Readonly<Record<OutputStream, OpenOutlet>>
  /** Where NO_COLOR, FORCE_COLOR and TERM are looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly io: CaptureIo
  /** The place of a log file. */
  readonly place: (target: FileTarget, user: Credentials | undefined) => LogPlace
  /** Sends a message to the system's log: 0, or the negative errno; undefined: there is none. */
  readonly syslog?: (message: Buffer) => number
  /** The name of an errno: `EPIPE` for 32. */
  readonly errnoName: (errno: number) => string
  readonly now: () => Date
  /** Calls back once after so many milliseconds; the function it returns calls it off. */
  readonly after: (millis: number, done: () => void) => () => void
}

/** What one log uses of what belongs to all. */
export interface Shared extends LogSystem {
  readonly plan: LogPlan
  readonly format: LogFormat
  /** To which labels are padded. */
  width: number
  readonly countsLines: boolean
  /** Bytes that wait for one place before who writes is slowed down. */
  readonly pending: number
  readonly sinks: Readonly<Record<OutputStream, Sink>>
  /** The sinks, and the files. */
  readonly drains: Set<Drain>
  readonly captures: Set<Capture>
  readonly pool: WritePool
  readonly compressor: Compressor
  /** The system's log, for whoever writes to it. */
  readonly system: { send(message: string): boolean }
  /** What pipes are read into, from `room` on. */
  readonly buffer: Buffer
  readonly room: number
  /** Formatted lines, on their way to a sink. */
  readonly out: Bytes
  readonly held: Held
  say(level: Level, text: string): void
  /** Something has come to its end: a flush may be complete. */
  check(): void
}

/** A name as it is shown: `web`, `web:0`. */
export function labelOf(program: Pick<LoggedProgram, 'name' | 'replica'>): string {
  return program.replica === undefined ? program.name : `${program.name}:${program.replica}`
}
