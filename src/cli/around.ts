/** What a command knows of the system that it runs on: given by `main`, so that the commands themselves can be tested. */
import type { Socket } from 'node:net'

/** Where text goes: 1 is stdout, 2 is stderr. */
export type Output = 1 | 2

/** The surroundings of a command. */
export interface Surroundings {
  readonly uid: number
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The version of this foster. */
  readonly version: string
  /** The socket that the configuration names, if there is one; asked only where nothing nearer names one. */
  readonly configuredSocket: () => string | undefined
  /** Whose process pid 1 is; undefined if the system does not say. */
  readonly initUid: () => number | undefined
  /** Connects to the unix socket at this path; gives why not, as the name of an error or in words. */
  readonly connect: (path: string) => Promise<Socket | string>
  /** The user at the other end of a connected unix socket; undefined if the system does not say. */
  readonly peerUid: (fd: number) => number | undefined
  /** Writes all of it; false if nobody reads it any more. Waits while the reader is slow. */
  readonly write: (output: Output, what: string | Uint8Array) => boolean
  /** Whether nobody reads it any more, although nothing has been written. */
  readonly isUnread: (output: Output) => boolean
  /** Columns of the terminal there; undefined: it is none. */
  readonly columns: (output: Output) => number | undefined
  /** Whether text there is coloured. */
  readonly isColoured: (output: Output) => boolean
  /** The ANSI colour of the process with this index, as foster's own output has it. */
  readonly colourOf: (index: number) => number
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number
  /** Calls back every so many milliseconds; the function it returns ends that. */
  readonly every: (millis: number, call: () => void) => () => void
  /** Calls back when the user interrupts (Ctrl-C), in place of ending at once; the function it returns ends that. */
  readonly onInterrupt: (call: () => void) => () => void
}
