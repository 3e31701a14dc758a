/** The end of the log: everything read, everything written, or the time is up. */
import type { Capture } from './capture.ts'
import type { Drain, Sink } from './sink.ts'

/** What `flush` could not bring out. */
export interface Flushed {
  /** Bytes that nobody has taken: pending here, unfinished lines, and what is still in the programs' pipes. */
  readonly unwritten: number
  /** Bytes thrown away since the start because the reader had gone or the disk was full. */
  readonly lost: number
}

/** What there is to flush. */
export interface FlushOptions {
  /** Foster's own outputs. */
  readonly sinks: readonly Sink[]
  /** All places that lines go to, files too. */
  readonly drains: ReadonlySet<Drain>
  readonly captures: ReadonlySet<Capture>
  /** What was lost and not told yet is told, so that it is still written. */
  readonly tellLosses: () => void
  readonly after: (millis: number, done: () => void) => () => void
}

/** A flush, once it is asked for. */
export interface Flusher {
  /** Something has come to its end: the flush may be complete. */
  check(): void
  flush(patience: number, done: (result: Flushed) => void, limit?: number): void
}

/**
 * Ends all runs and waits until everything has been taken: as long as anything is taken in each `patience` milliseconds, at
 * most for `limit`. A reader that has stopped holds nobody up, one that is slow gets all the time there is.
 */
export function makeFlusher({ sinks, drains, captures, after, tellLosses }: FlushOptions): Flusher {
  let finish: (() => void) | undefined
  const unwritten = () => {
    let bytes = 0
    for (const drain of drains) bytes += drain.pendingBytes()
    for (const capture of captures) bytes += capture.unreadBytes()
    return bytes
  }
  const isComplete = () => {
    for (const capture of captures) if (!capture.isSettled()) return false
    for (const drain of drains) if (drain.pendingBytes() > 0) return false
    return true
  }
  const check = () => {
    if (finish !== undefined && isComplete()) finish()
  }
  return {
    check,
    flush(patience, done, limit = patience) {
      for (const capture of captures) capture.endRun()
      let cancel = (): void => {}
      const wait = (left: number, before: number): void => {
        const millis = Math.min(patience, left)
        cancel = after(millis, () => {
          const now = unwritten()
          if (now < before && left > millis) wait(left - millis, now)
          else finish?.()
        })
      }
      wait(limit, unwritten())
      finish = () => {
        finish = undefined
        cancel()
        let lost = 0
        for (const sink of new Set(sinks)) lost += sink.lost
        done({ unwritten: unwritten(), lost })
      }
      for (const drain of drains) drain.finish()
      tellLosses()
      check()
    },
  }
}
