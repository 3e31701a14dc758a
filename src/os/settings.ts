/**
 * What a process inherits and keeps over exec: umask, nice, oom_score_adj, limits. A program's is set on foster around
 * the spawn and taken back, so that the program has it from its first instruction, and so have its first children; a
 * refusal is a start that failed. What could not be taken back, or would hit foster itself meanwhile, is for the process
 * that becomes the program: see wrapper.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import type { Privileges } from '../core/privileges.ts'
import type { Limit, LimitName, ProcessSettings } from '../core/settings.ts'
import { errnoName } from './errno.ts'
import { type Bounds, boundsOf, ownLimit, setOwnLimit, settingLimit } from './limits.ts'
import { oomFile, ownPrivileges } from './privileges.ts'

/** What of it the kernel refused. The message says what and why; nothing has been started. */
export class SettingsError extends Error {}

/** Limits that foster itself would run into, or be killed for, while it starts a program. */
const hitting: ReadonlySet<LimitName> = new Set(['as', 'cpu', 'data', 'fsize', 'nproc', 'stack'])

/** Fewer descriptors than this may be too few for foster meanwhile. */
const enoughDescriptors = 4096

/** Whether a program can get its settings only from a process of its own, which then becomes it. */
export function needsWrapper(settings: ProcessSettings, own: Privileges = ownPrivileges): boolean {
  const { nice, oomScoreAdj, limits } = settings
  // Without the capability, foster would stay as nice.
  if (nice !== undefined && nice > own.nice() && own.has('SYS_NICE') !== true) return true
  // Meanwhile memory may run out, and PID 1 would be the one to be killed.
  if (oomScoreAdj !== undefined && oomScoreAdj > (own.oomScoreAdj() ?? Number.NEGATIVE_INFINITY)) return true
  return limits.some(limit => isForWrapper(limit, own.limit(limit.name)))
}

function isForWrapper(limit: Limit, own: Bounds | undefined): boolean {
  if (hitting.has(limit.name) || own === undefined) return true
  const { soft, hard } = boundsOf(limit, own)
  return hard !== own.hard || (limit.name === 'nofile' && soft < enoughDescriptors)
}

/** Runs synchronous work with a program's settings and takes them back. Throws SettingsError; then nothing has run. */
export function withSettings<T>(settings: ProcessSettings, work: () => T): T {
  const undo: (() => void)[] = []
  try {
    for (const limit of settings.limits) undo.push(setLimit(limit))
    applySettings(settings, undo)
    return work()
  } finally {
    for (const back of undo.reverse()) back()
  }
}

/** Gives this process a program's umask, nice and oom_score_adj. What takes it back is added to `undo`. Throws SettingsError. */
export function applySettings({ umask, nice, oomScoreAdj }: ProcessSettings, undo: (() => void)[] = []): void {
  if (umask !== undefined) {
    const before = process.umask(umask)
    undo.push(() => process.umask(before))
  }
  if (nice !== undefined) {
    const before = getPriority(0)
    setting(`nice ${nice}`, () => setPriority(0, nice))
    undo.push(() => setPriority(0, before))
  }
  if (oomScoreAdj !== undefined) {
    setting(`oom_score_adj ${oomScoreAdj}`, () => {
      const before = readFileSync(oomFile, 'latin1')
      writeFileSync(oomFile, String(oomScoreAdj))
      undo.push(() => writeFileSync(oomFile, before))
    })
  }
}

/** Gives this process a program's limit; what takes it back. Throws SettingsError. */
function setLimit(limit: Limit): () => void {
  const own = ownLimit(limit.name)
  settingLimitOf(limit)()
  return () => {
    if (typeof own !== 'number') setOwnLimit(limit.name, own)
  }
}

/** What gives this process a program's limit, with all that takes memory done beforehand. Throws SettingsError, both times. */
export function settingLimitOf(limit: Limit): () => void {
  const own = ownLimit(limit.name)
  if (typeof own === 'number') throw new SettingsError(`cannot set the limit ${limit.name}: ${errnoName(-own)}`)
  const bounds = boundsOf(limit, own)
  const set = settingLimit(limit.name, bounds)
  return () => {
    const result = set()
    if (result < 0) throw refused(limit.name, bounds, own, result)
  }
}

/** Lifts this process's hard limit to a program's, if that is higher. Throws SettingsError. */
export function liftLimit(limit: Limit): void {
  const own = ownLimit(limit.name)
  if (typeof own === 'number') return
  const { hard } = boundsOf(limit, own)
  if (hard <= own.hard) return
  const result = setOwnLimit(limit.name, { soft: own.soft, hard })
  if (result < 0) throw refused(limit.name, { soft: own.soft, hard }, own, result)
}

function refused(name: LimitName, { soft, hard }: Bounds, own: Bounds, result: number): SettingsError {
  const what = `cannot set the limit ${name} to ${shown(soft)}:${shown(hard)}`
  return new SettingsError(`${what}: ${errnoName(-result)} (foster's own hard limit is ${shown(own.hard)})`)
}

const shown = (value: number): string => (value === Number.POSITIVE_INFINITY ? 'unlimited' : String(value))

function setting(what: string, set: () => void): void {
  try {
    set()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new SettingsError(
      `cannot set ${what}: ${code === 'ERR_SYSTEM_ERROR' ? systemName(error) : (code ?? message)}`,
    )
  }
}

/** node:os reports its system calls in a form of its own. */
function systemName(error: unknown): string {
  return (error as { info?: { code?: string } }).info?.code ?? String(error)
}
