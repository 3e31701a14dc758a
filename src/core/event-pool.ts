/**
 * A pool of event listeners: the events that wait, and which listener deals with which. Pure: a step gives the next pool
 * and what is to be done. An event goes to the first listener that is ready; while there is none it waits, and when too
 * many wait the oldest is dropped. One that a listener refuses, or dies over, is given to the next that is ready.
 */
import { append, emptyQueue, prepend, type Queue, shift } from './event-queue.ts'
import type { News } from './event-text.ts'
import type { EventType } from './event-types.ts'
import { begun, type Finding, hear, type Listener, type ListenerEvent } from './listener.ts'

/** An event with its numbers: among all events, and in this pool. */
export interface Numbered {
  readonly news: News
  readonly serial: number
  readonly poolSerial: number
}

/** A process of the pool. `index` is its place in the plan. */
interface Member {
  readonly index: number
  readonly listener: Listener
  /** Only a listener that is RUNNING is given events. */
  readonly isRunning: boolean
  /** It does not take what is written to it. */
  readonly isDeaf: boolean
  /** It has been ready once. */
  readonly isProven: boolean
  /** What it is busy with. */
  readonly event: Numbered | undefined
}

export interface Pool {
  readonly name: string
  readonly asked: readonly EventType[]
  /** How many events may wait. */
  readonly limit: number
  /** Set if any answer will do: no event is refused. */
  readonly takesAny?: true
  readonly members: readonly Member[]
  readonly waiting: Queue<Numbered>
  /** Characters of all that waits. */
  readonly weight: number
  /** The number of the next event in this pool. */
  readonly next: number
}

export type PoolInput =
  | { readonly on: 'event'; readonly news: News; readonly serial: number }
  | { readonly on: 'output'; readonly index: number; readonly bytes: string }
  /** A listener's process has been started; it is RUNNING; it is not any more, but may still say something; it is over. */
  | { readonly on: 'started' | 'running' | 'stopping' | 'over'; readonly index: number }
  /** What was to be written to a listener could not be. */
  | { readonly on: 'unsent'; readonly index: number }

export type PoolEffect =
  | { readonly do: 'send'; readonly index: number; readonly event: Numbered }
  /** There was no room for an event. */
  | { readonly do: 'drop'; readonly event: Numbered }
  | { readonly do: 'tell'; readonly index: number; readonly what: 'refused' }
  | { readonly do: 'tell'; readonly index: number; readonly what: 'broken'; readonly why: string | undefined }

export interface PoolStep {
  readonly pool: Pool
  readonly effects: readonly PoolEffect[]
}

/** All that waits in a pool together, in characters, whatever its `buffer_size`; one event may always wait. */
export const mostWeight = 16 * 1024 * 1024

/** A pool before anything has happened. `indexes` are its processes, in the order in which they are asked. */
export function poolOf(asked: Pick<Pool, 'name' | 'asked' | 'limit' | 'takesAny'>, indexes: readonly number[]): Pool {
  const members = indexes.map(
    (index): Member => ({ index, listener: begun, isRunning: false, isDeaf: false, isProven: false, event: undefined }),
  )
  return { ...asked, members, waiting: emptyQueue, weight: 0, next: 0 }
}

/** The pool as it is configured now: what waits, and what those who stay are doing, stays. */
export function reshaped(pool: Pool, wanted: Pool): Pool {
  const members = wanted.members.map(it => pool.members.find(({ index }) => index === it.index) ?? it)
  const { waiting, weight, next } = pool
  return { ...wanted, members, waiting, weight, next }
}

/** Whether a listener is dealing with an event, or will be given one. */
export function isEngaged({ members, waiting }: Pool, index: number): boolean {
  const member = members.find(it => it.index === index)
  if (member === undefined || !member.isRunning || member.isDeaf) return false
  const { at } = member.listener
  return at === 'BUSY' || (waiting.length > 0 && member.isProven && at !== 'UNKNOWN')
}

