/** Compressing a file in the background, by Node's threads. */
import { closeSync, constants, fchmodSync, fchownSync, fdatasync, fstatSync, openSync } from 'node:fs'
import { unlessSpoilt } from './credentials.ts'
import { errnoOf } from './errno.ts'
import { haveThreads } from './threads.ts'

/** As gzip(1) and logrotate: a faster level makes files that are a third larger. */
const level = 6
const EAGAIN = 11
const EINVAL = 22

interface Ends {
  readonly from: number
  readonly to: number
}

/**
 * Writes a compressed copy of a regular file, with its owner and mode, to a path where nothing is yet, and has it on the
 * disk before `done` is told 0. `act` gives the rights with which paths are opened.
 */
export function compressFile(
  from: string,
  to: string,
  act: <T>(work: () => T) => T,
  done: (result: number) => void,
): void {
  let ends: Ends
  if (!haveThreads()) {
    setImmediate(done, -EAGAIN)
    return
  }
  try {
    ends = act(() => openEnds(from, to))
  } catch (error) {
    setImmediate(done, -errnoOf(unlessSpoilt(error)))
    return
  }
  // Loaded when it is needed first, long after the start.
  const { createGzip } = process.getBuiltinModule('node:zlib')
  const { pipeline } = process.getBuiltinModule('node:stream')
  const { createReadStream, createWriteStream } = process.getBuiltinModule('node:fs')
  const input = createReadStream('', { fd: ends.from, autoClose: false })
  const output = createWriteStream('', { fd: ends.to, autoClose: false })
  pipeline(input, createGzip({ level }), output, error => {
    if (error) finish(ends, -errnoOf(error), done)
    else fdatasync(ends.to, failure => finish(ends, failure ? -errnoOf(failure) : 0, done))
  })
}

function openEnds(from: string, to: string): Ends {
  const input = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stat = fstatSync(input)
    if (!stat.isFile()) throw Object.assign(new Error('not a regular file'), { errno: -EINVAL })
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    const output = openSync(to, flags, 0o600)
    try {
      if (process.geteuid?.() === 0) fchownSync(output, stat.uid, stat.gid)
      fchmodSync(output, stat.mode & 0o777)
    } catch (error) {
      closeSync(output)
      throw error
    }
    return { from: input, to: output }
  } catch (error) {
    closeSync(input)
    throw error
  }
}

function finish({ from, to }: Ends, result: number, done: (result: number) => void): void {
  closeSync(from)
  closeSync(to)
  done(result)
}
