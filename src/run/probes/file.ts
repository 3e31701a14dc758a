/** The probe `file`: something exists at a path. */
import { resolve } from 'node:path'
import type { Check } from '../../core/probe.ts'
import { errnoName, isShortage, ShortageError } from '../../os/errno.ts'
import { haveThreads } from '../../os/threads.ts'
import { type Limits, type Outcome, within } from './try.ts'

/**
 * Looks at paths. A file system that hangs (a dead NFS server) holds up a thread of the pool for each look, so there is
 * never more than one look at a path: a later try waits for the answer to the first.
 */
export class Looks {
  readonly #pending = new Map<string, Promise<void>>()

  /** Throws an ErrnoException if nothing is there. A symbolic link counts as what it leads to. */
  at(path: string): Promise<void> {
    const known = this.#pending.get(path)
    if (known !== undefined) return known
    const { stat } = process.getBuiltinModule('node:fs/promises')
    const look = stat(path)
      .then(() => {})
      .finally(() => this.#pending.delete(path))
    this.#pending.set(path, look)
    return look
  }
}

/** Looks whether the file exists, with foster's own rights; a relative path is the program's. */
export function tryFile(
  check: Extract<Check, { by: 'file' }>,
  workingDir: string | undefined,
  looks: Looks,
  limits: Limits,
): Promise<Outcome> {
  const path = resolve(workingDir ?? '.', check.path)
  return within(limits, async () => {
    if (!haveThreads()) throw new ShortageError(`cannot look at ${path}: no more threads`)
    try {
      await looks.at(path)
      return { ok: true, detail: `${path} exists` }
    } catch (error) {
      const { code = '', errno = 0 } = error as NodeJS.ErrnoException
      if (isShortage(code)) throw new ShortageError(`cannot look at ${path}: ${code}`)
      const isAbsent = code === 'ENOENT' || code === 'ENOTDIR'
      return { ok: false, detail: isAbsent ? `no such file (${path})` : `cannot look at ${path}: ${errnoName(-errno)}` }
    }
  })
}
