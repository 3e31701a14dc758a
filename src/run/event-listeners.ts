/**
 * Supervisor's event listeners: numbers what happens, gives it to the pools that ask for it, and does what they decide.
 * The rules are in `core/event-pool.ts`; listeners are written to by way of `Streams`, which owns their standard input.
 */
import type { World, WorldEffect } from '../core/draft.ts'
import {
  isEngaged,
  type Numbered,
  type Pool,
  type PoolEffect,
  type PoolInput,
  poolOf,
  reshaped,
  stepPool,
} from '../core/event-pool.ts'
import {
  communicationNews,
  envelope,
  groupNews,
  logNews,
  type News,
  type ProcessName,
  type StateWord,
  supervisorNews,
} from '../core/event-text.ts'
import { type EventType, isAskedFor, type TickType, tickPeriods } from '../core/event-types.ts'
import type { OutputStream } from '../core/output.ts'
import { labelOf } from '../core/plan.ts'
import { newsOf, wordOf } from '../core/process-news.ts'
import type { SupervisorGroup } from '../core/supervisor.ts'
import type { Level } from '../log/voice.ts'
import type { Written } from '../os/input-pipe.ts'
import { Seldom } from './seldom.ts'
import { Ticks } from './ticks.ts'

type Note = Extract<WorldEffect, { do: 'note' }>

export interface EventListenersOptions {
  readonly world: () => World
  /** Writes to a listener's standard input. */
  readonly write: (index: number, text: string) => Written
  readonly say: (level: Level, text: string) => void
  /** The clock on the wall, in milliseconds. */
  readonly wall: () => number
  readonly after: (millis: number, done: () => void) => () => void
}

export class EventListeners {
  readonly #options: EventListenersOptions
  readonly #ticks: Ticks
  readonly #seldom: Seldom
  readonly #pools = new Map<string, Pool>()
  #groups: readonly string[] = []
  /** Processes by their places in the plan. A process that is not configured any more is told of until it is gone. */
  readonly #names = new Map<number, ProcessName>()
  /** The states that have been told. */
  readonly #states = new Map<number, StateWord>()
  #serial = 0
  /** Listeners that are to be stopped once they have dealt with what waits. */
  readonly #leaving = new Map<number, () => void>()

  /** `known` are the groups that are there already. */
  constructor(options: EventListenersOptions, known: readonly SupervisorGroup[] = []) {
    this.#options = options
    this.#groups = known.map(({ name }) => name)
    this.#ticks = new Ticks({ ...options, tick: (type, when) => this.#tick(type, when) })
    this.#seldom = new Seldom(options)
  }

  /** foster begins: nothing has been started yet. */
  begin(): void {
    this.configured()
    this.tell(supervisorNews('RUNNING'))
  }

  /** The world has done something. */
  observe(effect: WorldEffect): void {
    if (effect.do === 'note') return this.#noted(effect)
    if (effect.do !== 'announce') return
    if (effect.what.about === 'ending') this.tell(supervisorNews('STOPPING'))
    else if (effect.what.about === 'reloaded') this.configured()
  }

  /**
   * Takes over the groups of the plan: those that come and go are told of, as in Supervisor to the pools that are there by
   * then, of which a group may be one itself.
   */
  configured(): void {
    const groups = this.#options.world().plan.supervisor?.groups ?? []
    const names = groups.map(({ name }) => name)
    const before = this.#groups
    this.#groups = names
    for (const name of before) {
      if (names.includes(name)) continue
      this.#pools.delete(name)
      this.tell(groupNews('REMOVED', name))
    }
    const places = this.#places()
    for (const group of groups) {
      this.#take(group, places)
      if (!before.includes(group.name)) this.tell(groupNews('ADDED', group.name))
    }
    const ticks = Object.keys(tickPeriods) as readonly TickType[]
    this.#ticks.ask(ticks.filter(type => this.#isAskedFor(type)))
  }

