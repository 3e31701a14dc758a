/** The last words of the container: a message of JSON that says why it ended, in at most 4096 bytes, as Kubernetes reads it. */
import type { End, World, WorldEffect } from '../core/draft.ts'
import { describeEnding, type Ending } from '../core/ending.ts'
import { uptimeOf } from '../core/moves.ts'
import { labelOf, type Program } from '../core/plan.ts'
import { signalName } from '../core/signal.ts'
import type { State } from '../core/state.ts'
import type { Logs } from '../log/router.ts'

/** What the message says; keys without a value are left out. */
export interface Obituary {
  readonly program?: string | undefined
  readonly replica?: number | undefined
  /** `program`, `dependency`, `requested`, `idle`, `internal-error` or `configuration`. */
  readonly cause: string
  /** The program that has brought it about by being one that cannot come. */
  readonly root?: string | undefined
  readonly message: string
  readonly code?: number | undefined
  readonly signal?: string | undefined
  readonly oom?: true | undefined
  readonly exit_code: number
  readonly restarts?: number | undefined
  readonly uptime_seconds?: number | undefined
}

/** Bytes. More is cut off by the kubelet, in the middle. */
const most = 4096
/** Characters of the message itself. */
const longestMessage = 512
const mostLines = 50

/** The message, with as many of the last lines as have room; of the very last as much as has. */
export function terminationMessage(obituary: Obituary, lines: readonly string[]): string {
  const message = cut(obituary.message, longestMessage)
  const write = (stderr: readonly string[]): string => JSON.stringify({ ...obituary, message, stderr })
  const sizeOf = (stderr: readonly string[]): number => Buffer.byteLength(write(stderr))
  let kept: readonly string[] = []
  for (const line of lines.slice(-mostLines).reverse()) {
    if (sizeOf([line, ...kept]) <= most) {
      kept = [line, ...kept]
      continue
    }
    if (kept.length === 0) kept = [fitting(line, part => sizeOf([part]) <= most)]
    break
  }
  return write(kept)
}

/** The longest beginning that fits, found by halving: what JSON makes of a character has no fixed length. */
function fitting(line: string, fits: (part: string) => boolean): string {
  let [least, above] = [0, Math.min(line.length, most) + 1]
  while (above - least > 1) {
    const middle = Math.floor((least + above) / 2)
    if (fits(cut(line, middle))) least = middle
    else above = middle
  }
  return cut(line, least)
}

/** So many units of text at most; a character is not halved. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text
  const isHalved = /[\ud800-\udbff]$/.test(text.slice(0, length))
  return text.slice(0, isHalved ? length - 1 : length)
}

export interface TerminationOptions {
  readonly world: () => World
  readonly logs: Pick<Logs, 'program'>
  readonly write: (text: string) => void
  readonly now: () => number
}

export class Termination {
  readonly #options: TerminationOptions
  /** How long the last run of each program was, in milliseconds. */
  readonly #uptimes = new Map<number, number>()

  constructor(options: TerminationOptions) {
    this.#options = options
  }

  /** A program's state has changed. */
  noted({ index, before, event }: Extract<WorldEffect, { do: 'note' }>): void {
    if (event.on === 'refused') this.#uptimes.delete(index)
    else if (event.on === 'exit' && 'since' in before) this.#uptimes.set(index, uptimeOf(before, this.#options.now()))
  }

  /** The container begins to end. Written at once: the container may not be given the time to end in order. */
  ending(end: End): void {
    if (end.why === 'program') this.#about(end.index, end.code, 'program')
    else if (end.why === 'idle') {
      this.#write({ cause: 'idle', message: 'nothing was left to run', exit_code: end.code })
    } else if (end.why === 'bug') {
      this.#write({ cause: 'internal-error', message: 'foster itself failed', exit_code: end.code })
    }
  }

  /** The container has ended. A stop that was asked for and went well is nothing to tell. */
  finished(code: number): void {
    const { phase } = this.#options.world()
    const end = 'end' in phase ? phase.end : undefined
    if (end?.why === 'requested' && end.flaw !== undefined) this.#about(end.flaw.index, code, 'requested')
  }

  #about(index: number, exitCode: number, why: 'program' | 'requested'): void {
    const { plan, states } = this.#options.world()
    const [program, state] = [plan.programs[index], states[index]]
    if (program === undefined || state === undefined) return
    const cause = state.at === 'fatal' && state.cause.why === 'dependency' ? state.cause : undefined
    const ending = cause === undefined ? state.last : cause.ending
    const uptime = this.#uptimes.get(index)
    const root = cause === undefined ? index : plan.programs.findIndex(it => labelOf(it) === cause.root)
    const obituary = {
      ...{ program: program.name, replica: program.replica, cause: cause === undefined ? why : 'dependency' },
      ...{ root: cause?.root, message: messageOf(program, state, ending, why), ...endingOf(ending) },
      ...{ exit_code: exitCode, restarts: Math.max(0, state.runs - 1) },
      uptime_seconds: uptime === undefined ? undefined : Math.round(uptime) / 1000,
    }
    this.#write(obituary, root === -1 ? index : root)
  }

  #write(obituary: Obituary, index?: number): void {
    this.#options.write(terminationMessage(obituary, index === undefined ? [] : this.#lastLines(index)))
  }

  /** What the program wrote to stderr last, as far as it is in memory. */
  #lastLines(index: number): readonly string[] {
    const pieces = this.#options.logs.program(index).tail('stderr', { lines: mostLines })
    const lines = Buffer.concat(pieces.map(({ bytes }) => bytes))
      .toString()
      .split('\n')
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines
  }
}

function messageOf({ name }: Program, state: State, ending: Ending | undefined, why: 'program' | 'requested'): string {
  const how = ending === undefined ? 'can never be ready' : describeEnding(ending)
  if (state.at === 'fatal' && state.cause.why === 'dependency') {
    return `${name} depends on ${state.cause.root}, which ${how}`
  }
  return why === 'requested' ? `asked to stop, ${name}: ${how}` : `${name}: ${how}`
}

function endingOf(ending: Ending | undefined): Pick<Obituary, 'code' | 'signal' | 'oom'> {
  if (ending === undefined) return {}
  if (ending.how !== 'killed') return { code: ending.code }
  return { signal: signalName(ending.signal), ...(ending.oom ? { oom: true } : {}) }
}