/** The next pool, and what is to be done. An index that is none of its members' changes nothing. */
export function stepPool(pool: Pool, input: PoolInput): PoolStep {
  const effects: PoolEffect[] = []
  return { pool: dispatch(take(pool, input, effects), effects), effects }
}

function take(pool: Pool, input: PoolInput, effects: PoolEffect[]): Pool {
  if (input.on === 'event') {
    const event = { news: input.news, serial: input.serial, poolSerial: pool.next }
    return put({ ...pool, next: pool.next + 1 }, event, append, effects)
  }
  const member = pool.members.find(({ index }) => index === input.index)
  if (member === undefined) return pool
  switch (input.on) {
    case 'output':
      return told(pool, member, { on: 'output', bytes: input.bytes }, effects)
    case 'started':
    case 'over':
      return told(pool, { ...member, isRunning: false, isDeaf: false, isProven: false }, { on: 'reset' }, effects)
    case 'running':
      return withMember(pool, { ...member, isRunning: true })
    case 'stopping':
      return withMember(pool, { ...member, isRunning: false })
    case 'unsent':
      return taken(pool, { ...member, listener: { at: 'READY' }, isDeaf: true }, effects)
  }
}

/** A listener hears or says something. */
function told(pool: Pool, member: Member, event: ListenerEvent, effects: PoolEffect[]): Pool {
  const { state, findings } = hear(member.listener, event)
  let next = withMember(pool, { ...member, listener: state })
  for (const finding of findings) {
    // Who dies over an event has not answered.
    const isTaken = pool.takesAny === true && finding.is === 'refused' && event.on === 'output'
    next = follow(next, member.index, isTaken ? { is: 'done' } : finding, effects)
  }
  return next
}

function follow(pool: Pool, index: number, finding: Finding, effects: PoolEffect[]): Pool {
  const member = pool.members.find(it => it.index === index)
  if (member === undefined) return pool
  if (finding.is === 'ready') return withMember(pool, { ...member, isProven: true })
  if (finding.is === 'done') return withMember(pool, { ...member, event: undefined })
  if (finding.is === 'broken') effects.push({ do: 'tell', index, what: 'broken', why: finding.why })
  // One that dies over an event, or is killed, has not refused it.
  else if (member.isRunning) effects.push({ do: 'tell', index, what: 'refused' })
  return taken(pool, member, effects)
}

/** Takes back what a listener was busy with. */
function taken(pool: Pool, member: Member, effects: PoolEffect[]): Pool {
  const free = withMember(pool, { ...member, event: undefined })
  return member.event === undefined ? free : put(free, member.event, prepend, effects)
}

/** Puts an event among those that wait. What there is no room for is the oldest of those that wait already. */
function put(pool: Pool, event: Numbered, how: typeof append, effects: PoolEffect[]): Pool {
  let { waiting, weight } = pool
  const own = weightOf(event)
  while (waiting.length >= pool.limit || (waiting.length > 0 && weight + own > mostWeight)) {
    const { first, rest } = shift(waiting)
    if (first === undefined) break
    effects.push({ do: 'drop', event: first })
    waiting = rest
    weight -= weightOf(first)
  }
  return { ...pool, waiting: how(waiting, event), weight: weight + own }
}

const weightOf = ({ news }: Numbered): number => news.payload.length

/** Gives what waits to those that are ready. */
function dispatch(pool: Pool, effects: PoolEffect[]): Pool {
  let next = pool
  while (next.waiting.length > 0) {
    const member = next.members.find(it => it.isRunning && !it.isDeaf && it.listener.at === 'READY')
    if (member === undefined) return next
    const { first, rest } = shift(next.waiting)
    if (first === undefined) return next
    const { state } = hear(member.listener, { on: 'sent' })
    effects.push({ do: 'send', index: member.index, event: first })
    const waits = { ...next, waiting: rest, weight: next.weight - weightOf(first) }
    next = withMember(waits, { ...member, listener: state, event: first })
  }
  return next
}

function withMember(pool: Pool, member: Member): Pool {
  return { ...pool, members: pool.members.map(it => (it.index === member.index ? member : it)) }
}
