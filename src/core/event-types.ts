/** The kinds of events that Supervisor's event listeners can ask for, by Supervisor's names, and how they are related. */

/** Each kind and what it is a kind of. */
const parents = {
  EVENT: undefined,
  PROCESS_STATE: 'EVENT',
  PROCESS_STATE_STOPPED: 'PROCESS_STATE',
  PROCESS_STATE_EXITED: 'PROCESS_STATE',
  PROCESS_STATE_STARTING: 'PROCESS_STATE',
  PROCESS_STATE_STOPPING: 'PROCESS_STATE',
  PROCESS_STATE_BACKOFF: 'PROCESS_STATE',
  PROCESS_STATE_FATAL: 'PROCESS_STATE',
  PROCESS_STATE_RUNNING: 'PROCESS_STATE',
  // As in Supervisor a kill that fails for want of permission; it does not come here.
  PROCESS_STATE_UNKNOWN: 'PROCESS_STATE',
  PROCESS_COMMUNICATION: 'EVENT',
  PROCESS_COMMUNICATION_STDOUT: 'PROCESS_COMMUNICATION',
  PROCESS_COMMUNICATION_STDERR: 'PROCESS_COMMUNICATION',
  PROCESS_LOG: 'EVENT',
  PROCESS_LOG_STDOUT: 'PROCESS_LOG',
  PROCESS_LOG_STDERR: 'PROCESS_LOG',
  REMOTE_COMMUNICATION: 'EVENT',
  SUPERVISOR_STATE_CHANGE: 'EVENT',
  SUPERVISOR_STATE_CHANGE_RUNNING: 'SUPERVISOR_STATE_CHANGE',
  SUPERVISOR_STATE_CHANGE_STOPPING: 'SUPERVISOR_STATE_CHANGE',
  TICK: 'EVENT',
  TICK_5: 'TICK',
  TICK_60: 'TICK',
  TICK_3600: 'TICK',
  PROCESS_GROUP: 'EVENT',
  PROCESS_GROUP_ADDED: 'PROCESS_GROUP',
  PROCESS_GROUP_REMOVED: 'PROCESS_GROUP',
} as const satisfies Readonly<Record<string, string | undefined>>

/** A kind of event. */
export type EventType = keyof typeof parents

/** All of them. */
export const eventTypes = Object.keys(parents) as readonly EventType[]

/** Whether a text is one of the names. */
export function isEventType(text: string): text is EventType {
  return Object.hasOwn(parents, text)
}

/** Whether an event of this kind is for somebody who asked for those kinds: for it, or for what it is a kind of. */
export function isAskedFor(type: EventType, asked: readonly EventType[]): boolean {
  for (let kind: EventType | undefined = type; kind !== undefined; kind = parents[kind]) {
    if (asked.includes(kind)) return true
  }
  return false
}

/** The seconds between two ticks of each kind. */
export const tickPeriods = { TICK_5: 5, TICK_60: 60, TICK_3600: 3600 } as const satisfies Partial<
  Readonly<Record<EventType, number>>
>

/** A kind of tick. */
export type TickType = keyof typeof tickPeriods
