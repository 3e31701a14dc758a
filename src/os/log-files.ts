/**
 * Log files as the system sees them. Everything with a path happens with the rights of whoever could play tricks with
 * that path: where a program's user can write to the directory or to one above it, with that user's. So a link put there
 * leads foster nowhere that the user could not write anyway.
 */
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  type Stats,
  unlinkSync,
  write as writeInBackground,
} from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import type { LogFile, LogPlace } from '../core/output.ts'
import type { Credentials } from '../core/plan.ts'
import { compressFile } from './compress.ts'
import { unlessSpoilt, withCredentials } from './credentials.ts'
import { errnoOf } from './errno.ts'
import { write } from './libc.ts'
import { mayTrick } from './path-trust.ts'
import { haveThreads } from './threads.ts'

const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NOCTTY, O_NONBLOCK } = constants
/** Everybody may read, as with Supervisor and logrotate; foster's umask takes away from it. */
const mode = 0o644
const EAGAIN = 11
const EEXIST = 17
const EINVAL = 22

/** A log file's path, the user of its program, and whether the file is to be that user's. */
export interface Place {
  readonly path: string
  readonly user: Credentials | undefined
  readonly owned: boolean
}

/** The place of a log file and its older ones. */
export function logPlace(place: Place): LogPlace {
  const path = resolve(place.path)
  const act = <T>(work: () => T): T => withCredentials(mayTrick(path, place.user) ? place.user : undefined, work)
  const calls = (work: () => void): number => {
    try {
      act(work)
      return 0
    } catch (error) {
      return -errnoOf(unlessSpoilt(error))
    }
  }
  return {
    open: () => openFile(path, place, act),
    has: suffix => calls(() => mustBeRegular(path + suffix)) === 0,
    suffixes: () => suffixesOf(path, act),
    rename: (from, to) =>
      calls(() => {
        mustBeRegular(path + from)
        mustBeRegularOrNothing(path + to)
        renameSync(path + from, path + to)
      }),
    remove: suffix =>
      calls(() => {
        mustBeRegular(path + suffix)
        unlinkSync(path + suffix)
      }),
    compress: (from, to, done) => compressFile(path + from, path + to, act, done),
  }
}

function suffixesOf(path: string, act: Act): ReadonlySet<string> | undefined {
  const name = basename(path)
  try {
    const entries = act(() => readdirSync(dirname(path), { withFileTypes: true }))
    const beside = entries.filter(entry => entry.name.startsWith(name) && entry.isFile())
    return new Set(beside.map(entry => entry.name.slice(name.length)))
  } catch (error) {
    unlessSpoilt(error)
    return undefined
  }
}

type Act = <T>(work: () => T) => T

function openFile(path: string, place: Place, act: Act): LogFile | string {
  try {
    const fd = act(() => openOrMake(path, place))
    const stat = fstatSync(fd)
    // A second name may be that of a file that matters: a hard link needs no right to write to what it leads to.
    if (stat.isFile() && stat.nlink > 1) {
      closeSync(fd)
      return 'it has a second name (a hard link)'
    }
    return opened(fd, path, stat)
  } catch (error) {
    const { code, message } = unlessSpoilt(error) as NodeJS.ErrnoException
    return code === 'ELOOP' ? 'it is a symbolic link' : (code ?? message)
  }
}

/** Opens without waiting, whatever it is: a FIFO without a reader is a fault. */
function openOrMake(path: string, { user, owned }: Place): number {
  const flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK
  if (owned && user !== undefined && process.geteuid?.() === 0) {
    try {
      const fd = openSync(path, flags | O_CREAT | O_EXCL, mode)
      fchownSync(fd, user.uid, user.gid)
      return fd
    } catch (error) {
      if (errnoOf(error) !== EEXIST) throw error
    }
  }
  return openSync(path, flags | O_CREAT, mode)
}

function opened(fd: number, path: string, stat: Stats): LogFile {
  const isRegular = stat.isFile()
  // What will be written is not here yet: the threads are made while there is room for them.
  if (isRegular) haveThreads()
  return {
    isRegular,
    size: isRegular ? stat.size : 0,
    write(bytes, offset, length, done) {
      // A disk may take its time, so a thread waits for it; nothing else can make a write wait, as it was opened so.
      if (isRegular && !haveThreads()) setImmediate(done, -EAGAIN)
      else if (isRegular)
        writeInBackground(fd, bytes, offset, length, null, (error, count) => done(error ? -errnoOf(error) : count))
      else setImmediate(done, write(fd, bytes, offset, length))
    },
    isCurrent() {
      try {
        const now = lstatSync(path)
        return now.ino === stat.ino && now.dev === stat.dev
      } catch {
        return false
      }
    },
    close: () => closeSync(fd),
  }
}

function mustBeRegular(path: string): void {
  if (!lstatSync(path).isFile()) throw Object.assign(new Error('not a regular file'), { errno: -EINVAL })
}

function mustBeRegularOrNothing(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found !== undefined && !found.isFile()) throw Object.assign(new Error('not a regular file'), { errno: -EINVAL })
}