  /** Where in the plan the processes of each program are. */
  #places(): ReadonlyMap<string, readonly number[]> {
    const { plan, retired } = this.#options.world()
    const places = new Map<string, number[]>()
    plan.programs.forEach(({ name }, index) => {
      if (!retired.has(index)) places.set(name, [...(places.get(name) ?? []), index])
    })
    return places
  }

  #take({ name, pool, processes }: SupervisorGroup, places: ReadonlyMap<string, readonly number[]>): void {
    const indexes = processes.flatMap(process => {
      const found = places.get(process.program) ?? []
      for (const index of found) this.#names.set(index, { process: process.name, group: name })
      return found
    })
    const before = this.#pools.get(name)
    if (pool === undefined) return void this.#pools.delete(name)
    const { states } = this.#options.world()
    const { events: asked, buffer_size: limit, takesAny } = pool
    const wanted = poolOf({ name, asked, limit, ...(takesAny && { takesAny }) }, indexes)
    const shaped = before === undefined ? wanted : reshaped(before, wanted)
    // Who has just come into the pool may run already.
    const members = shaped.members.map(it => ({ ...it, isRunning: states[it.index]?.at === 'running' }))
    this.#pools.set(name, { ...shaped, members })
  }

  /** A listener has written something; a character for each byte. */
  output(index: number, bytes: string): void {
    this.#toPoolOf(index, { on: 'output', index, bytes })
  }

  /** A program has written something. */
  logged(index: number, stream: OutputStream, pid: number, data: () => string): void {
    const name = this.#names.get(index)
    const isWanted = this.#isAskedFor(stream === 'stdout' ? 'PROCESS_LOG_STDOUT' : 'PROCESS_LOG_STDERR')
    if (name !== undefined && isWanted) this.tell(logNews(name, stream, pid, data()))
  }

  /** A program has written something between the marks. */
  captured(index: number, stream: OutputStream, pid: number, data: () => string): void {
    const name = this.#names.get(index)
    if (name !== undefined) this.tell(communicationNews(name, stream, pid, data()))
  }

  #tick(type: TickType, when: number): void {
    this.tell({ type, payload: `when:${when}` })
  }

  /** What a change of a process means for its pool comes first: an event it dies over is given to another one at once. */
  #noted(note: Note): void {
    const { index, event, before } = note
    const program = this.#options.world().plan.programs[index]
    const name = this.#names.get(index)
    if (name === undefined || program === undefined) return
    const state = this.#states.get(index) ?? wordOf(before)
    const { told, news } = newsOf({ name, state }, note, program)
    this.#states.set(index, told.state)
    if (event.on === 'spawned') this.#toPoolOf(index, { on: 'started', index })
    else if (event.on === 'exit') this.#toPoolOf(index, { on: 'over', index })
    if (told.state === 'RUNNING') this.#toPoolOf(index, { on: 'running', index })
    else if (told.state === 'STOPPING' && !this.#leaving.has(index)) this.#toPoolOf(index, { on: 'stopping', index })
    for (const one of news) this.tell(one)
  }

  #isAskedFor(type: EventType): boolean {
    for (const { asked } of this.#pools.values()) if (isAskedFor(type, asked)) return true
    return false
  }

  /** Gives an event to all who ask for it. Those that nobody asks for have no number. */
  tell(news: News): void {
    const asking = [...this.#pools.values()].filter(({ asked }) => isAskedFor(news.type, asked))
    if (asking.length === 0) return
    const serial = this.#serial
    this.#serial = serial === Number.MAX_SAFE_INTEGER ? 0 : serial + 1
    for (const { name } of asking) this.#toPool(name, { on: 'event', news, serial })
  }

  #toPoolOf(index: number, input: PoolInput): void {
    const pool = this.#poolOf(index)
    if (pool !== undefined) this.#toPool(pool.name, input)
  }

  #poolOf(index: number): Pool | undefined {
    for (const pool of this.#pools.values()) if (pool.members.some(it => it.index === index)) return pool
    return undefined
  }

  #toPool(name: string, input: PoolInput): void {
    const before = this.#pools.get(name)
    if (before === undefined) return
    const { pool, effects } = stepPool(before, input)
    this.#pools.set(name, pool)
    for (const effect of effects) this.#perform(pool, effect)
    for (const [index, left] of this.#leaving) {
      const own = this.#poolOf(index)
      if (own === undefined || !isEngaged(own, index)) left()
    }
  }

  /**
   * The container ends, and a listener is to be stopped: it has so many milliseconds for what waits. `done` is called once,
   * not before this returns; false: it has nothing to do, and `done` is never called.
   */
  leave(index: number, patience: number, done: () => void): boolean {
    const pool = this.#poolOf(index)
    if (pool === undefined || !isEngaged(pool, index)) return false
    const cancel = this.#options.after(patience, () => this.#leaving.get(index)?.())
    this.#leaving.set(index, () => {
      this.#leaving.delete(index)
      cancel()
      this.#toPool(pool.name, { on: 'stopping', index })
      done()
    })
    return true
  }

  #perform(pool: Pool, effect: PoolEffect): void {
    if (effect.do === 'send') return this.#send(pool, effect.index, effect.event)
    if (effect.do === 'drop') return this.#overflowed(pool, effect.event)
    const { index, what } = effect
    const program = this.#options.world().plan.programs[index]
    const label = program === undefined ? pool.name : labelOf(program)
    if (what === 'refused') {
      const text = `${label}: event was rejected`
      return this.#seldom.say(`refused ${index}`, 'warning', text, count => `${text}, ${count} times`)
    }
    if (effect.why !== undefined) this.#options.say('warning', `${label}: bad result line: '${effect.why}'`)
    this.#options.say('warning', `${label}: ${violated}`)
  }

  #send({ name }: Pool, index: number, { news, serial, poolSerial }: Numbered): void {
    const identifier = this.#options.world().plan.supervisor?.identifier ?? ''
    const text = envelope(news, { identifier, pool: name, serial, poolSerial })
    if (this.#options.write(index, text) !== 'taken') this.#toPool(name, { on: 'unsent', index })
  }

  #overflowed({ name }: Pool, { serial }: Numbered): void {
    const text = `pool ${name} event buffer overflowed, discarding`
    this.#seldom.say(`drop ${name}`, 'error', `${text} event ${serial}`, count => `${text} ${count} more events`)
  }
}

const violated =
  'has entered the UNKNOWN state and will no longer receive events, this usually indicates the process violated the eventlistener protocol'
