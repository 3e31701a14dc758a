/** One place that all output to one pipe, terminal or file goes through, in whole lines. */
import type { Outlet } from '../core/output.ts'
import { append, type Bytes, clear, emptyBytes } from './bytes.ts'

/** A source of lines that a sink can slow down. */
export interface Tap {
  /** Its lines are dropped while it is paused: it is not paused only because another one is in the middle of a line. */
  readonly drops?: boolean
  pause(): void
  resume(): void
}

/** Where lines go: a descriptor of foster's, which many share, or a file. */
export interface Drain {
  /** Registers a source, which may be paused at once. */
  join(tap: Tap): void
  /** Forgets a source. */
  leave(tap: Tap): void
  /** Whether bytes may pass that are not assembled to lines, since there is no other source. */
  isAlone(): boolean
  /** Takes bytes of a source, now or later. The buffer is the caller's again afterwards. */
  put(tap: Tap, bytes: Buffer, from: number, to: number): void
  /** Gives the sink to one source in the middle of its line, while the others wait; or gives it back. */
  hold(tap: Tap, on: boolean): void
  /** Bytes that were put and not taken yet. */
  pendingBytes(): number
  /** Foster ends: what can be written is, once more, and what cannot is given up. */
  finish(): void
}

/** What a sink is made of. */
export interface SinkOptions {
  readonly outlet: Outlet
  /**
   * More pending bytes than this pause each tap that puts more, so that pausing costs nothing for a thousand silent
   * programs; twice as many pause all taps. Below half of it they are resumed. What foster itself says may come to as
   * much beside it.
   */
  readonly limit: number
  /** The reader has gone, or refused bytes for another reason: said once until it takes bytes again. */
  onRefused(errno: number): void
  /** All that was pending has been taken. */
  onEmpty(): void
}

/** The descriptor's other end is gone: nothing will ever be taken again. EPIPE, EBADF, EIO, ENXIO, ECONNRESET, ENOTCONN. */
const goneForGood = new Set([-32, -9, -5, -6, -104, -107])
/** The pending buffer is kept up to this size. */
const kept = 2 * 1024 * 1024

/**
 * Writes at once what the outlet takes, keeps the rest, and pauses its taps while that is too much. Owns the waiting
 * on its outlet.
 */
export class Sink implements Drain {
  /** Bytes that were thrown away because the outlet refused them. */
  lost = 0
  readonly #options: SinkOptions
  readonly #taps = new Set<Tap>()
  readonly #paused = new Set<Tap>()
  readonly #pending: Bytes = emptyBytes()
  /** Where the bytes that are still to be written begin in `#pending`. */
  #start = 0
  /** Whole lines that came while another source was in the middle of one: foster's own, and those of closed taps. */
  readonly #deferred: Bytes = emptyBytes()
  /** Bytes said by foster since nothing was pending. */
  #said = 0
  #waiting = false
  /** From the limit until half of it. */
  #slow = false
  /** From twice the limit until half of it. */
  #full = false
  #gone = false
  #refused = false
  #holder: Tap | undefined

  constructor(options: SinkOptions) {
    this.#options = options
  }

