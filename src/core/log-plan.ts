/** Where programs' output goes, as the configuration asks for it. Sizes are bytes. */
import type { OutputStream } from './output.ts'

/** How lines are written. */
export type LogFormat = 'prefix' | 'raw' | 'json'

/** What is done while a reader is slow: the program waits, or whole lines are dropped and counted. */
export type Overflow = 'block' | 'drop'

/** A file that lines are appended to. */
export interface FileTarget {
  readonly to: 'file'
  /** As foster opens it; relative to foster's own working directory. */
  readonly path: string
  /** The size at which it is rotated; 0: never. */
  readonly maxSize: number
  /** How many rotated files are kept. */
  readonly keep: number
  /** Whether rotated files are compressed. */
  readonly compress: boolean
  /** Whose the file is when it is made. */
  readonly owner: 'foster' | 'program'
  readonly format: LogFormat
}

/** One place that a stream goes to. `stream` is one of foster's own. */
export type LogTarget =
  | { readonly to: 'forward'; readonly stream: OutputStream }
  /** The program gets foster's own descriptor: nothing is read or kept of it. */
  | { readonly to: 'inherit'; readonly stream: OutputStream }
  /** The program gets /dev/null. */
  | { readonly to: 'null' }
  /** The protocol of an event listener: foster reads it, and shows it to nobody. */
  | { readonly to: 'protocol' }
  /** The system's log, by /dev/log. */
  | { readonly to: 'syslog' }
  | FileTarget

/** The log of one program. */
export interface ProgramLogPlan {
  /** Undefined: the plan's. */
  readonly format: LogFormat | undefined
  readonly stdout: readonly LogTarget[]
  /** `stdout`: joined to it, in one pipe, so that the order stays. */
  readonly stderr: readonly LogTarget[] | 'stdout'
  /** Longer lines are cut into pieces, except in raw. */
  readonly maxLine: number
  readonly overflow: Overflow
  /** Sequences that steer a terminal are taken out of the output first of all. */
  readonly stripAnsi?: true
  /** What Supervisor's event listeners hear of each stream; undefined: nothing. */
  readonly events?: Readonly<Partial<Record<OutputStream, StreamEvents>>>
}

/** What becomes an event of what a program writes. */
export interface StreamEvents {
  /** All of it. */
  readonly logs: boolean
  /** What stands between the marks of capture mode, the last so many bytes of it; 0: there is no capture mode. */
  readonly capture: number
}

/** What holds for all logs together. */
export interface LogPlan {
  /** Undefined: `prefix` for several programs, `raw` for one. */
  readonly format: LogFormat | undefined
  readonly timestamps: boolean
  /** How much of the output of each program stays in memory. */
  readonly buffer: number
}

/** The defaults of a program's log, design section 8. */
export const programLogDefaults: ProgramLogPlan = {
  format: undefined,
  stdout: [{ to: 'forward', stream: 'stdout' }],
  stderr: [{ to: 'forward', stream: 'stderr' }],
  maxLine: 1024 * 1024,
  overflow: 'block',
}

/** The defaults of `log` at the top level. */
export const logDefaults: LogPlan = { format: undefined, timestamps: false, buffer: 256 * 1024 }

/** The defaults of a file. */
export const fileDefaults = {
  maxSize: 50_000_000,
  keep: 10,
  compress: false,
  owner: 'foster',
  format: 'raw',
} as const satisfies Partial<FileTarget>

/** What a program's descriptors 1 and 2 are: a change of the log that leaves this alone needs no other process. */
export function descriptorsOf(log: ProgramLogPlan): readonly string[] {
  const kindOf = (stream: OutputStream, targets: readonly LogTarget[]): string =>
    isRead(log, stream) ? 'pipe' : (targets[0]?.to ?? 'null')
  return [kindOf('stdout', log.stdout), log.stderr === 'stdout' ? log.stderr : kindOf('stderr', log.stderr)]
}

/** Whether foster reads a stream: it is to go somewhere, or somebody is to hear of it. */
export function isRead(log: ProgramLogPlan, stream: OutputStream): boolean {
  const targets = log[stream]
  return targets === 'stdout' || isCollected(targets) || log.events?.[stream] !== undefined
}

/** Whether foster reads a stream that goes there; if not, the program has a descriptor that foster never sees. */
export function isCollected(targets: readonly LogTarget[]): boolean {
  return targets.some(({ to }) => to === 'forward' || to === 'file' || to === 'protocol' || to === 'syslog')
}
