/** Byte buffers that grow and are used again: lines are copied at hundreds of megabytes a second, without garbage. */

/** Bytes that are also read or written by words. */
export interface Window {
  readonly data: Buffer
  readonly view: DataView
}

/** A window on a buffer. */
export function windowOf(data: Buffer): Window {
  return { data, view: new DataView(data.buffer, data.byteOffset, data.length) }
}

/** A buffer and how much of it is filled. */
export interface Bytes extends Window {
  data: Buffer
  view: DataView
  length: number
}

const nothing = windowOf(Buffer.alloc(0))

/** An empty buffer that holds no memory until it is written to. */
export function emptyBytes(): Bytes {
  return { ...nothing, length: 0 }
}

/** Makes room for `more` bytes after the filled part. */
export function reserve(bytes: Bytes, more: number): void {
  const needed = bytes.length + more
  if (needed <= bytes.data.length) return
  const grown = Buffer.allocUnsafeSlow(Math.max(256, 2 ** Math.ceil(Math.log2(needed))))
  bytes.data.copy(grown, 0, 0, bytes.length)
  Object.assign(bytes, windowOf(grown))
}

/** Appends part of a buffer. Below some length the loop is faster than the call of a native function. */
export function append(bytes: Bytes, source: Buffer, from: number, to: number): void {
  reserve(bytes, to - from)
  const { data } = bytes
  if (to - from > 96) {
    source.copy(data, bytes.length, from, to)
  } else {
    let at = bytes.length
    for (let index = from; index < to; index++) data[at++] = source[index] as number
  }
  bytes.length += to - from
}

/** Appends text as UTF-8. */
export function appendText(bytes: Bytes, text: string): void {
  reserve(bytes, text.length * 3)
  bytes.length += bytes.data.write(text, bytes.length, 'utf8')
}

/** Empties a buffer; one larger than `keep` gives its memory back. */
export function clear(bytes: Bytes, keep: number): void {
  bytes.length = 0
  if (bytes.data.length > keep) Object.assign(bytes, nothing)
}
