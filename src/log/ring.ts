/** The last bytes of one stream, as the program wrote them. */

/** The first piece of memory; it doubles until the limit is reached: a thousand programs may each say one line. */
const smallest = 1024

const nothing = Buffer.alloc(0)

/** Holds at most `limit` bytes, and no memory before the first of them. Positions count from the stream's first byte. */
export class Ring {
  #limit: number
  #data = nothing
  #end = 0
  /** How many bytes are held. */
  #held = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** The position of the oldest byte that is still here. */
  get start(): number {
    return this.#end - this.#held
  }

  /** The position after the newest byte: how many bytes there have ever been. */
  get end(): number {
    return this.#end
  }

  /** Takes bytes in. The buffer is the caller's again afterwards. */
  push(bytes: Buffer, from: number, to: number): void {
    const count = to - from
    const kept = Math.min(count, this.#limit)
    if (this.#held + kept > this.#data.length && this.#data.length < this.#limit) this.#resize(this.#held + kept)
    this.#end += count
    const size = this.#data.length
    if (size === 0) return
    const at = (this.#end - kept) % size
    const first = Math.min(kept, size - at)
    bytes.copy(this.#data, at, to - kept, to - kept + first)
    if (first < kept) bytes.copy(this.#data, 0, to - kept + first, to)
    this.#held = kept < count ? kept : Math.min(size, this.#held + kept)
  }

  /** A copy of the bytes between two positions, as far as they are here. */
  slice(from: number, to: number): Buffer {
    const start = Math.max(from, this.start)
    const count = Math.max(0, Math.min(to, this.#end) - start)
    const copy = Buffer.allocUnsafeSlow(count)
    if (count === 0) return copy
    const at = start % this.#data.length
    const first = Math.min(count, this.#data.length - at)
    this.#data.copy(copy, 0, at, at + first)
    if (first < count) this.#data.copy(copy, first, 0, count - first)
    return copy
  }

  /** The position of the last byte of this value before a position; -1: there is none here. */
  lastIndexOf(byte: number, before: number): number {
    const stop = Math.min(before, this.#end)
    if (stop <= this.start) return -1
    const size = this.#data.length
    const last = (stop - 1) % size
    const count = Math.min(stop - this.start, last + 1)
    const found = this.#data.subarray(last + 1 - count, last + 1).lastIndexOf(byte)
    if (found >= 0) return stop - count + found
    if (count === stop - this.start) return -1
    return this.lastIndexOf(byte, stop - count)
  }

  /** Changes the limit; what no longer fits is forgotten, the oldest first. */
  limit(limit: number): void {
    this.#limit = limit
    if (this.#data.length > limit) this.#resize(limit)
  }

  #resize(needed: number): void {
    const size = Math.min(this.#limit, Math.max(smallest, 2 ** Math.ceil(Math.log2(Math.max(1, needed)))))
    const kept = this.slice(this.#end - Math.min(this.#held, size), this.#end)
    this.#data = size === 0 ? nothing : Buffer.allocUnsafeSlow(size)
    this.#held = kept.length
    const from = this.#end - kept.length
    for (let index = 0; index < kept.length; ) {
      const at = (from + index) % size
      index += kept.copy(this.#data, at, index, Math.min(kept.length, index + size - at))
    }
  }
}
