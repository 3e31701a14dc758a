/**
 * Commands that stop programs in place of a signal. Of a program there is one at a time, and none beside its next run:
 * as under systemd a program is not gone before the command that stops it is. What outlives the grace is killed, with its
 * whole process group.
 */
import type { CommandResult } from '../os/commands.ts'

/** What survives KILL for so long is in uninterruptible sleep, and waiting any longer helps nobody. */
const resignation = 500

/** Runs a command to its end; the signal kills it. */
export type RunCommand = (signal: AbortSignal) => Promise<CommandResult>

export interface StopCommandsOptions {
  readonly after: (millis: number, done: () => void) => () => void
}

/** A command that runs. */
interface Underway {
  readonly killing: AbortController
  /** The program's process is gone: is told when the command is, too. */
  over: (() => void) | undefined
  /** Asks another process to stop, which is the program's by now. */
  again: (() => void) | undefined
  giveUp: (() => void) | undefined
}

export class StopCommands {
  readonly #options: StopCommandsOptions
  readonly #underway = new Map<number, Underway>()

  constructor(options: StopCommandsOptions) {
    this.#options = options
  }

  /** Whether a command of the program's runs already: then `again` is called when it has ended, if a process is there. */
  isBusy(index: number, again: () => void): boolean {
    const present = this.#underway.get(index)
    if (present !== undefined) present.again = again
    return present !== undefined
  }

  /** Runs a program's command, of which none runs; `ended` hears how it ended, and whether it was killed for its time. */
  begin(index: number, run: RunCommand, ended: (result: CommandResult, isLate: boolean) => void): void {
    const own: Underway = { killing: new AbortController(), over: undefined, again: undefined, giveUp: undefined }
    this.#underway.set(index, own)
    const { signal } = own.killing
    void run(signal).then(result => {
      const isLate = signal.aborted || result.ending.how === 'timed-out'
      try {
        ended(result, isLate)
      } finally {
        this.#end(index, own)
      }
    })
  }

  /** The program's process is gone, and nothing is left of it: tells `over` when no command of its is left either. */
  hold(index: number, over: () => void): void {
    const own = this.#underway.get(index)
    if (own === undefined) return over()
    own.over = over
    this.#resign(index, own)
  }

  /** Whether of a program nothing is left but its command: then there is no process of its to be signalled. */
  isHeld(index: number): boolean {
    return this.#underway.get(index)?.over !== undefined
  }

  /** The time of a program is over: its command is killed. */
  kill(index: number): void {
    const own = this.#underway.get(index)
    if (own === undefined) return
    own.killing.abort()
    this.#resign(index, own)
  }

  /** A command that cannot be killed is waited for no longer. */
  #resign(index: number, own: Underway): void {
    if (own.over === undefined || !own.killing.signal.aborted) return
    own.giveUp ??= this.#options.after(resignation, () => this.#end(index, own))
  }

  #end(index: number, own: Underway): void {
    if (this.#underway.get(index) !== own) return
    this.#underway.delete(index)
    own.giveUp?.()
    if (own.over !== undefined) own.over()
    else own.again?.()
  }
}