  /** Registers a source. It is paused at once if the sink takes nothing from it now. */
  join(tap: Tap): void {
    this.#taps.add(tap)
    if (this.#blocks(tap)) this.#pause(tap)
  }

  /** Forgets a source; if it held the sink, the others go on. */
  leave(tap: Tap): void {
    this.#taps.delete(tap)
    this.#paused.delete(tap)
    if (this.#holder === tap) this.hold(tap, false)
  }

  /** Whether this is the only source of the sink. */
  isAlone(): boolean {
    return this.#taps.size === 1
  }

  /** Bytes that were put and not taken yet. */
  pendingBytes(): number {
    return this.#pending.length - this.#start + this.#deferred.length
  }

  /** Takes bytes of a source, now or later. The buffer is the caller's again afterwards. */
  put(tap: Tap, bytes: Buffer, from: number, to: number): void {
    if (this.#holder === undefined || this.#holder === tap) this.#put(bytes, from, to)
    else append(this.#deferred, bytes, from, to)
    if (this.#waiting || this.#deferred.length > 0) this.#brake(tap)
  }

  #put(bytes: Buffer, from: number, to: number): void {
    if (this.#gone) {
      this.lost += to - from
      return
    }
    let at = from
    if (!this.#waiting) at += this.#offer(bytes, from, to)
    if (at < to) this.#keep(bytes, at, to)
  }

  /** Puts what foster itself says, after the line that is being written. False: too much of it is pending already. */
  say(bytes: Buffer, from: number, to: number): boolean {
    if (this.pendingBytes() === 0) this.#said = 0
    if (this.#said + to - from > this.#options.limit) return false
    this.#said += to - from
    if (this.#holder === undefined) this.#put(bytes, from, to)
    else append(this.#deferred, bytes, from, to)
    return true
  }

  /** Gives the sink to one source in the middle of its line, while the others wait; or gives it back. */
  hold(tap: Tap, on: boolean): void {
    this.#holder = on ? tap : undefined
    if (!on && this.#deferred.length > 0) {
      this.#put(this.#deferred.data, 0, this.#deferred.length)
      clear(this.#deferred, 0)
      if (this.#slow && !this.#waiting) this.#relax()
    }
    if (this.#taps.size > 1) this.#regulate()
  }

  /** What is pending is being waited for already. */
  finish(): void {}

  /** Offers bytes to the outlet: how many are dealt with. What it refuses counts as dealt with: it is lost. */
  #offer(bytes: Buffer, from: number, to: number): number {
    const taken = this.#options.outlet.write(bytes, from, to - from)
    if (taken >= 0) {
      if (taken > 0) this.#refused = false
      return taken
    }
    this.#refuse(taken, to - from)
    return to - from
  }

  #refuse(errno: number, bytes: number): void {
    this.lost += bytes
    this.#gone = goneForGood.has(errno)
    if (this.#refused) return
    this.#refused = true
    this.#options.onRefused(-errno)
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    const pending = this.#pending
    if (this.#start > 0 && pending.length + to - from > pending.data.length) this.#compact()
    append(pending, bytes, from, to)
    if (!this.#waiting) this.#wait()
  }

  /** Slows a source down that has put more than is taken, and all of them if that was not enough. */
  #brake(tap: Tap): void {
    const { limit } = this.#options
    const pending = this.pendingBytes()
    if (pending <= limit) return
    this.#slow = true
    this.#pause(tap)
    if (pending <= 2 * limit || this.#full) return
    this.#full = true
    this.#regulate()
  }

  #pause(tap: Tap): void {
    if (!this.#taps.has(tap) || this.#paused.has(tap)) return
    this.#paused.add(tap)
    tap.pause()
  }

  /** Moves the rest to the front. */
  #compact(): void {
    const pending = this.#pending
    pending.data.copy(pending.data, 0, this.#start, pending.length)
    pending.length -= this.#start
    this.#start = 0
  }

  #wait(): void {
    this.#waiting = true
    const { data, length } = this.#pending
    this.#options.outlet.wait(data, this.#start, length - this.#start, taken => this.#goOn(taken))
  }

  /** The outlet may take bytes again. */
  #goOn(taken: number): void {
    this.#waiting = false
    const pending = this.#pending
    if (taken < 0) this.#refuse(taken, pending.length - this.#start)
    this.#start = taken < 0 ? pending.length : this.#start + taken
    if (this.#start < pending.length) this.#start += this.#offer(pending.data, this.#start, pending.length)
    if (this.#start < pending.length) {
      this.#wait()
    } else {
      this.#start = 0
      clear(pending, kept)
    }
    this.#relax()
    if (this.pendingBytes() === 0) this.#options.onEmpty()
  }

  /** Resumes who was slowed down, once enough has been taken. */
  #relax(): void {
    if (!this.#slow || this.pendingBytes() >= this.#options.limit / 2) return
    this.#slow = false
    this.#full = false
    this.#regulate()
  }

  #blocks(tap: Tap): boolean {
    return this.#full || (this.#holder !== undefined && this.#holder !== tap && tap.drops !== true)
  }

  /** Pauses whoever may not put anything now, and resumes who may again. */
  #regulate(): void {
    if (this.#full || this.#holder !== undefined) {
      for (const tap of this.#taps) if (this.#blocks(tap)) this.#pause(tap)
    }
    for (const tap of this.#paused) {
      if (this.#slow || this.#blocks(tap)) continue
      this.#paused.delete(tap)
      tap.resume()
    }
  }
}
