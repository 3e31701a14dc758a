/**
 * Starts processes and takes their statuses; the only file that does either. Programs go through posix_spawn and are
 * reaped here; short commands go through execa and are left to libuv, whose statuses must never be stolen; orphans
 * that the kernel gives to PID 1 or to a subreaper are reaped and counted.
 */
import type { Ending } from '../core/ending.ts'
import type { Credentials } from '../core/plan.ts'
import { signalNumbers } from '../core/signal.ts'
import type { Placement } from './arrange.ts'
import { CredentialsError, withCredentials } from './credentials.ts'
import { candidates, explain, notFound, type Refusal } from './executable.ts'
import { kill } from './libc.ts'
import { mainChildren, ownChildren, type ProcessEntry, readStat } from './processes.ts'
import { posixSpawn } from './spawn.ts'
import { peekEnded, type Taken, takeEnded } from './wait.ts'

/** A program to be started. */
export interface Launch {
  readonly argv: readonly string[]
  /** Its whole environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly workingDir: string | undefined
  readonly user: Credentials | undefined
  readonly stdio: readonly [number, number, number]
  readonly terminal: number | undefined
  /** What it gets besides 0 to 2, each at a number of its own from 3 up. */
  readonly descriptors: readonly Placement[]
}

/** A command that is run to its end: a stop command, a hook. */
export interface ShortCommand {
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly workingDir: string | undefined
  readonly user: Credentials | undefined
  /** Milliseconds, then its whole process group is killed. */
  readonly timeout: number
}

/** How a short command ended. `reason` is for people; undefined if it went well. */
export interface CommandResult {
  readonly reason: string | undefined
  readonly output: string
}

/** Hears how a program's process ended. */
type Ended = (ending: Ending, pid: number) => void

/** Ended children taken in one turn of the loop, so that a storm of orphans holds up nothing else. */
const mostPerTurn = 256

/** Orphans that are looked at one by one when a program ends. */
const mostLookedAt = 128

const ECHILD = -10
const ENOEXEC = -8
const ENOENT = -2
const EACCES = -13
const ENOTDIR = -20

export class Children {
  readonly #programs = new Map<number, Ended>()
  readonly #commands = new Set<number>()
  readonly #settled: () => void
  #more = false
  /** Programs that have been taken and are still to be told of. */
  readonly #ended: (() => void)[] = []
  #telling = false
  #orphans: { readonly found: readonly ProcessEntry[] | undefined } | undefined
  /** Orphans reaped so far. */
  orphans = 0

  /** `settled` is called after children have been taken: perhaps none are left. */
  constructor(settled: () => void) {
    this.#settled = settled
  }

  /** Starts a program: its pid, or why not. `ended` is called once, from `reap`. Throws only if foster itself is spoilt. */
  launch(launch: Launch, ended: Ended): number | Refusal {
    const started = this.#spawn(launch)
    if (typeof started === 'number') this.#programs.set(started, ended)
    return started
  }

