/** Stream sockets of AF_UNIX: who is at the other end of one, and whether somebody still listens at a path. */
import { closeSync, lstatSync, statSync } from 'node:fs'
import type { Socket } from 'node:net'
import { checked, libc } from './libc.ts'

/** Numbers of <sys/socket.h>; the same on x86-64 and arm64. */
const C = {
  AF_UNIX: 1,
  SOCK_STREAM: 1,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_PEERCRED: 17,
  SO_PEERGROUPS: 59,
} as const

const EAGAIN = -11
const ENOENT = -2
const ECONNREFUSED = -111

/** The process at the other end, as it was when it connected. */
export interface PeerFacts {
  /** 0: it is in a namespace of processes that is none of ours. */
  readonly pid: number
  readonly uid: number
  readonly gid: number
  /** Its supplementary groups. */
  readonly groups: readonly number[]
}

/** A connection to the unix socket at a path, or why there is none: the name of an error, or words. */
export function connected(path: string): Promise<Socket | string> {
  const net = process.getBuiltinModule('node:net')
  return new Promise(resolve => {
    // As an argument of its own a path of digits would be a port.
    const socket = net.connect({ path })
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      // A file that is no socket refuses like one that nobody listens at.
      resolve(code === 'ECONNREFUSED' && !isSocket(path) ? 'it is no socket' : (code ?? message))
    })
    socket.once('connect', () => resolve(socket))
  })
}

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? true
}

/** Who is at the other end of a connected unix socket: unix(7), SO_PEERCRED and SO_PEERGROUPS. Undefined: nobody can tell. */
export function peerOf(fd: number): PeerFacts | undefined {
  const found = option(fd, C.SO_PEERCRED, 12)
  if (found === undefined || found.length < 12) return undefined
  const groups = option(fd, C.SO_PEERGROUPS, 4 * 64)
  return {
    pid: found.readInt32LE(0),
    uid: found.readUInt32LE(4),
    gid: found.readUInt32LE(8),
    // A kernel before 4.13 does not tell them.
    groups: groups === undefined ? [] : [...new Uint32Array(new Uint8Array(groups).buffer)],
  }
}

/** An option of a socket; the kernel says how large it is if the first try is too small (SO_PEERGROUPS). */
function option(fd: number, name: number, size: number): Buffer | undefined {
  const { functions } = libc()
  const length = Buffer.alloc(4)
  for (const room of [size, 4 * 65_536]) {
    const value = Buffer.alloc(room)
    length.writeUInt32LE(room)
    if (checked(functions.getsockopt(fd, C.SOL_SOCKET, name, value, length)) >= 0) {
      return value.subarray(0, length.readUInt32LE(0))
    }
  }
  return undefined
}

/**
 * Who listens at a path: the pid (0 if it cannot be told), `stale` for a socket that nobody listens on any more, `nothing`,
 * or `other` for what is no socket or may not be asked. Never waits.
 */
export function listenerAt(path: string): number | 'stale' | 'nothing' | 'other' {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return 'nothing'
  // Asking a file that is no socket is refused in the same way as asking a stale one.
  if (!found.isSocket()) return 'other'
  const { functions } = libc()
  const fd = checked(functions.socket(C.AF_UNIX, C.SOCK_STREAM | C.SOCK_NONBLOCK | C.SOCK_CLOEXEC, 0))
  if (fd < 0) return 'other'
  try {
    const address = Buffer.alloc(110)
    address.writeUInt16LE(C.AF_UNIX, 0)
    address.write(path, 2)
    const result = checked(functions.connect(fd, address, address.length))
    if (result >= 0) return peerOf(fd)?.pid ?? 0
    // Its backlog is full: it is there, and busy.
    if (result === EAGAIN) return 0
    if (result === ENOENT) return 'nothing'
    return result === ECONNREFUSED ? 'stale' : 'other'
  } finally {
    closeSync(fd)
  }
}
