/** A queue that is also put back into at its front; each operation gives a new queue, and takes constant time on average. */

interface Cell<T> {
  readonly item: T
  readonly next: Cell<T> | undefined
}

/** Items, the first one first. */
export interface Queue<T> {
  readonly length: number
  /** The first ones, in order, and the last ones, in reverse. */
  readonly front: Cell<T> | undefined
  readonly back: Cell<T> | undefined
}

/** A queue without items. */
export const emptyQueue: Queue<never> = { length: 0, front: undefined, back: undefined }

/** Adds an item at the end. */
export function append<T>({ length, front, back }: Queue<T>, item: T): Queue<T> {
  return { length: length + 1, front, back: { item, next: back } }
}

/** Puts an item before all others. */
export function prepend<T>({ length, front, back }: Queue<T>, item: T): Queue<T> {
  return { length: length + 1, front: { item, next: front }, back }
}

/** The first item, and the queue without it. */
export function shift<T>({ length, front, back }: Queue<T>): {
  readonly first: T | undefined
  readonly rest: Queue<T>
} {
  let head = front
  if (head === undefined)
    for (let cell = back; cell !== undefined; cell = cell.next) head = { item: cell.item, next: head }
  if (head === undefined) return { first: undefined, rest: emptyQueue }
  return {
    first: head.item,
    rest: { length: length - 1, front: head.next, back: front === undefined ? undefined : back },
  }
}
