/** Where a file is full: between two lines, and at the same one however the lines came. */

const newline = 10

/** A file that is being filled. */
export interface Filling {
  /** Bytes in it. */
  readonly size: number
  /** Its limit; 0: none. */
  readonly maxSize: number
  /** Whether its last line is complete. */
  readonly atLine: boolean
  /** Lines over this length come in pieces and count as long as this, since the rest of them is not known yet. */
  readonly longest: number
}

/** Up to where bytes go to this file: the end of the last line that fits. `from` itself: the next line does not. */
export function fitting(bytes: Buffer, from: number, to: number, filling: Filling): number {
  const { size, maxSize, atLine, longest } = filling
  const room = maxSize - size
  if (maxSize === 0) return to
  if (!atLine) return lineStop(bytes, from, to)
  if (to - from <= room) return to
  const last = room > 0 ? bytes.lastIndexOf(newline, from + room - 1) + 1 : 0
  if (last > from) return last
  const stop = lineStop(bytes, from, to)
  return size === 0 || size + Math.min(stop - from, longest) <= maxSize ? stop : from
}

function lineStop(bytes: Buffer, from: number, to: number): number {
  const end = bytes.indexOf(newline, from) + 1
  return end > 0 && end <= to ? end : to
}
