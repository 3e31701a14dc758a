/** What the API sees of foster, and what it can have done. The runtime gives it; tests make one up. */
import type { Change } from '../core/diff.ts'
import type { World } from '../core/draft.ts'
import type { OutputStream } from '../core/output.ts'
import type { Signal } from '../core/signal.ts'
import type { Input } from '../core/world.ts'
import type { Events } from './events.ts'
import type { Journal } from './journal.ts'

/** Bytes of one stream of a process. */
export interface LogPiece {
  readonly stream: OutputStream
  /** Bytes right before it that are not in memory any more. */
  readonly missed: number
  readonly bytes: Buffer
}

/** The last output of a process. */
export interface LogMemory {
  tail(streams: OutputStream | 'both', start: LogStart): readonly LogPiece[]
  follow(streams: OutputStream | 'both', start: LogStart, onMore: () => void): LogFollower
  counters(stream: OutputStream): {
    readonly bytes: number
    readonly lines: number | undefined
    readonly dropped: number
  }
}

export type LogStart = { readonly lines: number } | { readonly bytes: number }

/** Somebody who reads on; `onMore` is called once after each `read` that gave nothing. */
export interface LogFollower {
  read(most: number): LogPiece | undefined
  close(): void
}

/** What processes use of the machine. */
export interface Usage {
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly processes: number
}

/** What came of a reload. `faulty`: nothing has changed. */
export interface ReloadOutcome {
  readonly is: 'reloaded' | 'faulty' | 'ending'
  readonly changes: readonly Change[]
  /** Errors and warnings, as they are shown. */
  readonly messages: readonly string[]
}

/** foster, for the API. */
export interface FosterFacts {
  readonly version: string
  readonly pid: number
  /** When it started, by the wall clock in milliseconds. */
  readonly started: number
  /** Milliseconds since then, whatever has been done to that clock. */
  readonly uptime: () => number
  /** Whose process foster is. */
  readonly uid: number
  readonly events: Events
  readonly journal: Journal
  readonly world: () => World
  readonly dispatch: (input: Input) => void
  /** Sends a signal to a process as its `stop_scope` says. */
  readonly signal: (index: number, signal: Signal) => void
  /** The world's clock: monotonic milliseconds. */
  readonly now: () => number
  /** The clock on the wall, in milliseconds. */
  readonly wall: () => number
  /** Calls back once after so many milliseconds; the function it gives calls that off. */
  readonly after: (millis: number, done: () => void) => () => void
  readonly log: (index: number) => LogMemory
  /** The steps to the configuration as YAML, of the programs with these names; undefined: there is none. */
  readonly config: (isShown: (program: string) => boolean) => Iterator<void, string> | undefined
  /** Reads the configuration again and, unless it is only to be tried, takes it over. */
  readonly reload: (isTrial: boolean) => ReloadOutcome
  /** What the sessions of these processes use; nothing for those that cannot be looked at. */
  readonly usage: (pids: readonly number[]) => Promise<ReadonlyMap<number, Usage>>
  /** Orphans reaped so far. */
  readonly orphans: () => number
}
