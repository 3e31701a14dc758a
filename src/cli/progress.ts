/** What an action waits for: one line on a terminal, overwritten; elsewhere said after a while, once for each change. */
import type { ProcessStatus } from '../api/answers.ts'
import type { Surroundings } from './around.ts'
import { describe } from './describe.ts'
import { cut, harmless } from './width.ts'

/** Elsewhere than on a terminal, what takes less is not worth a word. */
const quietMillis = 3000

export class Progress {
  readonly #around: Surroundings
  readonly #verb: string
  readonly #begin: number
  readonly #waiting = new Map<string, ProcessStatus>()
  /** What was said last of a process. */
  readonly #said = new Map<string, string>()
  readonly #columns: number | undefined
  #stopTicking: (() => void) | undefined
  #isShown = false

  constructor(action: 'start' | 'stop' | 'restart', around: Surroundings) {
    this.#around = around
    this.#verb = { start: 'starting', stop: 'stopping', restart: 'restarting' }[action]
    this.#columns = around.columns(2)
    this.#begin = around.now()
    this.#stopTicking = around.every(1000, () => this.#draw())
  }

  /** A process has changed, and is still waited for. */
  show(process: ProcessStatus): void {
    this.#waiting.set(process.name, process)
    this.#draw()
  }

  /** A process is not waited for any more. */
  done(name: string): void {
    this.#waiting.delete(name)
  }

  /** Makes room for a line of another kind. */
  clear(): void {
    if (!this.#isShown) return
    this.#around.write(2, '\r\x1b[K')
    this.#isShown = false
  }

  /** Nothing is waited for any more. */
  end(): void {
    this.#stopTicking?.()
    this.#stopTicking = undefined
    this.clear()
  }

  #draw(): void {
    if (this.#stopTicking === undefined || this.#waiting.size === 0) return
    const seconds = Math.floor((this.#around.now() - this.#begin) / 1000)
    if (this.#columns === undefined) return this.#say(seconds)
    const what = [...this.#waiting.values()].map(words).join('; ')
    const text = cut(`${this.#verb} (${seconds} s): ${what}`, this.#columns - 1)
    this.#around.write(2, `\r${text}\x1b[K`)
    this.#isShown = true
  }

  #say(seconds: number): void {
    if (seconds * 1000 < quietMillis) return
    for (const [name, process] of this.#waiting) {
      const key = `${process.state} ${process.waiting_for.join()} ${process.probes.map(it => it.reason).join()}`
      if (this.#said.get(name) === key) continue
      this.#said.set(name, key)
      this.#around.write(2, `foster: ${this.#verb}, ${seconds} s: ${words(process)}\n`)
    }
  }
}

/** `web STARTING, pid 12, uptime 0:00:03`. */
function words(process: ProcessStatus): string {
  const why = describe(process)
  return `${harmless(process.name)} ${process.state}${why === '' ? '' : `, ${why}`}`
}
