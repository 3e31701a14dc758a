/**
 * Supervisor's capture mode: what a program writes between two marks is for its event listeners and not for the log. The
 * marks are found however the bytes come in pieces.
 */
import { append, type Bytes, clear, emptyBytes } from './bytes.ts'
import type { Lines } from './lines.ts'

const begin = Buffer.from('<!--XSUPERVISOR:BEGIN-->')
const end = Buffer.from('<!--XSUPERVISOR:END-->')
const kept = 1024

/** What becomes of a marked stream. The bytes are the caller's only until the call returns. */
export interface MarkedOptions {
  /** Of what stands between marks, the last so many bytes are kept. */
  readonly most: number
  /** What stands outside of marks. */
  readonly lines: Lines
  /** Everything but the marks, as it comes. */
  onBytes(bytes: Buffer): void
  /** All that stands between two marks. */
  onCaptured(bytes: Buffer): void
}

/** Takes what is marked out of a stream. At the end of a run an unfinished mark, or capture, is output as any other. */
export function marked(options: MarkedOptions): Lines {
  const { lines, most, onBytes, onCaptured } = options
  /** What may be the beginning of a mark. */
  const held = emptyBytes()
  const captured = emptyBytes()
  let isCapturing = false
  const pass = (bytes: Buffer): void => {
    if (bytes.length === 0) return
    if (isCapturing) keepLast(captured, bytes, most)
    else lines.feed(bytes, 0, bytes.length)
    onBytes(bytes)
  }
  const toggle = (): void => {
    if (isCapturing) onCaptured(captured.data.subarray(0, captured.length))
    clear(captured, kept)
    isCapturing = !isCapturing
  }
  return {
    feed(chunk, from, to) {
      let rest = together(held, chunk.subarray(from, to))
      clear(held, kept)
      for (let mark = isCapturing ? end : begin; ; mark = isCapturing ? end : begin) {
        const at = rest.indexOf(mark)
        if (at < 0) break
        pass(rest.subarray(0, at))
        toggle()
        rest = rest.subarray(at + mark.length)
      }
      const open = openMark(rest, isCapturing ? end : begin)
      pass(rest.subarray(0, rest.length - open))
      append(held, rest, rest.length - open, rest.length)
    },
    end() {
      const unfinished = Buffer.from(held.data.subarray(0, held.length))
      clear(held, kept)
      pass(unfinished)
      if (isCapturing && captured.length > 0) lines.feed(captured.data, 0, captured.length)
      isCapturing = false
      clear(captured, kept)
      lines.end()
    },
    held: () => lines.held() + held.length + captured.length,
  }
}

/** What was held back, and what has come: copied only where something was held back. */
function together(held: Bytes, chunk: Buffer): Buffer {
  return held.length === 0 ? chunk : Buffer.concat([held.data.subarray(0, held.length), chunk])
}

/** How many bytes at the end may be the beginning of a mark. */
function openMark(bytes: Buffer, mark: Buffer): number {
  for (let length = Math.min(mark.length - 1, bytes.length); length > 0; length--) {
    if (bytes.compare(mark, 0, length, bytes.length - length) === 0) return length
  }
  return 0
}

function keepLast(bytes: Bytes, more: Buffer, most: number): void {
  const own = more.subarray(Math.max(0, more.length - most))
  const dropped = Math.max(0, bytes.length + own.length - most)
  if (dropped > 0) {
    bytes.data.copy(bytes.data, 0, dropped, bytes.length)
    bytes.length -= dropped
  }
  append(bytes, own, 0, own.length)
}
