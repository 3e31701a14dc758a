/** Reading files that somebody else wrote: never more than a limit, and never for longer than a writer may take. */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { isShortage } from './errno.ts'

const largest = 1024 * 1024
const patience = 10_000

/** How long may still be waited for writers, in milliseconds. */
interface Patience {
  left: number
}

/** Reads texts as below; for all of them together so many milliseconds are waited. */
export function patientReader(millis: number = patience): (path: string) => string {
  const shared: Patience = { left: millis }
  return path => readText(path, shared)
}

/**
 * Reads a text of at most 1 MiB; throws an ErrnoException. A pipe is read to its end: it is opened without waiting for
 * a writer, and one that says nothing for ten seconds is given up.
 */
export function readText(path: string, waiting: Patience = { left: patience }): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    const bytes = Buffer.allocUnsafe(largest + 1)
    let length = 0
    while (length <= largest) {
      const count = readSome(fd, bytes, length)
      if (count === 0) return bytes.toString('utf8', 0, length)
      if (count > 0) length += count
      else if (waiting.left <= 0) throw coded('ETIMEDOUT')
      else waiting.left -= pause()
    }
    throw coded('EFBIG')
  } finally {
    closeSync(fd)
  }
}

/** How many bytes came, 0 at the end, -1 if there are none yet. */
function readSome(fd: number, bytes: Buffer, from: number): number {
  try {
    return readSync(fd, bytes, from, Math.min(64 * 1024, bytes.length - from), null)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return -1
    throw error
  }
}

function pause(): number {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
  return 10
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** Linux lets no variable be longer (MAX_ARG_STRLEN). */
const longestSecret = 128 * 1024

/**
 * Reads a secret from a file, in foster's own credentials: its text without one newline at the end, or why not, in
 * words; `isShortage`: for want of a descriptor or memory. Never waits: only a regular file will do.
 */
export function readSecret(
  path: string,
): { readonly value: string } | { readonly reason: string; readonly isShortage?: true } {
  try {
    const found = statSync(path)
    if (found.isDirectory()) return { reason: 'it is a directory' }
    if (!found.isFile()) return { reason: 'it is not a regular file' }
    if (found.size > longestSecret) return { reason: 'it is larger than 128 KiB' }
    const value = readText(path).replace(/\r?\n$/, '')
    return value.includes('\0') ? { reason: 'it contains NUL characters' } : { value }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    return { reason: reasons[code] ?? message, ...(isShortage(code) ? { isShortage: true } : {}) }
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
  ELOOP: 'too many symbolic links',
}

/** What stands at a path; undefined if that cannot be told. */
export function whatIs(path: string): 'directory' | 'other' | 'nothing' | undefined {
  try {
    return statSync(path).isDirectory() ? 'directory' : 'other'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'nothing' : undefined
  }
}

/** Writes foster's own pid to a file; why it could not, in words, or undefined. Nothing but a regular file is written to. */
export function writeOwnPid(path: string): string | undefined {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants
  let fd: number | undefined
  try {
    fd = openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0o644)
    if (!fstatSync(fd).isFile()) return 'it is not a regular file'
    ftruncateSync(fd)
    writeSync(fd, `${process.pid}\n`)
    return undefined
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    return reasons[code] ?? message
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** Takes the file away again. */
export function removeOwnPid(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Somebody has, or it was never there.
  }
}