  #spawn(launch: Launch): number | Refusal {
    const { argv, environment, workingDir, user, ...rest } = launch
    const [command = ''] = argv
    const env = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
    const files = candidates(command, environment.PATH, workingDir)
    if (files.length === 0) return notFound(command)
    try {
      return withCredentials(user, () => {
        let result = ENOENT
        let last = command
        for (const path of files) {
          last = path
          result = posixSpawn({ path, argv, env, workingDir, ...rest })
          // A script without `#!`: execvp(3) and every shell give it to sh.
          if (result === ENOEXEC) {
            result = posixSpawn({
              path: '/bin/sh',
              argv: ['/bin/sh', path, ...argv.slice(1)],
              env,
              workingDir,
              ...rest,
            })
          }
          if (result !== EACCES && result !== ENOENT && result !== ENOTDIR) break
        }
        return result > 0 ? result : explain(-result, last, workingDir)
      })
    } catch (error) {
      if (!(error instanceof CredentialsError) || error.restoring) throw error
      const who = user?.name ?? user?.uid
      return {
        how: 'unstartable',
        code: 1,
        reason: `cannot become user ${who}: ${error.message} (no CAP_SETUID and CAP_SETGID?)`,
      }
    }
  }

  /**
   * Takes the status of every child that has ended, programs and orphans alike; those of execa are left to libuv.
   * Called at each SIGCHLD. More than a turn's worth is taken in the next turns.
   */
  reap(): void {
    let taken = 0
    while (taken < mostPerTurn && this.#takeNext()) taken++
    if (taken === mostPerTurn && !this.#more) {
      this.#more = true
      setImmediate(() => {
        this.#more = false
        this.reap()
      })
    }
    this.#tell()
    this.#settled()
  }

  /** Tells of those that have been taken: after all of them, so that one look at their orphans does for all. */
  #tell(): void {
    this.#telling = true
    for (const tell of this.#ended.splice(0)) {
      try {
        tell()
      } catch (error) {
        // A bug over one program must not swallow the ends of the others; it is reported as any other bug.
        queueMicrotask(() => {
          throw error
        })
      }
    }
    this.#telling = false
    this.#orphans = undefined
  }

  /** Takes the next that has ended; false: there is none that may be taken. */
  #takeNext(): boolean {
    // While libuv waits for nobody, nothing of its can be stolen.
    if (this.#commands.size === 0) return this.#took(takeEnded())
    const pid = peekEnded()
    if (pid <= 0) return false
    if (!this.#commands.has(pid)) return this.#took(takeEnded(pid))
    this.#reapBehind()
    return false
  }

  /** A child of libuv's stands first in the kernel's list and hides the others: those are asked for one by one. */
  #reapBehind(): void {
    const known = ownChildren()
    for (const pid of known.length > 0 ? known : this.#programs.keys()) {
      if (!this.#commands.has(pid)) this.#took(takeEnded(pid))
    }
  }

  #took(taken: Taken | undefined): boolean {
    if (taken === undefined) return false
    const ended = this.#programs.get(taken.pid)
    this.#programs.delete(taken.pid)
    if (ended === undefined) this.orphans++
    else this.#ended.push(() => ended(taken.ending, taken.pid))
    return true
  }

  /** Adopted processes; undefined where /proc does not list our children, and where they are more than a few. */
  orphansNow(): readonly ProcessEntry[] | undefined {
    if (!this.#telling) return this.#findOrphans()
    this.#orphans ??= { found: this.#findOrphans() }
    return this.#orphans.found
  }

  #findOrphans(): readonly ProcessEntry[] | undefined {
    const known = mainChildren()
    if (known.length === 0 && !this.isEmpty) return undefined
    const orphans = known.filter(pid => !this.#programs.has(pid) && !this.#commands.has(pid))
    if (orphans.length > mostLookedAt) return undefined
    return orphans.flatMap(pid => readStat(pid) ?? [])
  }

  /** Whether no child of any kind is left. */
  get isEmpty(): boolean {
    return peekEnded() === ECHILD
  }

  /** Runs a command to its end, by execa, in a session of its own. Never rejects. */
  async run(command: ShortCommand): Promise<CommandResult> {
    const { execa } = await import('execa')
    const { argv, environment, workingDir, user, timeout } = command
    const [file = '', ...args] = argv
    try {
      const child = withCredentials(user, () =>
        execa(file, args, {
          env: environment,
          extendEnv: false,
          ...(workingDir === undefined ? {} : { cwd: workingDir }),
          stdin: 'ignore',
          all: true,
          detached: true,
          cleanup: false,
          reject: false,
          timeout,
          killSignal: 'SIGKILL',
          maxBuffer: 64 * 1024,
        }),
      )
      const { pid } = child
      if (pid !== undefined) this.#commands.add(pid)
      const result = await child
      // Its own session, so its group has its pid: what it started has had its time as well.
      if (pid !== undefined && result.timedOut) kill(-pid, signalNumbers.KILL)
      if (pid !== undefined) this.#commands.delete(pid)
      // What it hid, or what has its pid by now.
      this.reap()
      return { reason: result.failed ? result.shortMessage : undefined, output: result.all ?? '' }
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error), output: '' }
    }
  }
}
