/**
 * Starts processes and takes their statuses; the only file that does either. Programs go through posix_spawn and are
 * reaped here; short commands go through execa and are left to libuv, whose statuses must never be stolen; orphans
 * that the kernel gives to PID 1 or to a subreaper are reaped and counted.
 */
import type { Ending } from '../core/ending.ts'
import { signalNumbers } from '../core/signal.ts'
import {
  CommandOutput,
  type CommandProcess,
  type CommandResult,
  type CommandStart,
  commandStart,
  endOf,
  type ShortCommand,
} from './commands.ts'
import { CredentialsError, withCredentials } from './credentials.ts'
import { isShortage } from './errno.ts'
import { candidates, explain, notFound, type Refusal } from './executable.ts'
import { type Launch, startProgram, unbecome } from './launch.ts'
import { kill } from './libc.ts'
import { isIn, mainChildren, ownChildren, type ProcessEntry, readStat } from './processes.ts'
import { needsWrapper, withSettings } from './settings.ts'
import { peekEnded, type Taken, takeEnded } from './wait.ts'
import { detour } from './wrapper.ts'

type Execa = typeof import('execa').execa

/** Hears how a program's process ended. */
type Ended = (ending: Ending, pid: number) => void

/** Ended children taken in one turn of the loop, so that a storm of orphans holds up nothing else. */
const mostPerTurn = 256

/** Orphans that are looked at one by one when a program ends. */
const mostLookedAt = 128

const ECHILD = -10

export class Children {
  readonly #programs = new Map<number, Ended>()
  readonly #commands = new Set<number>()
  readonly #settled: () => void
  #execa: Promise<Execa> | undefined
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
    if (!needsWrapper(launch.settings)) return this.#start(launch, ended)
    const way = detour(launch)
    if ('how' in way) return way
    let started: number | Refusal | undefined
    try {
      started = this.#start(way.launch, (ending, pid) => ended(way.verdict(ending), pid))
      return started
    } finally {
      way.started(typeof started === 'number')
    }
  }

  #start(launch: Launch, ended: Ended): number | Refusal {
    const started = startProgram(launch)
    if (typeof started === 'number') this.#programs.set(started, ended)
    return started
  }

  /**
   * Takes an orphan that we have adopted as a program's process: its end is told as if we had started it. Nothing may
   * have been reaped since it was seen to be our child.
   */
  follow(pid: number, ended: Ended): void {
    this.#programs.set(pid, ended)
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

  /**
   * Runs a command to its end, by execa, in a session of its own. Never rejects. `signal` kills its whole group, as the
   * timeout does; nobody waits for those that still have its output open. `begun` is told when the time begins.
   */
  async run(command: ShortCommand, signal?: AbortSignal, begun = (): void => {}): Promise<CommandResult> {
    let output: CommandOutput | number | undefined
    try {
      this.#execa ??= loadExeca()
      const execa = await this.#execa
      if (signal?.aborted) return failed({ how: 'killed', signal: signalNumbers.KILL, core: false })
      output = CommandOutput.open(command.user)
      if (typeof output === 'number') return failed(explain(-output, command.argv[0] ?? '', undefined))
      return await this.#run(execa, command, output, { signal, begun })
    } catch (error) {
      if (error instanceof CredentialsError && !error.restoring) return failed(unbecome(error, command.user))
      // Foster is no longer who it was: that stops it, wherever it comes to light.
      if (error instanceof CredentialsError) queueMicrotask(() => Promise.reject(error))
      const fault = {
        how: 'unstartable',
        code: 1,
        reason: error instanceof Error ? error.message : String(error),
      } as const
      return failed(isShortage((error as NodeJS.ErrnoException).code) ? { ...fault, isShortage: true } : fault)
    }
  }

  async #run(
    execa: Execa,
    command: ShortCommand,
    output: CommandOutput,
    { signal, begun }: { readonly signal: AbortSignal | undefined; readonly begun: () => void },
  ): Promise<CommandResult> {
    let start: CommandStart | Refusal | undefined
    let child: CommandProcess | undefined
    try {
      start = commandStart(command, output.fd)
      if ('how' in start) return failed(start)
      if (candidatesOf(start).length === 0) return failed(notFound(start.argv[0] ?? ''))
      child = startCommand(execa, start, output.fd)
    } finally {
      output.handedOver(child?.pid !== undefined)
      if (start !== undefined && !('how' in start)) start.started(child?.pid !== undefined)
    }
    const { pid } = child
    if (pid === undefined) return failed(await unspawned(child, start))
    this.#commands.add(pid)
    const ending = await endOf(child, pid, { timeout: command.timeout, begins: start.begins, begun }, signal)
    this.#commands.delete(pid)
    if (command.isAlone) this.#clear(pid)
    // What it hid, or what has its pid by now.
    this.reap()
    const isLate = ending.how === 'timed-out'
    const verdict = start.verdict(isLate ? { how: 'killed', signal: signalNumbers.KILL, core: false } : ending)
    return { ending: isLate ? ending : verdict, output: await output.end() }
  }

  /** Kills what a command has left in its session. That an orphan of ours is in it shows that the number is still its. */
  #clear(pid: number): void {
    for (const orphan of this.orphansNow() ?? []) {
      if (!isIn(orphan, pid, true)) continue
      kill(orphan.pid, signalNumbers.KILL)
      kill(-orphan.group, signalNumbers.KILL)
    }
  }
}

const failed = (ending: Ending): CommandResult => ({ ending, output: '' })

const candidatesOf = ({ argv, environment, workingDir }: CommandStart): readonly string[] =>
  candidates(argv[0] ?? '', environment.PATH, workingDir)

/** Starts a command, with all that is its program's. Throws SettingsError and CredentialsError; then nothing has run. */
function startCommand(execa: Execa, start: CommandStart, output: number): CommandProcess {
  const [file = '', ...args] = start.argv
  // Any descriptor will do; execa's types know only the standard ones.
  const stdout = output as 1
  return withSettings(start.settings, () =>
    withCredentials(start.user, () =>
      execa(file, args, {
        env: start.environment,
        extendEnv: false,
        ...(start.workingDir === undefined ? {} : { cwd: start.workingDir }),
        stdio: ['ignore', stdout, stdout, ...(start.descriptors as readonly 3[])],
        detached: true,
        cleanup: false,
        reject: false,
        buffer: false,
      }),
    ),
  )
}

/** Why a command could not be spawned. */
async function unspawned(child: CommandProcess, { argv, workingDir }: CommandStart): Promise<Refusal> {
  const { cause } = await child
  const { errno, message = 'cannot be started' } = (cause ?? {}) as NodeJS.ErrnoException
  return errno === undefined
    ? { how: 'unstartable', code: 1, reason: message }
    : explain(-errno, argv[0] ?? '', workingDir)
}

/**
 * Loads execa. Its modules look at process.stdin, stdout and stderr, and the first look at one would make a pipe that
 * programs share non-blocking: so there is nothing to be seen meanwhile.
 */
async function loadExeca(): Promise<Execa> {
  const names = ['stdin', 'stdout', 'stderr'] as const
  const own = names.map(name => [name, Object.getOwnPropertyDescriptor(process, name) ?? {}] as const)
  for (const name of names) Object.defineProperty(process, name, { value: {}, configurable: true })
  try {
    return (await import('execa')).execa
  } finally {
    for (const [name, descriptor] of own) Object.defineProperty(process, name, descriptor)
  }
}
