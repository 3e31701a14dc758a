/** The control socket as a file: where it may stand, and how it comes and goes without ever being somebody else's. */
import { accessSync, chmodSync, constants, lstatSync, mkdirSync, renameSync, statSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'

/** Which file it is, whatever its name becomes. */
export interface FileId {
  readonly dev: number
  readonly ino: number
}

/**
 * The first place where a socket can be made; undefined: there is none. The last one lies in a directory that is made for
 * it with mode 0700, and must be ours; nothing else is made.
 */
export function usualPlace(places: readonly string[], uid: number): string | undefined {
  return places.find((path, index) => {
    const directory = dirname(path)
    return index === places.length - 1 ? ownDirectory(directory, uid) : canHold(directory)
  })
}

/** Whether files can be made in a directory. */
export function canHold(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK)
    return statSync(directory).isDirectory()
  } catch {
    return false
  }
}

/** Makes a directory for ourselves alone, or takes the one that is there if nobody else can have a hand in it. */
function ownDirectory(path: string, uid: number): boolean {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch {
    // It is there, or cannot be made: the next look tells.
  }
  try {
    const found = lstatSync(path)
    return found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0 && canHold(path)
  } catch {
    return false
  }
}

/** Makes the directory of a path that somebody has chosen, one level of it, if it is not there. */
export function makeParent(path: string): void {
  const directory = dirname(path)
  if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) mkdirSync(directory, { mode: 0o755 })
}

/** The name under which a socket is made, before it takes the place of a stale one in one step. */
export function draftOf(path: string): string {
  const draft = `${path}.${process.pid}`
  remove(draft)
  return draft
}

/** Gives a new socket its permissions and its name. Throws an ErrnoException; then nothing is left of the draft. */
export function publish(draft: string, path: string, mode: number): FileId {
  try {
    chmodSync(draft, mode)
    const { dev, ino } = lstatSync(draft)
    renameSync(draft, path)
    return { dev, ino }
  } catch (error) {
    remove(draft)
    throw error
  }
}

/** Gives the socket other permissions, if it is still ours. */
export function permit(path: string, { dev, ino }: FileId, mode: number): void {
  try {
    const found = lstatSync(path)
    if (found.dev === dev && found.ino === ino) chmodSync(path, mode)
  } catch {
    // It is gone.
  }
}

/** Removes a socket if it is still the one that was made; another foster may have replaced it meanwhile. */
export function withdraw(path: string, { dev, ino }: FileId): void {
  try {
    const found = lstatSync(path)
    if (found.dev === dev && found.ino === ino) unlinkSync(path)
  } catch {
    // It is gone.
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // It was not there.
  }
}
