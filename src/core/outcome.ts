/**
 * What becomes of the container when a program ends: design, section 2, as data. The first row that fits decides.
 * `docs/exit-codes.md` is generated from the words, the end-to-end tests run each row by its id.
 */
import { type Ending, exitCodeOf, isSuccess } from './ending.ts'
import type { Program } from './plan.ts'
import { signalNumbers } from './signal.ts'
import type { FatalCause, State } from './state.ts'

/** A program that is over, and how. */
export interface Ended {
  readonly program: Program
  readonly ending: Ending | undefined
  /** Set if it is FATAL. */
  readonly cause: FatalCause | undefined
  /** It is the CMD of `foster -- CMD`. */
  readonly isCommand: boolean
}

export interface Row {
  readonly id: string
  /** The documentation's words: who ended and how, what the container does, the exit code. */
  readonly who: string
  readonly container: 'ends' | 'goes on' | 'never starts' | 'programs are stopped in order'
  readonly code: string
}

interface EndedRow extends Row {
  readonly fits: (it: Ended) => boolean
  /** The container's exit code; undefined: it goes on. */
  readonly exit: (it: Ended) => number | undefined
}

const succeeded = ({ program, ending }: Ended): boolean =>
  ending !== undefined && isSuccess(ending, program.successExitCodes)
const codeOf = (ending: Ending | undefined): number => (ending === undefined ? 1 : exitCodeOf(ending))
/** A failure never reads as success, whatever its code. */
const failure = (ending: Ending | undefined): number => codeOf(ending) || 1
const goesOn = (): undefined => undefined

/** Rows about one program that ended by itself, in the order in which they are tried. */
export const endedRows: readonly EndedRow[] = [
  {
    id: 'command',
    who: '`foster -- CMD`: CMD ended, also after a requested stop',
    container: 'ends',
    code: 'its code, 128+n, 126, 127; 0 if named by `-e`',
    fits: it => it.isCommand,
    exit: it => codeOf(it.ending),
  },
  {
    id: 'not-critical',
    who: 'a program that is not critical, however it ended',
    container: 'goes on',
    code: '',
    fits: it => !it.program.critical,
    exit: goesOn,
  },
  {
    id: 'fatal-dependency',
    who: 'critical program FATAL because a required dependency can never come true',
    container: 'ends',
    code: "the root cause's code, never 0: else 1",
    fits: it => it.cause?.why === 'dependency',
    exit: it => failure(it.cause?.ending),
  },
  {
    id: 'fatal',
    who: 'critical program FATAL: its retries are used up, or it can never start',
    container: 'ends',
    code: 'its last failing code; 127 not found, 126 not executable; never 0: else 1',
    fits: it => it.cause !== undefined,
    exit: it => failure(it.ending),
  },
  {
    id: 'task-success',
    who: 'critical task, success',
    container: 'goes on',
    code: '',
    fits: it => it.program.kind === 'task' && succeeded(it),
    exit: goesOn,
  },
  {
    id: 'task-failure',
    who: 'critical task, failed for good',
    container: 'ends',
    code: 'its code',
    fits: it => it.program.kind === 'task',
    exit: it => failure(it.ending),
  },
  {
    id: 'service-success',
    who: 'critical service, for good, code in `success_exit_codes`',
    container: 'ends',
    code: '0',
    fits: succeeded,
    exit: () => 0,
  },
  {
    id: 'service-failure',
    who: 'critical service, for good, another code c or signal n',
    container: 'ends',
    code: 'c or 128+n; never 0: else 1',
    fits: () => true,
    exit: it => failure(it.ending),
  },
]

/** The rows about the container as a whole; `world.ts` decides them, each by its id. */
export const otherRows = {
  idle: {
    id: 'idle',
    who: 'nothing is running, starting, waiting or in backoff, and nothing was stopped by an operator',
    container: 'ends',
    code: '0; 1 if no program is critical and one is FATAL',
  },
  requested: {
    id: 'requested',
    who: 'requested stop: everything ended within its grace by our signal or a success code',
    container: 'ends',
    code: '0 (`shutdown.exit_code: signal`: 128+n)',
  },
  'requested-killed': {
    id: 'requested-killed',
    who: 'requested stop: a critical program had to be SIGKILLed',
    container: 'ends',
    code: '137',
  },
  'requested-task': {
    id: 'requested-task',
    who: 'requested stop: a critical task was interrupted',
    container: 'ends',
    code: '128 + its stop signal',
  },
  'requested-failure': {
    id: 'requested-failure',
    who: 'requested stop: a critical program ended within its grace in any other way, code c or signal n',
    container: 'ends',
    code: 'c or 128+n',
  },
  faulty: { id: 'faulty', who: 'configuration or usage is faulty', container: 'never starts', code: '2' },
  bug: { id: 'bug', who: 'foster itself failed (a bug)', container: 'programs are stopped in order', code: '1' },
} as const satisfies Readonly<Record<string, Row>>

/** The row for a program that is over, and the exit code if the container ends with it. */
export function outcomeOf(ended: Ended): { row: Row; exit: number | undefined } {
  const row = endedRows.find(it => it.fits(ended))
  if (row === undefined) throw new Error('unreachable: the last row fits everything')
  return { row, exit: row.exit(ended) }
}

/** What a program's state says to the table; undefined while it is not over by itself. */
export function endedOf(program: Program, state: State, isCommand: boolean): Ended | undefined {
  if (state.at === 'exited') return { program, ending: state.last, cause: undefined, isCommand }
  if (state.at === 'fatal') return { program, ending: state.last, cause: state.cause, isCommand }
  return undefined
}

/** What the end of a critical program during a requested stop says of the container: a row, and the code it brings. */
export function stopOutcomeOf(
  program: Program,
  ending: Ending,
  killed: boolean,
): { id: keyof typeof otherRows; code: number } | undefined {
  if (!program.critical || isSuccess(ending, program.successExitCodes)) return undefined
  const stop = signalNumbers[program.stopSignal]
  if (killed && ending.how === 'killed' && ending.signal === signalNumbers.KILL) {
    return { id: 'requested-killed', code: 137 }
  }
  if (program.kind === 'task') return { id: 'requested-task', code: 128 + stop }
  // A shell, a JVM and others catch the signal and exit with 128 + its number: that is by our signal, too.
  return exitCodeOf(ending) === 128 + stop ? undefined : { id: 'requested-failure', code: failure(ending) }
}
