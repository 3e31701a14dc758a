/** Answers that come line by line, perhaps for days: the reader pulls, so that a slow one costs only its cursor. */

/** Where lines come from. */
export interface LineSource {
  /** The next text, whole lines of about `most` bytes (one line may be longer); undefined: there is none now, `onMore` tells when there is. */
  pull(most: number): string | Buffer | undefined
  /** Nothing more will come once everything has been pulled. */
  readonly isOver: boolean
  /** Calls back once when there is more, or it is over. It may be in the middle of anything: be short. */
  onMore(callback: () => void): void
  /** The reader has gone. */
  close(): void
}
