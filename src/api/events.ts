/** What has happened, in memory: numbered, the last thousand, and those who follow them by number. */
import type { Event } from './answers.ts'
import type { LineSource } from './lines.ts'

/** An event before it has its number and time. */
export type News = Event extends infer E ? (E extends Event ? Omit<E, 'seq' | 'time'> : never) : never

/** Events that are kept, and how long a text in one may be: together a bound of their memory. */
const mostKept = 1000
const longest = 200

export interface Following {
  /** Only events after this number. */
  readonly since: number
  readonly follow: boolean
  /** An event as this reader is to see it; undefined: it is not for him. */
  readonly shown: (event: Event) => Event | undefined
}

/** For whom events are read. */
export interface Reader {
  /** The processes that he may see and has asked for. */
  readonly labels: ReadonlySet<string>
  readonly isOperator: boolean
  /** Whether he has asked for some by name. */
  readonly isNarrowed: boolean
}

/** An event as a reader may see it. Processes that a reload has removed are an operator's to see. */
export function shownTo({ labels, isOperator, isNarrowed }: Reader, event: Event): Event | undefined {
  if ('process' in event) return labels.has(event.process) || (isOperator && !isNarrowed) ? event : undefined
  if (event.type === 'request') {
    return isOperator && (!isNarrowed || event.names.some(it => labels.has(it))) ? event : undefined
  }
  if (event.type !== 'reload' || isOperator) return event
  return { ...event, changes: event.changes.filter(change => labels.has(change.slice(change.indexOf(' ') + 1))) }
}

export class Events {
  readonly #kept: Event[] = []
  readonly #clock: () => number
  #last = 0
  readonly #waiting = new Set<() => void>()

  /** `clock` is the wall's, in milliseconds. */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** The number of the last event; 0 before the first. */
  get last(): number {
    return this.#last
  }

  /** Takes an event in. */
  add(news: News): void {
    const event = { seq: ++this.#last, time: new Date(this.#clock()).toISOString(), ...clipped(news) } as Event
    this.#kept.push(event)
    if (this.#kept.length > mostKept) this.#kept.shift()
    this.#wake()
  }

  /** Ends all following: those who wait hear of it. */
  #wake(): void {
    if (this.#waiting.size === 0) return
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const callback of waiting) callback()
  }

  /** Reads from a number on. A reader who falls behind what is kept gets a `gap`, and the end. */
  read({ since, follow, shown }: Following): LineSource {
    let cursor = Math.min(since, this.#last)
    const first = this.#firstKept()
    // Who asks for what has gone already is told, and goes on; who was too slow later is told, and that is all.
    let isFresh = true
    let isOver = false
    let mine: (() => void) | undefined
    return {
      pull: most => {
        let text = ''
        if (cursor + 1 < (isFresh ? first : this.#firstKept())) {
          text = `${JSON.stringify(this.#gap(cursor))}\n`
          if (!isFresh) isOver = true
          cursor = this.#firstKept() - 1
        }
        isFresh = false
        while (!isOver && cursor < this.#last && text.length < most) {
          const event = this.#kept[++cursor - this.#firstKept()]
          const told = event === undefined ? undefined : shown(event)
          if (told !== undefined) text += `${JSON.stringify(told)}\n`
        }
        if (!follow && cursor >= this.#last) isOver = true
        return text === '' ? undefined : text
      },
      get isOver() {
        return isOver
      },
      onMore: callback => {
        mine = callback
        this.#waiting.add(callback)
      },
      close: () => {
        if (mine !== undefined) this.#waiting.delete(mine)
      },
    }
  }

  #firstKept(): number {
    return this.#last - this.#kept.length + 1
  }

  #gap(cursor: number): Event {
    const missed = this.#firstKept() - 1 - cursor
    return { seq: this.#firstKept() - 1, time: new Date(this.#clock()).toISOString(), type: 'gap', missed }
  }
}

/** Texts come from programs and from who asks, and must not grow the memory. */
function clipped(news: News): News {
  const entries = Object.entries(news).map(([key, value]) => {
    if (typeof value === 'string' && value.length > longest) return [key, `${value.slice(0, longest - 3)}...`]
    return [key, Array.isArray(value) && value.length > 20 ? [...value.slice(0, 20), '...'] : value]
  })
  return Object.fromEntries(entries) as News
}
