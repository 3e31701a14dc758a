/** Starting a program, once. Who starts it takes its status, too: children.ts. */
import { resolve } from 'node:path'
import type { Credentials } from '../core/plan.ts'
import type { ProcessSettings } from '../core/settings.ts'
import type { Placement } from './arrange.ts'
import { CredentialsError, withCredentials } from './credentials.ts'
import { candidates, explain, isBinary, notFound, type Refusal } from './executable.ts'
import { type Mark, withMark } from './marks.ts'
import { SettingsError, withSettings } from './settings.ts'
import { byShellWords, first, posixSpawn, shell } from './spawn.ts'

/** A program to be started. */
export interface Launch {
  readonly argv: readonly string[]
  /** Its whole environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly workingDir: string | undefined
  readonly user: Credentials | undefined
  readonly settings: ProcessSettings
  readonly stdio: readonly [number, number, number]
  readonly terminal: number | undefined
  /** What it gets besides 0 to 2, each at a number of its own from 3 up. */
  readonly descriptors: readonly Placement[]
  /** By which its processes are known wherever they go. */
  readonly mark: Mark | undefined
}

/** As foster has it. */
export const ownSettings: ProcessSettings = { umask: undefined, nice: undefined, oomScoreAdj: undefined, limits: [] }

/** Starts a program: its pid, or why not. Throws only if foster itself is spoilt. */
export function startProgram({ argv, environment, user, settings, mark, ...rest }: Launch): number | Refusal {
  const { workingDir } = rest
  const [command = ''] = argv
  const env = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const files = candidates(command, environment.PATH, workingDir)
  if (files.length === 0) return notFound(command)
  try {
    return withSettings(settings, () =>
      withCredentials(user, () => {
        const spawn = (file: string, byShell: boolean): number =>
          posixSpawn({ ...rest, path: byShell ? shell : file, argv: byShell ? byShellWords(file, argv) : argv, env })
        const isScript = (file: string): boolean => !isBinary(resolve(workingDir ?? '.', file))
        const { result, index } = withMark(mark, () => first(files, spawn, isScript))
        return result > 0 ? result : explain(-result, files[index] ?? command, workingDir)
      }),
    )
  } catch (error) {
    if (error instanceof SettingsError) return { how: 'unstartable', code: 1, reason: error.message }
    if (!(error instanceof CredentialsError) || error.restoring) throw error
    return unbecome(error, user)
  }
}

/** A user that foster could not become. */
export function unbecome({ message }: CredentialsError, user: Credentials | undefined): Refusal {
  const who = user?.name ?? user?.uid
  const reason = `cannot become user ${who}: ${message} (no CAP_SETUID and CAP_SETGID?)`
  return { how: 'unstartable', code: 1, reason }
}
