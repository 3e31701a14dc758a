/**
 * The C library, bound through node:ffi: the calls that Node has no words for. The only file that names node:ffi,
 * because the module is experimental and a wrong signature crashes PID 1.
 *
 * Every function here answers as the system call does, except that a failure is the negative errno: `-11` for EAGAIN.
 * Nothing throws. Buffers stay alive until the call returns because the arguments hold them.
 */

/** Numbers of <fcntl.h>, <sys/prctl.h>, <sys/ioctl.h> and others; the same on x86-64 and arm64. */
const C = {
  O_CLOEXEC: 0o2000000,
  O_NONBLOCK: 0o4000,
  F_DUPFD_CLOEXEC: 1030,
  F_GETFD: 1,
  F_SETFD: 2,
  F_GETFL: 3,
  F_SETFL: 4,
  FD_CLOEXEC: 1,
  FIONREAD: 0x541bn,
  MSG_DONTWAIT: 0x40,
  MSG_NOSIGNAL: 0x4000,
  POLLOUT: 4,
  POLLERR: 8,
  POLLHUP: 16,
  PR_SET_DUMPABLE: 4,
  PR_SET_NAME: 15,
  PR_SET_CHILD_SUBREAPER: 36,
  MFD_CLOEXEC: 1,
  SIG_BLOCK: 0,
  SIG_UNBLOCK: 1,
} as const

type Ffi = typeof import('node:ffi')

const signatures = {
  __errno_location: { return: 'pointer', arguments: [] },
  _exit: { return: 'void', arguments: ['int32'] },
  bind: { return: 'int32', arguments: ['int32', 'buffer', 'uint32'] },
  close: { return: 'int32', arguments: ['int32'] },
  connect: { return: 'int32', arguments: ['int32', 'buffer', 'uint32'] },
  execve: { return: 'int32', arguments: ['buffer', 'buffer', 'buffer'] },
  fcntl: { return: 'int32', arguments: ['int32', 'int32', 'int64'] },
  getpgid: { return: 'int32', arguments: ['int32'] },
  getsockopt: { return: 'int32', arguments: ['int32', 'int32', 'int32', 'buffer', 'buffer'] },
  ioctl: { return: 'int32', arguments: ['int32', 'uint64', 'buffer'] },
  kill: { return: 'int32', arguments: ['int32', 'int32'] },
  listen: { return: 'int32', arguments: ['int32', 'int32'] },
  memfd_create: { return: 'int32', arguments: ['buffer', 'uint32'] },
  pipe2: { return: 'int32', arguments: ['buffer', 'int32'] },
  poll: { return: 'int32', arguments: ['buffer', 'uint64', 'int32'] },
  posix_spawn: { return: 'int32', arguments: ['buffer', 'buffer', 'buffer', 'buffer', 'buffer', 'buffer'] },
  posix_spawn_file_actions_addchdir_np: { return: 'int32', arguments: ['buffer', 'buffer'] },
  posix_spawn_file_actions_adddup2: { return: 'int32', arguments: ['buffer', 'int32', 'int32'] },
  posix_spawn_file_actions_destroy: { return: 'int32', arguments: ['buffer'] },
  posix_spawn_file_actions_init: { return: 'int32', arguments: ['buffer'] },
  posix_spawnattr_init: { return: 'int32', arguments: ['buffer'] },
  posix_spawnattr_setflags: { return: 'int32', arguments: ['buffer', 'int16'] },
  posix_spawnattr_setpgroup: { return: 'int32', arguments: ['buffer', 'int32'] },
  posix_spawnattr_setsigdefault: { return: 'int32', arguments: ['buffer', 'buffer'] },
  posix_spawnattr_setsigmask: { return: 'int32', arguments: ['buffer', 'buffer'] },
  prctl: { return: 'int32', arguments: ['int32', 'uint64', 'uint64', 'uint64', 'uint64'] },
  prlimit64: { return: 'int32', arguments: ['int32', 'int32', 'pointer', 'pointer'] },
  pthread_create: { return: 'int32', arguments: ['buffer', 'pointer', 'pointer', 'pointer'] },
  pthread_join: { return: 'int32', arguments: ['uint64', 'pointer'] },
  pthread_rwlock_unlock: { return: 'int32', arguments: ['buffer'] },
  pthread_rwlock_wrlock: { return: 'int32', arguments: ['buffer'] },
  read: { return: 'int64', arguments: ['int32', 'buffer', 'uint64'] },
  recvmsg: { return: 'int64', arguments: ['int32', 'buffer', 'int32'] },
  send: { return: 'int64', arguments: ['int32', 'pointer', 'uint64', 'int32'] },
  setsockopt: { return: 'int32', arguments: ['int32', 'int32', 'int32', 'buffer', 'uint32'] },
  socket: { return: 'int32', arguments: ['int32', 'int32', 'int32'] },
  sysconf: { return: 'int64', arguments: ['int32'] },
  syscall: { return: 'int64', arguments: ['int64', 'int64', 'int64', 'int64'] },
  sigprocmask: { return: 'int32', arguments: ['int32', 'buffer', 'pointer'] },
  tcgetattr: { return: 'int32', arguments: ['int32', 'buffer'] },
  tcgetpgrp: { return: 'int32', arguments: ['int32'] },
  tcsetattr: { return: 'int32', arguments: ['int32', 'int32', 'buffer'] },
  tcsetpgrp: { return: 'int32', arguments: ['int32', 'int32'] },
  waitid: { return: 'int32', arguments: ['int32', 'int32', 'buffer', 'int32'] },
  write: { return: 'int64', arguments: ['int32', 'pointer', 'uint64'] },
} as const

