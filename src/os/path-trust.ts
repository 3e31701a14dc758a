/** Whether a user can change what a path leads to. */
import { accessSync, constants, lstatSync, readlinkSync, type Stats } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Credentials } from '../core/plan.ts'
import { withCredentials } from './credentials.ts'

/** As many symbolic links as the kernel follows: ELOOP. */
const mostLinks = 40
const sticky = 0o1000

/** A directory on the way, and the name that is looked up in it. */
interface Step {
  readonly directory: string
  readonly entry: Stats | undefined
}

/**
 * A user can put something else in place of a name in a directory that he can write to; in a sticky one like /tmp only
 * if the name or the directory is his. What he can do to the path's last name counts in any case: there may be nothing
 * yet. Every directory counts that a symbolic link on the way leads through. False where foster cannot be that user.
 */
export function mayTrick(path: string, user: Credentials | undefined): boolean {
  if (user === undefined || user.uid === 0 || process.geteuid?.() !== 0) return false
  const steps = stepsOf(path)
  return withCredentials(user, () =>
    steps.some(({ directory, entry }, index) => {
      if (!isWritable(directory)) return false
      return index === steps.length - 1 || !isProtected(directory, entry, user)
    }),
  )
}

/** Each directory that a lookup of the path goes through. */
function stepsOf(path: string): readonly Step[] {
  const steps: Step[] = []
  const names = resolve(path).split('/').slice(1)
  let directory = '/'
  let links = 0
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const entry = lstatSync(join(directory, name), { throwIfNoEntry: false })
    steps.push({ directory, entry })
    if (entry?.isSymbolicLink() !== true || names.length === 0) {
      directory = join(directory, name)
      continue
    }
    if (++links > mostLinks) break
    const target = resolve(directory, readlinkSync(join(directory, name)))
    names.unshift(...target.split('/').slice(1))
    directory = '/'
  }
  return steps
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function isProtected(directory: string, entry: Stats | undefined, user: Credentials): boolean {
  const above = lstatSync(directory, { throwIfNoEntry: false })
  if (above === undefined || entry === undefined || (above.mode & sticky) === 0) return false
  return above.uid !== user.uid && entry.uid !== user.uid
}
