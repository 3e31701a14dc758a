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

/** The name of an errno given as a positive number: `ENOENT` for 2. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `errno ${errno}`
}
