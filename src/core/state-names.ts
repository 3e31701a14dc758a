/** The states under the names that people know from Supervisor, with one that it has not: WAITING. */
import type { State } from './state.ts'

/** A process that is being launched is STARTING. */
export const stateNames = {
  stopped: 'STOPPED',
  waiting: 'WAITING',
  launching: 'STARTING',
  starting: 'STARTING',
  running: 'RUNNING',
  stopping: 'STOPPING',
  backoff: 'BACKOFF',
  exited: 'EXITED',
  fatal: 'FATAL',
} as const satisfies Readonly<Record<State['at'], string>>
