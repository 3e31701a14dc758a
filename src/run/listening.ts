/** Whether anybody hears of events at all: without event listeners in the configuration nothing of them is made. */
import type { World, WorldEffect } from '../core/draft.ts'
import type { SupervisorGroup } from '../core/supervisor.ts'
import type { Logs } from '../log/router.ts'
import { EventListeners, type EventListenersOptions } from './event-listeners.ts'
import { after } from './log.ts'
import type { Streams } from './streams.ts'

export interface ListeningOptions {
  readonly world: () => World
  readonly streams: Streams
  readonly logs: Logs
}

export class Listening {
  readonly #options: ListeningOptions
  /** The groups as they were last seen: those who come to listen later have not to hear of them. */
  #known: readonly SupervisorGroup[] = []
  /** Undefined: nobody is to hear of anything. */
  #listeners: EventListeners | undefined

  constructor(options: ListeningOptions) {
    this.#options = options
  }

  /** foster begins: nothing has been started yet. */
  begin(): void {
    if (this.#isWanted()) this.#guarded(() => this.#make().begin())
    this.#known = this.#groups()
  }

  /** The world has done something. */
  observe(effect: WorldEffect): void {
    const isReload = effect.do === 'announce' && effect.what.about === 'reloaded'
    if (isReload && this.#listeners === undefined && this.#isWanted()) this.#make()
    this.tell(it => it.observe(effect))
    if (isReload) this.#known = this.#groups()
  }

  /** Tells those who listen, if there is anybody. */
  tell(act: (listeners: EventListeners) => void): void {
    const listeners = this.#listeners
    if (listeners !== undefined) this.#guarded(() => act(listeners))
  }

  /**
   * The container ends: a listener is stopped once it has dealt with what waits for it, or so many milliseconds have passed.
   * False: that is now, and `done` is not called.
   */
  leave(index: number, patience: number, done: () => void): boolean {
    let isLeaving = false
    this.tell(it => {
      isLeaving = it.leave(index, patience, done)
    })
    return isLeaving
  }

  #groups(): readonly SupervisorGroup[] {
    return this.#options.world().plan.supervisor?.groups ?? []
  }

  #isWanted(): boolean {
    return this.#groups().some(({ pool }) => pool !== undefined)
  }

  #make(): EventListeners {
    const { world, streams, logs } = this.#options
    const options: EventListenersOptions = {
      ...{ world, wall: Date.now },
      after: (millis, done) => after(millis, () => this.#guarded(done)),
      write: (index, text) => streams.write(index, text),
      say: (level, text) => logs.say(level, text),
    }
    const listeners = new EventListeners(options, this.#known)
    this.#listeners = listeners
    return listeners
  }

  /** A bug in what only looks on is said, and stops nothing. */
  #guarded(act: () => void): void {
    try {
      act()
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      this.#options.logs.say('error', `internal error: ${text}`)
    }
  }
}
