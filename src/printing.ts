/** Text for the one who called foster, written to descriptors 1 and 2 by a process that is no init. */
import { writeSync } from 'node:fs'

/** Writes all of it, however full the descriptor is; false if it is closed, or its reader has gone. */
export function print(fd: 1 | 2, what: string | Uint8Array): boolean {
  let rest = typeof what === 'string' ? Buffer.from(what) : what
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return false
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
  return true
}
