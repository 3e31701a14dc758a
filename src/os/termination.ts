/** The file in which Kubernetes looks for the last words of a container: `terminationMessagePath`. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'

const path = '/dev/termination-log'

/** Replaces what the file holds, if it is there, a regular file and may be written to. Nothing is made, nothing waited for. */
export function writeTermination(text: string, file = path): void {
  const { O_WRONLY, O_NOFOLLOW, O_NOCTTY, O_NONBLOCK } = constants
  try {
    const fd = openSync(file, O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | closeOnExec)
    try {
      if (!fstatSync(fd).isFile()) return
      ftruncateSync(fd, 0)
      writeSync(fd, text, 0)
    } finally {
      closeSync(fd)
    }
  } catch {
    // Outside of Kubernetes there is none; and last words that cannot be written must not be in the way of the end.
  }
}

/** Node has no name for it; the same on x86-64 and arm64. */
const closeOnExec = 0o2000000
