/** What the commands that talk to a running foster end with: exit codes, and failures with what to do about them. */
import { FosterError } from '../errors.ts'

/** The exit codes of these commands, as docs/cli.md lists them. They are supervisorctl's where it has them. */
export const exitCodes = {
  done: { code: 0, means: 'done; also if there was nothing to do: `already started`, `not running` of a `stop`' },
  failed: { code: 1, means: 'it failed; `health`: not healthy, or no answer' },
  usage: { code: 2, means: 'usage' },
  notRunning: { code: 3, means: '`status`: a service is stopped, has exited or is fatal, or a task has failed' },
  refused: {
    code: 4,
    means: 'not allowed, or nobody answers at the socket; `status`: no such program, or no foster at all',
  },
  foreign: { code: 5, means: 'the running foster is of another version and is not understood' },
  absent: { code: 7, means: 'no foster is running here; the program does not run, or could not be started' },
  readerGone: { code: 141, means: 'the reader of the output has gone, as `head` does' },
} as const

/** Why a command ends early. */
export type ExitReason = keyof typeof exitCodes

/** A failure that is told to the user: what is wrong, what to do about it, and a stable name for programs. */
export class ClientFailure extends FosterError {
  readonly code: string
  readonly hint: string | null
  constructor(code: string, message: string, hint: string | null, exit: ExitReason) {
    super(message, exitCodes[exit].code)
    this.name = 'ClientFailure'
    this.code = code
    this.hint = hint
  }
}

/** A failure as it is told to people. A hint of several lines has source lines and carets, which stand as they are. */
export function wordsOf({ message, hint }: Pick<ClientFailure, 'message' | 'hint'>): string {
  return hint === null ? `foster: ${message}` : `foster: ${message}\n${hint.includes('\n') ? hint : `  ${hint}`}`
}

/** The reader of our output has gone: nothing more needs to be said. */
export class ReaderGone extends Error {}

const reasons: Readonly<Record<string, ExitReason>> = {
  'already-started': 'done',
  'not-running': 'absent',
  failed: 'absent',
  'stopped-meanwhile': 'absent',
  'not-allowed': 'refused',
  'bad-query': 'foreign',
  'unknown-path': 'foreign',
  'wrong-method': 'foreign',
}

/** What concerns one name of several: the others are done all the same. */
export const concernsName: ReadonlySet<string> = new Set([
  'unknown-program',
  'bad-name',
  'not-allowed',
  'already-started',
  'not-running',
])

/** How a command ends for what the server says is wrong. */
export function exitReason(code: string): ExitReason {
  return reasons[code] ?? 'failed'
}
