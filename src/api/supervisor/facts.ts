/** What Supervisor's clients need beside what foster's own API sees. The runtime gives it; tests make one up. */
import type { News } from '../../core/event-text.ts'
import type { OutputStream } from '../../core/output.ts'
import type { Plan, Program } from '../../core/plan.ts'
import type { FosterFacts, LogMemory } from '../foster.ts'

/** A log file that is open. */
export interface LogReader {
  readonly size: number
  /** Bytes of it, fewer where it ends before. */
  read(from: number, length: number): Promise<Buffer>
  /** Whether the path still leads to this file, and how large it is by now; undefined: to another one, or nowhere. */
  sizeNow(): Promise<number | undefined>
  /** May be called again. */
  close(): void
}

/** Why a command cannot be executed, by Supervisor's name for it. */
export interface CommandFault {
  readonly fault: 'NO_FILE' | 'NOT_EXECUTABLE'
  readonly message: string
}

export interface SupervisorFacts {
  readonly foster: FosterFacts
  /** A bug of ours: it is reported, and the request has 500. */
  readonly failed: (error: unknown) => void
  /** What foster has said lately; the stream is `stderr`. */
  readonly own: LogMemory
  /** Reads the configuration again and changes nothing. A plan, or what is wrong. */
  readonly load: () => { readonly plan: Plan } | { readonly fault: string }
  /** Takes over a plan. */
  readonly apply: (plan: Plan) => void
  /** Looks whether a program's command can be executed; undefined: it can, or only trying tells. */
  readonly commandFault: (program: Program) => CommandFault | undefined
  /** Opens a log file; undefined: there is none that can be read. */
  readonly openLog: (path: string) => Promise<LogReader | undefined>
  /** Begins a program's log file anew; false: that cannot be done. */
  readonly clearFile: (index: number, stream: OutputStream) => boolean
  /** Gives text to a program's standard input; `closed`: it has none. */
  readonly write: (index: number, text: string) => 'taken' | 'full' | 'closed'
  /** Tells event listeners of something; where there are none nobody hears of it. */
  readonly notify: (news: News) => void
}
