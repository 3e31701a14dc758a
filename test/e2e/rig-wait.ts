/** Waiting for facts: every wait ends with the fact, or fails with what is known instead. */
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a fact may take before the test fails. Generous: it is no measure of anything. */
export const patience = Number(process.env.FOSTER_TEST_PATIENCE ?? 60_000)

/** Things that happened, in order, and those who wait for one. */
export class Record<T> {
  readonly all: T[] = []
  readonly #waiting = new Set<() => void>()

  /** Something has happened, or `changed` outside of the record. */
  add(...items: readonly T[]): void {
    this.all.push(...items)
    for (const look of [...this.#waiting]) look()
  }

  /** Waits until `find` has something to say; `story` tells what is known if it never has. */
  async until<R>(what: string, find: () => R | undefined, story: () => string, millis = patience): Promise<R> {
    const found = find()
    if (found !== undefined) return found
    return new Promise((resolve, reject) => {
      const give = (end: () => void) => {
        this.#waiting.delete(look)
        clearTimeout(timer)
        end()
      }
      const look = () => {
        const later = find()
        if (later !== undefined) give(() => resolve(later))
      }
      const timer = setTimeout(() => give(() => reject(new Error(`waited in vain for ${what}\n${story()}`))), millis)
      this.#waiting.add(look)
    })
  }
}

/**
 * For what foster leaves a process only half a second for, in which a slow machine may not let it do anything: in one of
 * some rounds it must have been done. What is wrong goes wrong in each.
 */
export async function inSomeRound(isDone: (round: number) => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 20; round++) if (await isDone(round)) return
  throw new Error('in none of 20 rounds')
}

/** Waits for a fact that nobody announces, such as one in /proc: looks again and again. */
export async function eventually<R>(what: string, find: () => R | undefined | false): Promise<R> {
  const end = performance.now() + patience
  for (let pause = 0; performance.now() < end; pause = Math.min(20, pause + 1)) {
    const found = find()
    if (found !== undefined && found !== false) return found
    await sleep(pause)
  }
  throw new Error(`waited in vain: ${what}`)
}
