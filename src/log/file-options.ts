/** What a log file is written with. */
import type { LogPlace } from '../core/output.ts'
import type { Rotator } from './rotate.ts'
import type { WritePool } from './write-pool.ts'

/** What a file sink is made of. */
export interface FileSinkOptions {
  readonly place: LogPlace
  /** The size at which it is rotated; 0: never. */
  readonly maxSize: number
  readonly rotator: Rotator
  /** Longer lines come in pieces, with the sink held. */
  readonly longest: number
  readonly pool: WritePool
  /** More bytes than this slow the program down; while the file cannot be written, its lines are dropped then. */
  readonly limit: number
  readonly now: () => Date
  readonly after: (millis: number, done: () => void) => () => void
  readonly errnoName: (errno: number) => string
  /** It cannot be written, or rotated. */
  onTrouble(what: 'write' | 'rotate', reason: string): void
  /** Lines were dropped because it cannot be written. */
  onDropped(lines: number): void
  /** It is written to again after a trouble. */
  onResumed(): void
  /** All has been written, or given up. */
  onEmpty(): void
}
