/**
 * AF_UNIX datagram sockets, which Node has not, and the credentials of who sent what: unix(7).
 *
 * No native code watches them: the kernel is asked to send a signal when one can be read (O_ASYNC), and of all signals
 * SIGCHLD (F_SETSIG): foster looks at everything after it anyway, it is never passed on, and what a SIGIO from outside
 * means stays as it is. A signal that is lost in a flood is no loss, since each one that is taken has everything read;
 * and senders cannot flood: the queue of a socket holds net.unix.max_dgram_qlen datagrams, then they wait.
 */
import { signalNumbers } from '../core/signal.ts'
import { checked, libc } from './libc.ts'

/** Numbers of <sys/socket.h> and <fcntl.h>; the same on x86-64 and arm64. */
const C = {
  AF_UNIX: 1,
  SOCK_DGRAM: 2,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_PASSCRED: 16,
  SCM_CREDENTIALS: 2,
  F_SETFL: 4,
  F_SETOWN: 8,
  F_SETSIG: 10,
  O_ASYNC: 0o20000,
  O_NONBLOCK: 0o4000,
  MSG_TRUNC: 0x20,
  MSG_DONTWAIT: 0x40,
  /** Length, level, type, then pid, uid and gid; padded. */
  CREDENTIALS_SPACE: 32,
} as const

/** What a sender may say at once. */
const longest = 8192

/** A path, or a name in the abstract namespace, which begins with `@`. At most 107 bytes. */
export type Address = string

/** The longest address: sun_path with its NUL is 108 bytes. */
export const longestAddress = 107

/** What came, and from whom, as the kernel saw the process when it sent. A pid of 0 is one that we cannot see. */
export interface Datagram {
  readonly pid: number
  readonly uid: number
  readonly text: string
}

/**
 * A socket bound to an address, that signals CHLD to us when something has come. Its descriptor, or the negative errno
 * (EADDRINUSE: something is there already).
 */
export function openDatagrams(address: Address): number {
  const { functions } = libc()
  const fd = checked(functions.socket(C.AF_UNIX, C.SOCK_DGRAM | C.SOCK_CLOEXEC | C.SOCK_NONBLOCK, 0))
  if (fd < 0) return fd
  const name = nameOf(address)
  const on = Buffer.alloc(4)
  on.writeInt32LE(1)
  const steps = [
    () => functions.setsockopt(fd, C.SOL_SOCKET, C.SO_PASSCRED, on, 4),
    () => functions.fcntl(fd, C.F_SETOWN, BigInt(process.pid)),
    () => functions.fcntl(fd, C.F_SETSIG, BigInt(signalNumbers.CHLD)),
    () => functions.fcntl(fd, C.F_SETFL, BigInt(C.O_ASYNC | C.O_NONBLOCK)),
    () => functions.bind(fd, name, name.length),
  ]
  for (const step of steps) {
    const result = checked(step())
    if (result === 0) continue
    functions.close(fd)
    return result
  }
  return fd
}

/** Closes a socket. */
export function closeDatagrams(fd: number): void {
  libc().functions.close(fd)
}

/** Whether somebody reads what is sent to an address: a socket file whose process is gone refuses. */
export function isListening(address: Address): boolean {
  const { functions } = libc()
  const fd = checked(functions.socket(C.AF_UNIX, C.SOCK_DGRAM | C.SOCK_CLOEXEC | C.SOCK_NONBLOCK, 0))
  if (fd < 0) return true
  const name = nameOf(address)
  const result = checked(functions.connect(fd, name, name.length))
  functions.close(fd)
  return result !== -ECONNREFUSED
}

const ECONNREFUSED = 111

const bytes = Buffer.alloc(longest)
/**
 * Room for the credentials and nothing else: descriptors that are passed along (FDSTORE, a BARRIER) find none, and the
 * kernel closes them. So none ever gets into our table, and whoever waits at a barrier goes on.
 */
const control = Buffer.alloc(C.CREDENTIALS_SPACE)
const vector = Buffer.alloc(16)
const header = Buffer.alloc(56)

/** The next datagram; `unusable`: one that is too long or says not who sent it; undefined: there is none now. */
export function receive(fd: number): Datagram | 'unusable' | undefined {
  const { ffi, functions } = libc()
  vector.writeBigUInt64LE(ffi.getRawPointer(bytes), 0)
  vector.writeBigUInt64LE(BigInt(longest), 8)
  header.fill(0)
  header.writeBigUInt64LE(ffi.getRawPointer(vector), 16)
  header.writeBigUInt64LE(1n, 24)
  header.writeBigUInt64LE(ffi.getRawPointer(control), 32)
  header.writeBigUInt64LE(BigInt(C.CREDENTIALS_SPACE), 40)
  const length = checked(functions.recvmsg(fd, header, C.MSG_DONTWAIT))
  if (length < 0) return undefined
  const isCut = (header.readInt32LE(48) & C.MSG_TRUNC) !== 0
  const hasCredentials =
    header.readUInt32LE(40) >= 28 &&
    control.readInt32LE(8) === C.SOL_SOCKET &&
    control.readInt32LE(12) === C.SCM_CREDENTIALS
  if (isCut || !hasCredentials) return 'unusable'
  return { pid: control.readInt32LE(16), uid: control.readUInt32LE(20), text: bytes.toString('utf8', 0, length) }
}

/** A sockaddr_un. An abstract name has no NUL at its end, a path has. */
function nameOf(address: Address): Buffer {
  const family = Buffer.alloc(2)
  family.writeUInt16LE(C.AF_UNIX)
  const path = address.startsWith('@') ? `\0${address.slice(1)}` : `${address}\0`
  return Buffer.concat([family, Buffer.from(path)])
}
