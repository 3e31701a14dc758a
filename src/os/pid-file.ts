/** Pid files: a number that somebody else has written, where somebody else may write. */
import {
  closeSync,
  constants,
  existsSync,
  type FSWatcher,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  watch,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Credentials } from '../core/plan.ts'
import { withCredentials } from './credentials.ts'

/** PostgreSQL writes more after the number; nobody more than this. */
const longest = 4096

/**
 * The number on the first line of a pid file, or why there is none. It is read with the credentials of the program, so
 * that what it cannot read is not read for it, and only where it is a regular file itself: no symbolic link, no device.
 */
export function readPidFile(path: string, user: Credentials | undefined): number | string {
  try {
    return withCredentials(user, () => parsePid(readStart(path)))
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    return reasons[code] ?? message
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'it cannot be read: permission denied',
  ELOOP: 'it is a symbolic link',
  EISDIR: 'it is not a regular file',
}

function readStart(path: string): string {
  const found = lstatSync(path)
  if (found.isSymbolicLink()) throw coded('ELOOP')
  if (!found.isFile()) throw coded('EISDIR')
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    if (!fstatSync(fd).isFile()) throw coded('EISDIR')
    const bytes = Buffer.alloc(longest)
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, longest, 0))
  } finally {
    closeSync(fd)
  }
}

/** The pid in a pid file's text, or why there is none. */
export function parsePid(text: string): number | string {
  const [line = ''] = text.split('\n', 1)
  if (text.trim() === '') return 'it is empty'
  return /^\s*\d{1,7}\s*$/.test(line) ? Number(line) : 'it does not begin with a number'
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** Where the system does not tell of changes (no inotify left), a look is taken so often. */
const pause = 500

/**
 * Calls `changed` when a file may have been written, until the function that is returned is called. Its directory is
 * watched, or the nearest one above that is there already.
 */
export function watchFile(path: string, changed: () => void): () => void {
  let watcher: FSWatcher | undefined
  let timer: NodeJS.Timeout | undefined
  let place = ''
  const close = (): void => {
    watcher?.close()
    clearInterval(timer)
    watcher = undefined
  }
  const fallBack = (): void => {
    close()
    timer = setInterval(changed, pause)
  }
  const arm = (): void => {
    // Once more if it came into being between the look and the watch.
    for (let next = nearestDirectory(path); next !== place && timer === undefined; next = nearestDirectory(path)) {
      close()
      place = next
      try {
        watcher = watch(place, { persistent: false }, (_event, file) => seen(file))
        watcher.on('error', fallBack)
      } catch {
        fallBack()
      }
    }
  }
  const seen = (file: string | null): void => {
    // The directory's own name: it has been moved or removed.
    if (file === basename(place)) place = ''
    else if (file !== null && !isOnTheWay(join(place, file), path)) return
    arm()
    changed()
  }
  arm()
  return close
}

/** The nearest directory above a path that exists. */
function nearestDirectory(path: string): string {
  let directory = dirname(path)
  while (dirname(directory) !== directory && !existsSync(directory)) directory = dirname(directory)
  return directory
}

function isOnTheWay(part: string, path: string): boolean {
  return part === path || path.startsWith(`${part}/`)
}
