/** Short commands, beside their start: what they are started with, how long they may take, how they end, what they write. */
import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import type { Ending } from '../core/ending.ts'
import type { Reading } from '../core/output.ts'
import type { Credentials } from '../core/plan.ts'
import type { ProcessSettings } from '../core/settings.ts'
import { signalNumbers } from '../core/signal.ts'
import type { Refusal } from './executable.ts'
import { kill } from './libc.ts'
import { closePipe, makeProgramPipe, type ProgramPipe, watchPipe } from './pipes.ts'
import { needsWrapper } from './settings.ts'
import { detour } from './wrapper.ts'

/** A command that is run to its end: a probe, a stop command. It gets what its program gets. */
export interface ShortCommand {
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly workingDir: string | undefined
  readonly user: Credentials | undefined
  readonly settings: ProcessSettings
  /** Milliseconds from its beginning, then its whole process group is killed. */
  readonly timeout: number
  /** What it leaves behind in its group and session is killed as well. */
  readonly isAlone?: boolean
}

/** How a short command ended, and the last 4 KiB of what it wrote. */
export interface CommandResult {
  readonly ending: Ending | { readonly how: 'timed-out' }
  readonly output: string
}

/** What is asked of execa's process. */
export interface CommandProcess
  extends PromiseLike<{ readonly exitCode?: number; readonly signal?: NodeJS.Signals; readonly cause?: unknown }> {
  readonly pid?: number
  readonly exitCode: number | null
  readonly signalCode: string | null
}

/** What a command is started with. */
export interface CommandStart extends Pick<ShortCommand, 'argv' | 'environment' | 'workingDir' | 'user' | 'settings'> {
  /** What it inherits from 3 up. */
  readonly descriptors: readonly number[]
  /** The process is there, or not. */
  started(itIs: boolean): void
  /** Calls when the command itself begins. */
  begins(begun: () => void): void
  verdict(ending: Ending): Ending
}

/** By way of the process that becomes a program, where that is what its settings take. */
export function commandStart(command: ShortCommand, output: number): CommandStart | Refusal {
  if (!needsWrapper(command.settings)) {
    return { ...command, descriptors: [], started: () => {}, begins: begun => begun(), verdict: it => it }
  }
  const stdio = [output, output, output] as const
  const way = detour({ ...command, stdio, terminal: undefined, descriptors: [], mark: undefined })
  if ('how' in way) return way
  const { launch, started, begins, verdict } = way
  return { ...launch, descriptors: launch.descriptors.map(({ fd }) => fd), started, begins, verdict }
}

/** Milliseconds that the process has which becomes the command: it is no fault of the command's if a machine is slow. */
export const longestStart = 10_000

/** How long a command may take, and who hears that it has begun. */
export interface CommandTime {
  readonly timeout: number
  readonly begins: CommandStart['begins']
  readonly begun: () => void
}

/** Waits for a command's end and kills its group where it takes too long or is not wanted any more. */
export async function endOf(
  child: CommandProcess,
  pid: number,
  { timeout, begins, begun }: CommandTime,
  signal: AbortSignal | undefined,
): Promise<CommandResult['ending']> {
  let isLate = false
  let isOver = false
  const stop = (): void => {
    // As long as libuv has not taken its status the number is nobody else's.
    if (child.exitCode === null && child.signalCode === null) kill(-pid, signalNumbers.KILL)
  }
  const late = (): void => {
    isLate = true
    stop()
  }
  let timer = setTimeout(late, longestStart)
  begins(() => {
    clearTimeout(timer)
    if (isOver) return
    timer = setTimeout(late, timeout)
    begun()
  })
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  const result = await child
  isOver = true
  clearTimeout(timer)
  signal?.removeEventListener('abort', stop)
  if (result.signal === undefined) return { how: 'exited', code: result.exitCode ?? 1 }
  if (isLate) return { how: 'timed-out' }
  return { how: 'killed', signal: constants.signals[result.signal], core: false }
}

/** So many bytes are kept, the last ones. */
const kept = 4096

/** What a command writes, stdout and stderr in one pipe: the end of it is kept, all of it is read. */
export class CommandOutput {
  readonly #ends: ProgramPipe
  readonly #buffer = Buffer.allocUnsafe(4096)
  #tail = Buffer.alloc(0)
  #reading: Reading | undefined
  #isEnded = false

  private constructor(ends: ProgramPipe) {
    this.#ends = ends
  }

  /** A real pipe, which the command may open again as /dev/stderr. The negative errno if there are no descriptors left. */
  static open(owner: { readonly uid: number; readonly gid: number } | undefined): CommandOutput | number {
    const ends = makeProgramPipe(owner)
    return typeof ends === 'number' ? ends : new CommandOutput(ends)
  }

  /** The descriptor that becomes the command's stdout and stderr. */
  get fd(): number {
    return this.#ends.write
  }

  /** The command has it now, or there is none after all: foster's own end for writing is closed. */
  handedOver(isRunning: boolean): void {
    if (!isRunning) return closePipe(this.#ends)
    closeSync(this.#ends.write)
    const onBytes = (count: number): void => {
      this.#tail = Buffer.concat([this.#tail, this.#buffer.subarray(0, count)]).subarray(-kept)
    }
    this.#reading = watchPipe(this.#ends.read, this.#buffer, onBytes, () => {
      this.#isEnded = true
    })
  }

  /**
   * The command has ended: the last of what it wrote. Whoever still has the pipe is not waited for; all that the pipe
   * holds is read within one turn of the loop, and the second is there because this may be the middle of one.
   */
  async end(): Promise<string> {
    for (let turn = 0; turn < 2 && !this.#isEnded; turn++) await nextTurn()
    this.#reading?.close()
    return this.#tail.toString('utf8')
  }
}

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
