/** Where output goes: what the log side asks of a descriptor, and the operating system's side gives. */

/** One of a program's two output streams, and one of foster's own. */
export type OutputStream = 'stdout' | 'stderr'

/**
 * One place that takes bytes: foster's stdout, its stderr, or both where they are the same pipe, terminal or file.
 * None of its functions ever blocks.
 */
export interface Outlet {
  /**
   * Offers bytes: how many were taken now, or the negative errno. Fewer than offered (0 too) means that it is full:
   * offering the rest again makes sense only after `wait`.
   */
  write(bytes: Uint8Array, offset: number, length: number): number
  /**
   * Calls `done` once, and never before it returns, when a full outlet may have room again. While waiting it may have
   * taken the first few of the bytes shown here, of which it makes a copy; `taken` says how many, or is the negative
   * errno. At most one wait stands at a time, and nothing is written during it.
   */
  wait(bytes: Uint8Array, offset: number, length: number, done: (taken: number) => void): void
}

/** An outlet for one of foster's descriptors, with what the descriptor is. */
export interface OpenOutlet extends Outlet {
  /** Two descriptors with the same key lead to the same pipe, terminal or file: lines need one order between them. */
  readonly key: string
  readonly isTerminal: boolean
}

/** Something that is being read and can be told to stop reading for a while. */
export interface Reading {
  pause(): void
  resume(): void
  /** Stops for good and closes the descriptor. */
  close(): void
}
