/** Dropping whole lines, also where long ones come in pieces: halves of lines never meet. */
import { countLines } from './count.ts'

/** Watches lines pass. Of a line that comes in pieces the rest is dropped once a piece of it was. */
export class Dropping {
  #holding = false
  /** Some of the line in pieces has passed. */
  #begun = false
  /** The rest of it is dropped, and counted already. */
  #cutting = false

  /** A line that comes in pieces begins, or is over. */
  hold(on: boolean): void {
    this.#holding = on
    this.#begun = false
    this.#cutting = false
  }

  /** Whether what comes belongs to a line whose beginning was dropped. */
  get cuts(): boolean {
    return this.#cutting
  }

  /** Bytes have passed. */
  passed(): void {
    this.#begun = this.#holding
  }

  /** Bytes are dropped: how many lines that is, and whether a newline has to end what has passed of the line. */
  drop(bytes: Buffer, from: number, to: number): { readonly lines: number; readonly isOpen: boolean } {
    if (!this.#holding) return { lines: countLines(bytes, from, to), isOpen: false }
    const isOpen = this.#begun
    this.#begun = false
    this.#cutting = true
    return { lines: 1, isOpen }
  }
}
