/** How a process ended, or why it never began. */
import { type Signal, signalName, signalNumbers } from './signal.ts'

/** Why a process was stopped that is wanted. */
export interface Unhealthy {
  /** The probe that failed. Undefined: it is a daemon and has not forked away in time. */
  readonly probe: 'startup' | 'readiness' | 'liveness' | undefined
  /** What the last try said, or `not forked away within 90s`. */
  readonly detail: string
}

/** A SIGKILL or another signal. `oom`: the kernel has sent it because memory ran out. */
interface Killed {
  readonly how: 'killed'
  readonly signal: number
  readonly core: boolean
  readonly oom?: boolean
  readonly unhealthy?: Unhealthy
}

/**
 * The end of one run. `unstartable` is a run that never began: `code` is what a shell would say, 127 or 126, else 1.
 * `isShortage`: for want of descriptors, processes or memory, which says nothing of the program.
 */
export type Ending =
  | { readonly how: 'exited'; readonly code: number; readonly unhealthy?: Unhealthy }
  | Killed
  | {
      readonly how: 'unstartable'
      readonly reason: string
      readonly code: 126 | 127 | 1
      readonly isShortage?: true
    }

/** The exit code that tells of an ending: the code, or 128 + the signal as shells have it (POSIX 2.8.2). */
export function exitCodeOf(ending: Ending): number {
  return ending.how === 'killed' ? 128 + ending.signal : ending.code
}

/** Whether an ending is among the codes and signals that count as success. Never what a probe has brought about. */
export function isSuccess(ending: Ending, success: ReadonlyArray<number | Signal>): boolean {
  if ('unhealthy' in ending) return false
  if (ending.how === 'exited') return success.includes(ending.code)
  if (ending.how === 'killed') return success.some(it => typeof it === 'string' && signalNumbers[it] === ending.signal)
  return false
}

/** An ending in words: `exited with code 3`, `killed by SIGKILL`, `could not be started: not found`. */
export function describeEnding(ending: Ending): string {
  const what = plainEnding(ending)
  if (!('unhealthy' in ending) || ending.unhealthy === undefined) return what
  const { probe, detail } = ending.unhealthy
  return `${what} after ${probe === undefined ? `it had ${detail}` : `its ${probe} probe had failed (${detail})`}`
}

function plainEnding(ending: Ending): string {
  switch (ending.how) {
    case 'exited':
      return `exited with code ${ending.code}`
    case 'killed':
      return `killed by SIG${signalName(ending.signal)}${ending.oom ? ' (out of memory)' : ending.core ? ' (core dumped)' : ''}`
    case 'unstartable':
      return `could not be started: ${ending.reason}`
  }
}
