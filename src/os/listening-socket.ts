/**
 * Listening sockets for others to accept on. They come from the C library, since Node's servers accept by themselves.
 *
 * A file is made with the rights of whoever could put something else in its place, and it is all that it is to be before
 * anybody can connect: listen(2) comes last.
 */
import { chmodSync, chownSync, closeSync, constants, fstatSync, openSync } from 'node:fs'
import type { Credentials, SharedSocket, SocketFile } from '../core/plan.ts'
import { unlessSpoilt, withCredentials } from './credentials.ts'
import { errnoName } from './errno.ts'
import { checked, libc } from './libc.ts'
import { addressAtHand } from './names.ts'
import { mayTrick } from './path-trust.ts'
import { draftOf, type FileId, publish, withdraw } from './socket-file.ts'
import { listenerAt } from './sockets.ts'

/** Numbers of <sys/socket.h> and <fcntl.h>; the same on x86-64 and arm64. */
const C = {
  AF_UNIX: 1,
  AF_INET: 2,
  SOCK_STREAM: 1,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_REUSEADDR: 2,
  O_PATH: 0o10000000,
} as const

/** sun_path with its NUL. */
const longestPath = 108

/** A socket that listens. */
export interface Listening {
  readonly fd: number
  /** Which file it is; undefined for a port. */
  readonly id: FileId | undefined
}

/** Why a socket cannot be made, in words. */
class SocketFault extends Error {}

/** Makes a socket that listens, or says why there is none. `user` is the program's, who is not trusted with paths. */
export function openListening(socket: SharedSocket, user: Credentials | undefined): Listening | string {
  const { address, backlog } = socket
  const family = 'file' in address ? C.AF_UNIX : C.AF_INET
  const fd = checked(libc().functions.socket(family, C.SOCK_STREAM | C.SOCK_CLOEXEC, 0))
  if (fd < 0) return errnoName(-fd)
  let id: FileId | undefined
  try {
    if ('file' in address) id = makeFile(fd, address, user)
    else bindPort(fd, address)
    if (id !== undefined && 'file' in address) give(address, id, user)
    must(libc().functions.listen(fd, backlog))
    return { fd, id }
  } catch (error) {
    closeListening({ fd, id }, socket, user)
    return whyOf(unlessSpoilt(error))
  }
}

/** Gives a socket that listens already another owner, mode or backlog; undefined, or why that is not possible. */
export function adjustListening(
  { fd, id }: Listening,
  { address, backlog }: SharedSocket,
  user: Credentials | undefined,
): string | undefined {
  try {
    if (id !== undefined && 'file' in address) {
      give(address, id, user)
    }
    must(libc().functions.listen(fd, backlog))
    return undefined
  } catch (error) {
    return whyOf(unlessSpoilt(error))
  }
}

/** Closes a socket, and removes its file if that is still the one that was made. */
export function closeListening({ fd, id }: Listening, { address }: SharedSocket, user: Credentials | undefined): void {
  closeSync(fd)
  if (id !== undefined && 'file' in address)
    withCredentials(makerOf(address.file, user), () => withdraw(address.file, id))
}

/** With whose rights names are made and removed; undefined: foster's own. */
function makerOf(file: string, user: Credentials | undefined): Credentials | undefined {
  return mayTrick(file, user) ? user : undefined
}

/** Binds the socket under a name of its own, which then takes the place of a stale one in one step. */
function makeFile(fd: number, { file, mode }: SocketFile, user: Credentials | undefined): FileId {
  const found = listenerAt(file)
  if (found === 'other') throw new SocketFault('it is there already, and is no socket that can be replaced')
  if (typeof found === 'number')
    throw new SocketFault(`EADDRINUSE: ${found > 0 ? `process ${found}` : 'somebody'} listens there`)
  return withCredentials(makerOf(file, user), () => {
    const draft = draftOf(file)
    const name = Buffer.alloc(2 + longestPath)
    name.writeUInt16LE(C.AF_UNIX, 0)
    if (Buffer.byteLength(draft) >= longestPath) throw new SocketFault('ENAMETOOLONG')
    name.write(draft, 2)
    must(libc().functions.bind(fd, name, name.length))
    return publish(draft, file, mode)
  })
}

/** The file's owner and mode. Where somebody could put another one in its place, only what is surely the socket changes. */
function give({ file, owner, mode }: SocketFile, { dev, ino }: FileId, user: Credentials | undefined): void {
  const maker = makerOf(file, user)
  const fd = openSync(file, C.O_PATH | constants.O_NOFOLLOW)
  try {
    const found = fstatSync(fd)
    const { uid, gid } = withUsual(owner, found)
    if (found.dev !== dev || found.ino !== ino) throw new SocketFault('somebody has put something else in its place')
    const isOdd = !found.isSocket() || (found.uid !== uid && found.uid !== maker?.uid)
    if (maker !== undefined && isOdd) throw new SocketFault('somebody has put something else in its place')
    const name = maker === undefined ? file : `/proc/self/fd/${fd}`
    if (found.uid !== uid || found.gid !== gid) chownSync(name, uid, gid)
    if ((found.mode & 0o777) !== mode) chmodSync(name, mode)
  } finally {
    closeSync(fd)
  }
}

/** Whose it is to be, where a part that is not asked for stays as it is. */
function withUsual(owner: SocketFile['owner'], { uid, gid }: { readonly uid: number; readonly gid: number }) {
  const { uid: wanted = -1, gid: group = -1 } = owner ?? {}
  return { uid: wanted === -1 ? uid : wanted, gid: group === -1 ? gid : group }
}

function bindPort(fd: number, { host, port }: { readonly host: string; readonly port: number }): void {
  const address = addressAtHand(host)
  if (address === undefined) throw new SocketFault(`${host} is no IPv4 address, and is not in /etc/hosts`)
  const on = Buffer.alloc(4)
  on.writeInt32LE(1)
  must(libc().functions.setsockopt(fd, C.SOL_SOCKET, C.SO_REUSEADDR, on, 4))
  const name = Buffer.alloc(16)
  name.writeUInt16LE(C.AF_INET, 0)
  name.writeUInt16BE(port, 2)
  name.set(address.split('.').map(Number), 4)
  must(libc().functions.bind(fd, name, name.length))
}

function must(result: number): void {
  const errno = checked(result)
  if (errno < 0) throw new SocketFault(errnoName(-errno))
}

function whyOf(error: unknown): string {
  if (error instanceof SocketFault) return error.message
  const { code, syscall, message } = error as NodeJS.ErrnoException
  return code === undefined ? message : syscall?.includes('chown') ? `cannot change its owner: ${code}` : code
}
