/** Output without the sequences that steer a terminal: colours, cursor movements. ECMA-48's control sequences, `ESC [ ... final`. */
import type { Lines } from './lines.ts'

const esc = 0x1b
const bracket = 0x5b

/** Where in a sequence the stream stands: before one, behind its ESC, inside it. */
type Place = 'text' | 'escape' | 'inside'

/** Hands on what is no sequence. One may be in several pieces; an ESC that begins none stays. */
export function stripAnsi(lines: Lines): Lines {
  let place: Place = 'text'
  const release = (): void => {
    if (place === 'escape') lines.feed(Buffer.of(esc), 0, 1)
    place = 'text'
  }
  /** Moves what stays to the front; says where it ends. */
  const compact = (chunk: Buffer, from: number, to: number): number => {
    let end = from
    for (let at = from; at < to; at++) {
      const byte = chunk[at] ?? 0
      if (place === 'escape') {
        place = byte === bracket ? 'inside' : 'text'
        if (place === 'inside') continue
        chunk[end++] = esc
      }
      if (place === 'inside') {
        if (byte >= 0x20 && byte <= 0x3f) continue
        place = 'text'
        if (byte >= 0x40 && byte <= 0x7e) continue
        // No byte of a sequence: it was none, or it was cut off.
      }
      if (byte === esc) place = 'escape'
      else chunk[end++] = byte
    }
    return end
  }
  return {
    feed(chunk, from, to) {
      // What was held back comes before this piece, where its first byte says that it was no sequence.
      if (place === 'escape' && from < to && chunk[from] !== bracket) release()
      const isPlain = place === 'text' && !chunk.subarray(from, to).includes(esc)
      const end = isPlain ? to : compact(chunk, from, to)
      if (end > from) lines.feed(chunk, from, end)
    },
    end() {
      release()
      lines.end()
    },
    held: () => lines.held() + (place === 'escape' ? 1 : 0),
  }
}
