/** The names of errno(3) numbers. */
import { constants } from 'node:os'

// Of two names for one number the first is the usual one: EAGAIN, EWOULDBLOCK.
const names = new Map(
  Object.entries(constants.errno)
    .reverse()
    .map(([name, number]) => [number, name]),
)

/** The errno, positive, of what a call of Node's threw; EIO where it has none. */
export function errnoOf(error: unknown): number {
  return Math.abs((error as NodeJS.ErrnoException).errno ?? constants.errno.EIO)
}

/** What a process may run out of, and what is then none of its programs' faults. */
const shortages: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS'])

/** Whether a call has failed for want of descriptors or memory. The code is an errno's name. */
export function isShortage(code: string | undefined): boolean {
  return code !== undefined && shortages.has(code)
}

/** Something could not even be begun for want of descriptors or memory. */
export class ShortageError extends Error {}

/** The name of an errno given as a positive number: `ENOENT` for 2. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `errno ${errno}`
}
