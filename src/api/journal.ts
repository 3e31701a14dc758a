/** Watches the world's effects and remembers what states do not hold: when, how long, how often. */
import type { WorldEffect } from '../core/draft.ts'
import type { Ending } from '../core/ending.ts'
import { uptimeOf } from '../core/moves.ts'
import { labelOf, type Program } from '../core/plan.ts'
import { probeNames } from '../core/probe.ts'
import { isReady, type State } from '../core/state.ts'
import type { StateName } from './answers.ts'
import type { Events, News } from './events.ts'
import { endingOf, type Past, secondsOf, stateName } from './snapshot.ts'

type Note = Extract<WorldEffect, { do: 'note' }>

/** Who had a process stopped, or that it ended by itself. */
export type Cause = 'self' | 'operator' | 'restart' | 'shutdown' | 'probe' | 'timeout'

const causes = { operator: 'operator', start: 'restart', shutdown: 'shutdown' } as const

function causeOf(before: State): Cause {
  if (before.at !== 'stopping') return 'self'
  if (before.next !== 'retry') return causes[before.next]
  return before.unhealthy?.probe === undefined ? 'timeout' : 'probe'
}

/** Counted for the metrics. */
export interface Tally {
  readonly exits: Map<Cause, number>
  /** By probe and result: `readiness ok`, `readiness failed`, `readiness unknown`. */
  readonly tries: Map<string, number>
}

interface Remembered {
  since: number | undefined
  lastExit: Past['lastExit']
  said: string | undefined
  reloading: boolean
  /** It has been ready, or a task has been completed, at least once. */
  hasBeenReady: boolean
  readonly tally: Tally
}

/** By the label of a process, so that a reload changes nothing for those that stay. */
export class Journal {
  readonly #of = new Map<string, Remembered>()
  readonly #events: Events
  readonly #wall: () => number
  readonly #changed = new Set<() => void>()

  /** `wall` is the clock on the wall, in milliseconds. */
  constructor(events: Events, wall: () => number) {
    this.#events = events
    this.#wall = wall
  }

  /** Calls back after each change of a process, until the function that it gives is called. */
  onChange(callback: () => void): () => void {
    this.#changed.add(callback)
    return () => void this.#changed.delete(callback)
  }

  past(label: string): Past {
    return this.#of.get(label) ?? { since: undefined, lastExit: undefined, said: undefined, reloading: false }
  }

  hasBeenReady(label: string): boolean {
    return this.#of.get(label)?.hasBeenReady ?? false
  }

  tally(label: string): Tally {
    return this.#remembered(label).tally
  }

  /** A process has changed. `now` is the world's clock, `reason` why it is in its new state. */
  note({ before, event, after }: Note, program: Program, now: number, reason: string | null): void {
    const label = labelOf(program)
    const own = this.#remembered(label)
    const wall = this.#wall()
    if (event.on === 'spawned') {
      own.said = undefined
      own.reloading = false
    }
    if (event.on === 'exit' || event.on === 'refused') this.#ended(own, label, before, event.ending, now)
    if (event.on === 'tried') count(own.tally.tries, `${event.probe} ${event.ok ? 'ok' : 'failed'}`)
    if (event.on === 'untried') count(own.tally.tries, `${event.probe} unknown`)
    for (const news of probeNews(label, before, after)) this.#events.add(news)
    const from = toldName(before)
    const to = toldName(after)
    if (from !== to || own.since === undefined) own.since = wall
    if (from !== to) {
      const pid = 'pid' in after ? after.pid : null
      this.#events.add({ type: 'state', process: label, from, to, pid, reason })
    }
    const ready = isReady(after)
    if (ready || (after.at === 'exited' && program.kind === 'task')) own.hasBeenReady = true
    if (ready !== isReady(before)) this.#events.add({ type: 'ready', process: label, ready })
    for (const callback of [...this.#changed]) callback()
  }

  /** A process says of itself what it is doing. */
  said(label: string, text: string): void {
    this.#remembered(label).said = text
  }

  /** A process says that it reloads, or that it can be asked as usual. */
  reloading(label: string, reloading: boolean): void {
    const own = this.#remembered(label)
    if (own.reloading === reloading) return
    own.reloading = reloading
    this.#events.add({ type: 'reloading', process: label, reloading })
  }

  /** The container has come into another phase. */
  phase(phase: 'serving' | 'delaying' | 'stopping' | 'sweeping' | 'done', code: number | null): void {
    this.#events.add({ type: 'container', phase, reason: null, code })
    for (const callback of [...this.#changed]) callback()
  }

  /** How a run ended, and who wanted it. */
  #ended(own: Remembered, label: string, before: State, ending: Ending, now: number): void {
    const uptime = 'since' in before ? uptimeOf(before, now) : undefined
    const cause = causeOf(before)
    own.lastExit = { at: this.#wall(), uptime }
    count(own.tally.exits, cause)
    this.#events.add({
      type: 'exit',
      process: label,
      pid: 'pid' in before ? before.pid : null,
      ...endingOf(ending),
      cause,
      uptime: uptime === undefined ? null : secondsOf(uptime),
    })
  }

  #remembered(label: string): Remembered {
    const found = this.#of.get(label)
    if (found !== undefined) return found
    const tally = { exits: new Map(), tries: new Map() }
    const nothing = { since: undefined, lastExit: undefined, said: undefined, reloading: false, hasBeenReady: false }
    const made: Remembered = { ...nothing, tally }
    this.#of.set(label, made)
    return made
  }
}

function count<Key>(map: Map<Key, number>, key: Key): void {
  map.set(key, (map.get(key) ?? 0) + 1)
}

/** Launching takes no time that matters: it is told of once there is a pid, or none can be had. */
function toldName(state: State): StateName {
  return state.at === 'launching' ? 'WAITING' : stateName(state)
}

/** What probes have found that was not known before. */
function probeNews(process: string, before: State, after: State): readonly News[] {
  if (after.at === 'stopping' && after.unhealthy !== undefined && before.at !== 'stopping') {
    const { probe, detail } = after.unhealthy
    return probe === undefined ? [] : [{ type: 'probe', process, probe, ok: false, reason: detail }]
  }
  if (!('probing' in after)) return []
  return probeNames.flatMap((probe): News[] => {
    const verdict = after.probing[probe]?.verdict ?? 'unknown'
    const last = 'probing' in before ? (before.probing[probe]?.verdict ?? 'unknown') : 'unknown'
    if (verdict === last || verdict === 'unknown') return []
    const ok = verdict === 'passing'
    return [{ type: 'probe', process, probe, ok, reason: ok ? null : after.probing[probe]?.detail || null }]
  })
}
