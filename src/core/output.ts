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

/** A log file that is open. */
export interface LogFile {
  /** Only a regular file is ever rotated. */
  readonly isRegular: boolean
  /** Bytes in it when it was opened. */
  readonly size: number
  /**
   * Appends part of a buffer, which must stay as it is until `done` is told how many bytes were written, or the negative
   * errno. `done` is never called before `write` returns.
   */
  write(bytes: Uint8Array, offset: number, length: number, done: (written: number) => void): void
  /** Whether its path still leads to it: somebody else may have moved it away. */
  isCurrent(): boolean
  close(): void
}

/**
 * The path of a log file and the names beside it, each given by what is added to the path: `''`, `.1`, `.1.gz`. Results
 * are 0 or the negative errno.
 */
export interface LogPlace {
  /** Opens it for appending, or makes it: or why that cannot be, in words. */
  open(): LogFile | string
  /** Whether a regular file has this name. */
  has(suffix: string): boolean
  /** What the names of regular files beside it add to the path; undefined: its directory cannot be read. */
  suffixes(): ReadonlySet<string> | undefined
  /** Gives a regular file another name; one that has that name already goes. What is not a regular file stays. */
  rename(from: string, to: string): number
  /** Removes a name of a regular file. */
  remove(suffix: string): number
  /** Writes a compressed copy, with the same owner and mode, in the background. */
  compress(from: string, to: string, done: (result: number) => void): void
}
