/** Rotation: `web.log` becomes `web.log.1`, that becomes `web.log.2`, and so on; only names change. */
import type { LogPlace } from '../core/output.ts'

const ENOENT = -2
/** A compressed file gets its name when it is complete. */
const temporary = '.gz.tmp'

/** What becomes of full files. */
export interface Rotation {
  /** How many are kept. */
  readonly keep: number
  readonly compress: boolean
}

/** Compresses one file at a time, whatever the number of logs: it is work for the background. */
export class Compressor {
  readonly #waiting = new Set<Rotator>()
  #busy = false

  /** A log has rotated: it will be looked at for files that are not compressed. */
  want(rotator: Rotator): void {
    this.#waiting.add(rotator)
    this.#next()
  }

  #next(): void {
    const [rotator] = this.#waiting
    if (this.#busy || rotator === undefined) return
    this.#waiting.delete(rotator)
    this.#busy = rotator.compressOne(again => {
      this.#busy = false
      if (again) this.#waiting.add(rotator)
      this.#next()
    })
    if (!this.#busy) this.#next()
  }
}

/** The old files of one log. */
export class Rotator {
  readonly #place: LogPlace
  readonly #rotation: Rotation
  readonly #compressor: Compressor
  /** Which number the file that is being compressed has by now. */
  #compressing: number | undefined

  constructor(place: LogPlace, rotation: Rotation, compressor: Compressor) {
    this.#place = place
    this.#rotation = rotation
    this.#compressor = compressor
  }

  /**
   * Moves the full file out of the way, and the older ones before it, the oldest first, so that no name is ever taken
   * from a file that is still wanted. 0, or the negative errno: then the full file still has its name.
   */
  rotate(): number {
    const { keep, compress } = this.#rotation
    const place = this.#place
    if (keep === 0) return place.remove('')
    const old = this.#old()
    for (const end of old[keep - 1] ?? []) place.remove(`.${keep}${end}`)
    for (let number = Math.min(old.length, keep - 1); number > 0; number--) {
      for (const end of old[number - 1] ?? []) {
        const result = place.rename(`.${number}${end}`, `.${number + 1}${end}`)
        if (result < 0 && result !== ENOENT) return result
      }
    }
    const result = place.rename('', '.1')
    if (result < 0) return result
    if (this.#compressing !== undefined) this.#compressing++
    if (compress) this.#compressor.want(this)
    return 0
  }

  /** How the files from `.1` on end; where a number is free, those behind it can stay. */
  #old(): readonly (readonly string[])[] {
    const found: string[][] = []
    const names = this.#place.suffixes()
    const has = (suffix: string): boolean => names?.has(suffix) ?? this.#place.has(suffix)
    for (let number = 1; number <= this.#rotation.keep; number++) {
      const ends = ['', '.gz'].filter(end => has(`.${number}${end}`))
      if (ends.length === 0) break
      found.push(ends)
    }
    return found
  }

  /**
   * Compresses the oldest file that is not compressed yet, if there is one: says whether. The copy gets its name when it
   * is complete, and only then is the file removed: a crash in between loses nothing.
   */
  compressOne(done: (again: boolean) => void): boolean {
    const place = this.#place
    const number = this.#old().findLastIndex(ends => ends.includes('')) + 1
    if (number === 0) return false
    this.#compressing = number
    place.remove(temporary)
    place.compress(`.${number}`, temporary, result => {
      const now = this.#compressing ?? 0
      this.#compressing = undefined
      // It may have been rotated meanwhile, even out of what is kept.
      const isKept = result === 0 && now <= this.#rotation.keep && place.has(`.${now}`)
      if (!isKept || place.rename(temporary, `.${now}.gz`) < 0) place.remove(temporary)
      else place.remove(`.${now}`)
      done(isKept)
    })
    return true
  }
}
