/** The pipes between foster and its programs: made so that a program may open its end by path, and read without polling. */
import { closeSync, fchmodSync, fchownSync } from 'node:fs'
import type { Reading } from '../core/output.ts'
import { pipe } from './libc.ts'

/** A program's pipe. Foster keeps both ends: the pipe belongs to the program across its runs. */
export interface ProgramPipe {
  readonly read: number
  readonly write: number
}

/**
 * A pipe whose write end a process of that user may open as /dev/stdout, even after it has dropped to another user by
 * itself. Without the right to change owner or mode it stays foster's own. The negative errno if there is none.
 */
export function makeProgramPipe(
  owner: { readonly uid: number; readonly gid: number } | undefined,
): ProgramPipe | number {
  const ends = pipe()
  if (typeof ends === 'number') return ends
  softly(() => fchmodSync(ends.write, 0o622))
  if (owner !== undefined) softly(() => fchownSync(ends.write, owner.uid, owner.gid))
  return ends
}

/** Closes both ends of a pipe whose read end nobody watches. */
export function closePipe(ends: ProgramPipe): void {
  closeSync(ends.read)
  closeSync(ends.write)
}

function softly(change: () => void): void {
  try {
    change()
  } catch {
    // Not root: programs run as foster's own user and may open what is foster's.
  }
}

/**
 * Reads a pipe into a buffer that may be shared by all of them: `onBytes` deals with so many bytes before it returns.
 * The descriptor is closed by `close`, or by itself where nobody can write any more: `onEnd` says so, at once, since the
 * number may be another descriptor's then.
 */
export function watchPipe(fd: number, buffer: Buffer, onBytes: (count: number) => void, onEnd: () => void): Reading {
  // Loaded when it is needed first: node:net costs several milliseconds of foster's start.
  const { Socket } = process.getBuiltinModule('node:net')
  const callback = (count: number) => {
    onBytes(count)
    return true
  }
  const socket = new Socket({ fd, readable: true, writable: false, onread: { buffer, callback } })
  socket.on('error', () => socket.destroy())
  socket.once('end', onEnd)
  socket.once('close', onEnd)
  return {
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => void socket.destroy(),
  }
}