/** Never called: it gives the type of all functions bound at once. */
const allBound = (ffi: Ffi) => ffi.dlopen(null, signatures).functions
type Functions = ReturnType<typeof allBound>

/**
 * Each function is bound when it is first named: node:ffi writes a trampoline for each, at the cost of dozens of system
 * calls, and a start needs a third of them. A symbol that this C library lacks fails only where it is used.
 */
function bind() {
  const ffi: Ffi = process.getBuiltinModule('node:ffi')
  const lib = new ffi.DynamicLibrary(null)
  const functions = {} as Functions
  for (const name of Object.keys(signatures) as (keyof typeof signatures)[]) {
    const get = (): unknown => {
      const value = lib.getFunction(name, signatures[name])
      Object.defineProperty(functions, name, { value })
      return value
    }
    Object.defineProperty(functions, name, { get, configurable: true })
  }
  return { ffi, lib, functions, errno: functions.__errno_location() }
}

/** posix_spawn's action that takes the terminal: glibc has it from 2.35 on, musl has not. */
export function bindTerminalAction() {
  try {
    return libc().lib.getFunction('posix_spawn_file_actions_addtcsetpgrp_np', {
      return: 'int32',
      arguments: ['buffer', 'int32'],
    } as const)
  } catch {
    return undefined
  }
}

let bound: ReturnType<typeof bind> | undefined

/** What a raw address points into: held here, since the collector does not see addresses. */
let pinned: unknown

/** The address of a buffer for one call made right after; the buffer is held until the next one is asked for. */
export function addressOf(bytes: Uint8Array): bigint {
  pinned = bytes
  return libc().ffi.getRawPointer(bytes)
}

/** Holds on to what addresses in a structure point into. Returns what was held before. */
export function pin(value: unknown): unknown {
  const before = pinned
  pinned = value
  return before
}

/** The bindings, made at the first call: a start-up snapshot cannot hold them. */
export function libc(): ReturnType<typeof bind> {
  bound ??= bind()
  return bound
}

/** The result of a call, or the negative errno where it said -1. */
export function checked(result: number | bigint): number {
  const value = Number(result)
  if (value !== -1) return value
  const { ffi, errno } = libc()
  return -ffi.getInt32(errno)
}

/** kill(2): 0, or the negative errno. A negative pid is a process group, -1 everybody. */
export function kill(pid: number, signal: number): number {
  return checked(libc().functions.kill(pid, signal))
}

/** A pipe, close-on-exec, both ends blocking: pipe2(2). The negative errno if there are no descriptors left. */
export function pipe(): { read: number; write: number } | number {
  const ends = Buffer.alloc(8)
  const result = checked(libc().functions.pipe2(ends, C.O_CLOEXEC))
  return result < 0 ? result : { read: ends.readInt32LE(0), write: ends.readInt32LE(4) }
}

/** A nameless file in memory, close-on-exec: memfd_create(2). The descriptor, or the negative errno. */
export function memoryFile(): number {
  return checked(libc().functions.memfd_create(Buffer.from('foster\0'), C.MFD_CLOEXEC))
}

/** Marks a descriptor close-on-exec, or not: fcntl(2). 0, or the negative errno (EBADF: it is not open). */
export function setCloseOnExec(fd: number, on: boolean): number {
  return checked(libc().functions.fcntl(fd, C.F_SETFD, on ? BigInt(C.FD_CLOEXEC) : 0n))
}

/** A close-on-exec copy of a descriptor, the lowest free one from `least` up: fcntl(2). Or the negative errno. */
export function duplicateFrom(fd: number, least: number): number {
  return checked(libc().functions.fcntl(fd, C.F_DUPFD_CLOEXEC, BigInt(least)))
}

/** Makes an open file description non-blocking. Everybody who shares the description is affected. */
export function setNonBlocking(fd: number): number {
  const flags = checked(libc().functions.fcntl(fd, C.F_GETFL, 0n))
  if (flags < 0) return flags
  return checked(libc().functions.fcntl(fd, C.F_SETFL, BigInt(flags | C.O_NONBLOCK)))
}

