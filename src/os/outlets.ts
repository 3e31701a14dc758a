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
/** <fcntl.h>: F_SETPIPE_SZ and F_GETPIPE_SZ. */
const setPipeSize = 1031
const getPipeSize = 1032
const wideEnough = 262_144n
/** A full outlet that cannot be watched is tried again after so many milliseconds, twice as many each time. */
const shortestRetry = 1
const longestRetry = 32

/** Opens foster's stdout or stderr. `descriptors` is where descriptors are found by path. */
export function openOutlet(fd: number, descriptors = '/proc/self/fd'): OpenOutlet {
  const stat = statOf(fd)
  if (stat === undefined) return { ...goneOutlet(EBADF), key: `closed ${fd}`, isTerminal: false }
  const isTerminal = stat.isCharacterDevice() && isTty(fd)
  return { ...choose(fd, stat, isTerminal, `${descriptors}/${fd}`), key: keyOf(stat), isTerminal }
}

/** What a descriptor leads to: the file, and for a device the device, by whatever path it was opened. */
function keyOf(stat: Stats): string {
  return stat.isCharacterDevice() ? `device ${stat.rdev}` : `${stat.dev} ${stat.ino}`
}

function choose(fd: number, stat: Stats, isTerminal: boolean, path: string): Outlet {
  if (stat.isFIFO()) {
    const own = reopen(path, constants.O_WRONLY | constants.O_NONBLOCK)
    return own === undefined ? polledOutlet(fd, atomic) : pipeOutlet(widened(own))
  }
  if (isTerminal) {
    const own = reopen(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
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
function reopen(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags)
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

/**
 * A pipe made as large as a few of our writes, where it is smaller and we may: each write that does not fit costs a wait.
 * Lines of 100 bytes with a prefix go through half as fast again.
 */
function widened(fd: number): number {
  const { fcntl } = libc().functions
  if (fcntl(fd, getPipeSize, 0n) < Number(wideEnough)) fcntl(fd, setPipeSize, wideEnough)
  return fd
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
  let waiter: Waiter | undefined
  return {
    write: (bytes, offset, length) => waiter?.failure() ?? taken(write(fd, bytes, offset, length)),
    wait(bytes, offset, length, done) {
      waiter ??= pipeWaiter(fd)
      waiter.wait(bytes, offset, length, done)
    },
  }
}

interface Waiter {
  readonly wait: Outlet['wait']
  /** The negative errno once the pipe has failed: its descriptor is closed then, and the number may be another's. */
  failure(): number | undefined
}

/**
 * Waits by writing a first piece through libuv, which watches the pipe for it. A pipe takes a piece of at most PIPE_BUF
 * whole or not at all, so what has been taken is known exactly at any moment.
 */
function pipeWaiter(fd: number): Waiter {
  // Loaded when it is needed first: node:net costs several milliseconds of foster's start.
  const { Socket } = process.getBuiltinModule('node:net')
  const socket = new Socket({ fd, readable: false, writable: true })
  const piece = Buffer.allocUnsafeSlow(atomic)
  let failed: number | undefined
  socket.on('error', error => {
    failed ??= errnoOf(error)
  })
  return {
    failure: () => failed,
    wait(bytes, offset, length, done) {
      if (failed !== undefined) {
        setImmediate(done, failed)
        return
      }
      const size = Math.min(length, atomic)
      piece.set(bytes.subarray(offset, offset + size))
      socket.write(piece.subarray(0, size), error => {
        if (error != null) failed ??= errnoOf(error)
        done(failed ?? size)
      })
    },
  }
}

function errnoOf(error: NodeJS.ErrnoException): number {
  return error.errno ?? -EPIPE
}
