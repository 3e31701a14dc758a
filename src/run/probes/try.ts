/** What all tries of a probe share: the outcome, and the time they may take. */
import { formatDuration } from '../../config/duration.ts'
import { ShortageError } from '../../os/errno.ts'

/** What came of a try; `detail` is for people: `HTTP 503 (http://localhost/ready)`. */
export interface Outcome {
  /** Undefined: nothing was found out, since foster has run out of descriptors, processes or memory. */
  readonly ok: boolean | undefined
  readonly detail: string
}

/** Calls `done` after so many milliseconds; what it gives takes that back. */
export type After = (millis: number, done: () => void) => () => void

/** How long a try may take, and who may end it earlier. */
export interface Limits {
  readonly timeout: number
  readonly after: After
  /** Aborts when nobody wants the outcome any more. */
  readonly signal: AbortSignal
}

/** A try that took too long. */
export function timedOut(timeout: number): Outcome {
  return { ok: false, detail: `timed out after ${formatDuration(timeout)}` }
}

/** Tries something until `signal` aborts. Where it tells its outcome by `answer`, it may go on to clean up. */
type Try = (signal: AbortSignal, answer: (outcome: Outcome) => void) => Promise<Outcome | undefined>

function faulty(error: unknown): Outcome {
  const detail = error instanceof Error ? error.message : String(error)
  return { ok: error instanceof ShortageError ? undefined : false, detail }
}

/**
 * Gives the outcome of a try, or that it took too long. Never rejects: a fault's message is the detail. The signal that
 * the try gets aborts at the timeout, and earlier if nobody wants it any more.
 */
export function within({ timeout, after, signal }: Limits, attempt: Try): Promise<Outcome> {
  return new Promise(resolve => {
    const controller = new AbortController()
    const abort = (): void => controller.abort()
    const takeBack = after(timeout, () => {
      resolve(timedOut(timeout))
      abort()
    })
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    const over = (outcome: Outcome): void => {
      takeBack()
      signal.removeEventListener('abort', abort)
      resolve(outcome)
    }
    const none = { ok: false, detail: 'it was given up' }
    attempt(controller.signal, resolve).then(
      outcome => over(outcome ?? none),
      (error: unknown) => over(faulty(error)),
    )
  })
}