/** read(2) into the start of a buffer: bytes, 0 at the end, the negative errno (EAGAIN: nothing there now). */
export function read(fd: number, buffer: Uint8Array): number {
  return checked(libc().functions.read(fd, buffer, BigInt(buffer.length)))
}

/** How many bytes wait to be read: FIONREAD. The negative errno on failure. */
export function readable(fd: number): number {
  const count = Buffer.alloc(4)
  const result = checked(libc().functions.ioctl(fd, C.FIONREAD, count))
  return result < 0 ? result : count.readInt32LE(0)
}

/** write(2) of part of a buffer: bytes taken, or the negative errno. */
export function write(fd: number, bytes: Uint8Array, offset: number, length: number): number {
  return checked(libc().functions.write(fd, addressOf(bytes) + BigInt(offset), BigInt(length)))
}

/** send(2) that neither blocks nor raises SIGPIPE, whatever flags the shared socket has: bytes, or the negative errno. */
export function send(fd: number, bytes: Uint8Array, offset: number, length: number): number {
  const flags = C.MSG_DONTWAIT | C.MSG_NOSIGNAL
  return checked(libc().functions.send(fd, addressOf(bytes) + BigInt(offset), BigInt(length), flags))
}

/** Whether nobody can read any more what is written to a pipe or socket: poll(2). */
export function readerGone(fd: number): boolean {
  const set = Buffer.alloc(8)
  set.writeInt32LE(fd, 0)
  return checked(libc().functions.poll(set, 1n, 0)) > 0 && (set.readInt16LE(6) & (C.POLLERR | C.POLLHUP)) !== 0
}

/** Whether a descriptor takes at least one byte now without blocking, or reports an error at once: poll(2). */
export function writableNow(fd: number): boolean {
  const set = Buffer.alloc(8)
  set.writeInt32LE(fd, 0)
  set.writeInt16LE(C.POLLOUT, 4)
  return checked(libc().functions.poll(set, 1n, 0)) > 0
}

/** Names the process for ps, pgrep and /proc/PID/comm; Node calls it after its main thread. At most 15 characters count. */
export function nameProcess(name: string): number {
  return checked(libc().functions.prctl(C.PR_SET_NAME, addressOf(Buffer.from(`${name}\0`)), 0n, 0n, 0n))
}

/** Makes foster the parent of orphaned descendants where it is not PID 1: prctl(2), PR_SET_CHILD_SUBREAPER. */
export function becomeSubreaper(): number {
  return checked(libc().functions.prctl(C.PR_SET_CHILD_SUBREAPER, 1n, 0n, 0n, 0n))
}

/** Makes the process dumpable again after a change of credentials, or /proc/self belongs to root: proc(5). */
export function setDumpable(): number {
  return checked(libc().functions.prctl(C.PR_SET_DUMPABLE, 1n, 0n, 0n, 0n))
}

/** A raw system call with up to three arguments. Unlike the C library's wrapper it concerns the calling thread alone. */
export function systemCall(number: number, a: number, b: number | bigint, c = 0): number {
  return checked(libc().functions.syscall(BigInt(number), BigInt(a), BigInt(b), BigInt(c)))
}

/** Our own process group: getpgid(2). */
export function ownGroup(): number {
  return checked(libc().functions.getpgid(0))
}

/** The terminal's foreground process group, or the negative errno (ENOTTY: not our controlling terminal). */
export function foregroundOf(fd: number): number {
  return checked(libc().functions.tcgetpgrp(fd))
}

/** Makes a process group the terminal's foreground one: tcsetpgrp(3). */
export function setForeground(fd: number, group: number): number {
  return checked(libc().functions.tcsetpgrp(fd, group))
}

/** The terminal's settings as an opaque block, or undefined. */
export function terminalSettings(fd: number): Buffer | undefined {
  const settings = Buffer.alloc(128)
  return checked(libc().functions.tcgetattr(fd, settings)) < 0 ? undefined : settings
}

/** Puts settings back at once: tcsetattr(3), TCSANOW. */
export function setTerminalSettings(fd: number, settings: Buffer): number {
  return checked(libc().functions.tcsetattr(fd, 0, settings))
}

/** Blocks one signal in the calling thread, or no longer; others of the process may still take it. */
export function blockSignal(signal: number, on: boolean): number {
  const set = Buffer.alloc(128)
  set.writeBigUInt64LE(1n << BigInt(signal - 1), 0)
  return checked(libc().functions.sigprocmask(on ? C.SIG_BLOCK : C.SIG_UNBLOCK, set, 0n))
}

/** Ends the process at once, without waiting for Node's threads: _exit(2). */
export function exitNow(code: number): never {
  libc().functions._exit(code)
  throw new Error('unreachable')
}
