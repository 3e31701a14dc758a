/**
 * Foster's own output descriptors, written to without ever blocking and without O_NONBLOCK on anything that is shared.
 * How depends on what the descriptor is.
 */
import { constants, fstatSync, openSync, type Stats } from 'node:fs'
import { constants as osConstants } from 'node:os'
import type { OpenOutlet, Outlet } from '../core/output.ts'
import { libc, send, writableNow, write } from './libc.ts'

const { EAGAIN, EBADF, EINTR, EPIPE } = osConstants.errno

/** A pipe that polls writable takes this much at once, whole: PIPE_BUF. */
const atomic = 4096
/** A full outlet that cannot be watched is tried again after so many milliseconds, twice as many each time. */
const shortestRetry = 1
const longestRetry = 32

/** Opens foster's stdout or stderr. */
export function openOutlet(fd: 1 | 2): OpenOutlet {
  const stat = statOf(fd)
  if (stat === undefined) return { ...goneOutlet(EBADF), key: `closed ${fd}`, isTerminal: false }
  const isTerminal = stat.isCharacterDevice() && isTty(fd)
  return { ...choose(fd, stat, isTerminal), key: keyOf(stat), isTerminal }
}

/** What a descriptor leads to: the file, and for a device the device, by whatever path it was opened. */
function keyOf(stat: Stats): string {
  return stat.isCharacterDevice() ? `device ${stat.rdev}` : `${stat.dev} ${stat.ino}`
}

function choose(fd: number, stat: Stats, isTerminal: boolean): Outlet {
  if (stat.isFIFO()) {
    const own = reopen(fd, constants.O_WRONLY | constants.O_NONBLOCK)
    return own === undefined ? polledOutlet(fd, atomic) : pipeOutlet(own)
  }
  if (isTerminal) {
    const own = reopen(fd, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    return own === undefined ? polledOutlet(fd, 256) : retriedOutlet((...bytes) => write(own, ...bytes))
  }
  if (stat.isSocket()) return retriedOutlet((...bytes) => send(fd, ...bytes))
  return retriedOutlet((...bytes) => write(fd, ...bytes))
}

function statOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd)
  } catch {
    return undefined
  }
}

function isTty(fd: number): boolean {
  return libc().functions.tcgetattr(fd, Buffer.alloc(256)) === 0
}

/** An open file description of our own for what a shared descriptor leads to. */
function reopen(fd: number, flags: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}`, flags)
  } catch {
    return undefined
  }
}

type Write = (bytes: Uint8Array, offset: number, length: number) => number

/** "Full" is no failure: 0 bytes taken. */
function taken(result: number): number {
  return result === -EAGAIN || result === -EINTR ? 0 : result
}

/** Descriptor closed, or the reader gone before we came. */
function goneOutlet(errno: number): Outlet {
  return { write: () => -errno, wait: (_bytes, _offset, _length, done) => setImmediate(done, -errno) }
}

/** What cannot be watched without changing a shared descriptor: tried again by timer, and only while it is full. */
function retriedOutlet(attempt: Write): Outlet {
  let delay = shortestRetry
  return {
    write(bytes, offset, length) {
      const count = taken(attempt(bytes, offset, length))
      if (count > 0) delay = shortestRetry
      return count
    },
    wait(_bytes, _offset, _length, done) {
      setTimeout(done, delay, 0)
      delay = Math.min(longestRetry, 2 * delay)
    },
  }
}

/** A shared pipe that we may not reopen: asked before each write, which is small enough not to block then. */
function polledOutlet(fd: number, most: number): Outlet {
  return retriedOutlet((bytes, offset, length) => {
    let done = 0
    while (done < length && writableNow(fd)) {
      const count = write(fd, bytes, offset + done, Math.min(most, length - done))
      if (count < 0) return done > 0 ? done : count
      done += count
    }
    return done
  })
}

/** A pipe of our own opening: written to directly, and watched by epoll while it is full. */
function pipeOutlet(fd: number): Outlet {
  let waiter: Outlet['wait'] | undefined
  return {
    write: (bytes, offset, length) => taken(write(fd, bytes, offset, length)),
    wait(bytes, offset, length, done) {
      waiter ??= pipeWaiter(fd)
      waiter(bytes, offset, length, done)
    },
  }
}

/**
 * Waits by writing a first piece through libuv, which watches the pipe for it. A pipe takes a piece of at most PIPE_BUF
 * whole or not at all, so what has been taken is known exactly at any moment.
 */
function pipeWaiter(fd: number): Outlet['wait'] {
  const { Socket } = process.getBuiltinModule('node:net')
  const socket = new Socket({ fd, readable: false, writable: true })
  const piece = Buffer.allocUnsafeSlow(atomic)
  let failed = 0
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failed = error.errno ?? -EPIPE
  })
  return (bytes, offset, length, done) => {
    if (failed !== 0 || socket.destroyed) {
      setImmediate(done, failed || -EPIPE)
      return
    }
    const size = Math.min(length, atomic)
    piece.set(bytes.subarray(offset, offset + size))
    socket.write(piece.subarray(0, size), error => done(error == null ? size : errnoOf(error)))
  }
}

function errnoOf(error: NodeJS.ErrnoException): number {
  return error.errno ?? -EPIPE
}
