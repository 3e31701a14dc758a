/**
 * The protocol of Supervisor's event listeners, as a pure, total table: what a listener writes, and what is done with
 * it. Bytes are texts of one character for each byte.
 *
 * A listener writes `READY\n`, gets an event, and answers `RESULT n\n` and n bytes: `OK`, or anything else for a refusal.
 */

/** What a listener is doing, by Supervisor's names. UNKNOWN is for good: it has broken the protocol. */
export type Listener =
  | { readonly at: 'ACKNOWLEDGED'; readonly unread: string }
  | { readonly at: 'READY' }
  | { readonly at: 'BUSY'; readonly unread: string; readonly result: Result | undefined }
  | { readonly at: 'UNKNOWN' }

/** An answer that is being read. */
interface Result {
  /** So many bytes are still to come. */
  readonly left: number
  /** What has come, as far as it can be `OK`. */
  readonly text: string
}

export type ListenerEvent =
  /** Its process begins, or is over. */
  | { readonly on: 'reset' }
  | { readonly on: 'output'; readonly bytes: string }
  /** It has been given an event. */
  | { readonly on: 'sent' }

/** What follows: it can be given an event, has dealt with one, or has not; it has broken the protocol. */
export type Finding =
  | { readonly is: 'ready' | 'done' | 'refused' }
  /** `why`: words for a line that is no result. */
  | { readonly is: 'broken'; readonly why: string | undefined }

export interface ListenerStep {
  readonly state: Listener
  readonly findings: readonly Finding[]
}

type At = Listener['at']
type On = ListenerEvent['on']
type In<A extends At> = Extract<Listener, { at: A }>
type Of<O extends On> = Extract<ListenerEvent, { on: O }>
type Cell<A extends At, O extends On> = (state: In<A>, event: Of<O>) => ListenerStep
type Table = { readonly [A in At]: { readonly [O in On]: Cell<A, O> } }

/** What a listener is before it has said anything. */
export const begun: Listener = { at: 'ACKNOWLEDGED', unread: '' }

const ready = 'READY\n'
/** The line that says how long an answer is: longer ones are none. Supervisor has no bound. */
const longestLine = 1024
/** Supervisor looks only at what stands behind this many characters. */
const prefix = 'RESULT '.length

const to = (state: Listener, ...findings: readonly Finding[]): ListenerStep => ({ state, findings })
const stay = (state: Listener): ListenerStep => to(state)
const begin = (): ListenerStep => to(begun)
const broken = (why?: string): ListenerStep => to({ at: 'UNKNOWN' }, { is: 'broken', why })

const table: Table = {
  ACKNOWLEDGED: {
    reset: begin,
    output: ({ unread }, { bytes }) => acknowledged(unread + bytes),
    sent: stay,
  },
  READY: {
    reset: begin,
    output: (state, { bytes }) => (bytes === '' ? stay(state) : broken()),
    sent: () => to({ at: 'BUSY', unread: '', result: undefined }),
  },
  BUSY: {
    reset: () => to(begun, { is: 'refused' }),
    output: (state, { bytes }) => (state.result === undefined ? line(state.unread + bytes) : body(state.result, bytes)),
    sent: stay,
  },
  UNKNOWN: { reset: begin, output: stay, sent: stay },
}

/** The next state of a listener, and what follows from it. */
export function hear(state: Listener, event: ListenerEvent): ListenerStep {
  return (table[state.at][event.on] as Cell<At, On>)(state as never, event as never)
}

/** A listener that has to say that it is ready. */
function acknowledged(bytes: string): ListenerStep {
  if (bytes.length < ready.length) return to({ at: 'ACKNOWLEDGED', unread: bytes })
  if (!bytes.startsWith(ready)) return broken()
  // Nothing may come before it has been given an event.
  return bytes.length > ready.length ? broken() : to({ at: 'READY' }, { is: 'ready' })
}

/** The line before an answer. */
function line(bytes: string): ListenerStep {
  const end = bytes.indexOf('\n')
  if (end < 0 && bytes.length <= longestLine) return to({ at: 'BUSY', unread: bytes, result: undefined })
  const said = end < 0 ? bytes : bytes.slice(0, end)
  const left = lengthIn(said.slice(prefix))
  return left === undefined || end < 0
    ? broken(said.slice(0, longestLine))
    : body({ left, text: '' }, bytes.slice(end + 1))
}

/** A number as Python's int() takes it. */
function lengthIn(text: string): number | undefined {
  const [, digits] = /^[\s\v]*\+?(\d+(?:_\d+)*)[\s\v]*$/.exec(text) ?? []
  const length = digits === undefined ? Number.NaN : Number(digits.replaceAll('_', ''))
  return Number.isSafeInteger(length) ? length : undefined
}

/** The answer. What follows it is for the next state. */
function body({ left, text }: Result, bytes: string): ListenerStep {
  const own = bytes.slice(0, left)
  const result = { left: left - own.length, text: `${text}${own}`.slice(0, 'OK'.length + 1) }
  if (result.left > 0) return to({ at: 'BUSY', unread: '', result })
  const rest = acknowledged(bytes.slice(own.length))
  return to(rest.state, { is: result.text === 'OK' ? 'done' : 'refused' }, ...rest.findings)
}
