/** A daemon between the end of its launcher and the moment at which its pid file names it. */
import { resolve } from 'node:path'
import type { Program } from '../core/plan.ts'
import { readPidFile, watchFile } from '../os/pid-file.ts'
import type { ProcessEntry } from '../os/processes.ts'

/** Milliseconds for the pid file after the launcher has ended, unless `start_seconds` says more. */
const patience = 30_000

export interface ForkingOptions {
  readonly program: Program
  /** The process of a number if it may be followed, or why not. */
  readonly find: (pid: number) => ProcessEntry | string
  readonly take: (entry: ProcessEntry) => void
  /** Whether nothing of the run is left that could still write the file. */
  readonly isGone: () => boolean
  readonly failed: (reason: string) => void
  readonly stopped: () => void
}

export class Forking {
  readonly #options: ForkingOptions
  readonly #timer: NodeJS.Timeout
  #unwatch: (() => void) | undefined
  #reason = ''
  #isClosed = false

  constructor(options: ForkingOptions) {
    this.#options = options
    const wait = Math.max(patience, options.program.startMillis)
    this.#timer = setTimeout(() => this.#fail(`after ${wait / 1000}s`), wait)
  }

  /** Looks at the pid file: its process is taken if it may be. The first look may be enough, so it is watched only then. */
  look(): void {
    if (this.#isClosed || this.#taken()) return
    if (this.#options.isGone()) return this.#fail('and nothing of it is left')
    if (this.#unwatch !== undefined) return
    this.#unwatch = watchFile(pathOf(this.#options.program), () => this.look())
    // It may have been written before it was watched.
    this.look()
  }

  #taken(): boolean {
    const { program, find, take } = this.#options
    const named = pidFileOf(program)
    const found = typeof named === 'string' ? named : find(named)
    if (typeof found !== 'string') {
      take(found)
      return true
    }
    this.#reason = typeof named === 'string' ? found : `it names process ${named}: ${found}`
    return false
  }

  /** It is not wanted any more. */
  stop(): void {
    if (this.#isClosed) return
    this.close()
    this.#options.stopped()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#unwatch?.()
  }

  #fail(when: string): void {
    if (this.#isClosed) return
    this.close()
    this.#options.failed(`${pathOf(this.#options.program)}: ${this.#reason}, ${when}`)
  }
}

/** What a daemon's pid file names, or why it names nobody. */
export function pidFileOf(program: Program): number | string {
  return readPidFile(pathOf(program), program.user)
}

function pathOf({ pidFile, workingDir }: Program): string {
  return resolve(workingDir ?? '.', pidFile ?? '')
}
