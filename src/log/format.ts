/** The three formats: how a program's line looks on foster's own output. */
import type { LogFormat } from '../core/plan.ts'
import { append, type Bytes, reserve } from './bytes.ts'
import { type JsonSource, jsonStyle } from './json.ts'

/** Which part of a line is written: all of it, or one of the pieces a line over the limit is cut into. */
export type Part = 'whole' | 'first' | 'middle' | 'last'

/** Writes lines in one format for one source. */
export interface Style {
  /** Whole lines, each with its newline, from `from` up to `to`. */
  lines(out: Bytes, source: Buffer, from: number, to: number): void
  /** One line or piece of a line, given without a newline; one is added. */
  piece(out: Bytes, source: Buffer, from: number, to: number, part: Part): void
}

/** Who speaks, and on what. */
export interface StyleOptions {
  readonly format: LogFormat
  /** The name as it is shown: `web`, `web:0`. */
  readonly label: string
  /** The width to which labels are padded. */
  readonly width: number
  /** An ANSI colour for the label; undefined: none. */
  readonly colour: number | undefined
  readonly json: JsonSource
}

/** The style of one source of lines. */
export function styleOf(options: StyleOptions): Style {
  if (options.format === 'json') return jsonStyle(options.json)
  return options.format === 'raw' ? rawStyle : prefixStyle(options)
}

const newline = 10

/** Lines as they came. Raw lines are never cut, so a piece is what the end of a run left unterminated. */
const rawStyle: Style = {
  lines: append,
  piece(out, source, from, to) {
    append(out, source, from, to)
    endLine(out)
  },
}

/** `web | text`; a line over the limit goes on as `web |+ text`. The bytes of the line stay as they are. */
function prefixStyle(options: StyleOptions): Style {
  const start = Buffer.from(painted(options, ' |', ' '))
  const goesOn = Buffer.from(painted(options, ' |+', ' '))
  return {
    lines: (out, source, from, to) => prefixLines(out, source, from, to, start),
    piece(out, source, from, to, part) {
      const mark = part === 'middle' || part === 'last' ? goesOn : start
      append(out, mark, 0, mark.length)
      append(out, source, from, to)
      endLine(out)
    },
  }
}

/** The label, the bar and the gap before the text. */
export function painted(options: Pick<StyleOptions, 'label' | 'width' | 'colour'>, bar: string, gap: string): string {
  const text = options.label.padEnd(options.width) + bar
  return options.colour === undefined ? text + gap : `\x1b[${options.colour}m${text}\x1b[0m${gap}`
}

/** So many lines share one check for room. */
const batch = 64
/** The rest of a line longer than this is found and copied by native code, whose call costs as much as this loop. */
const native = 512

/** The hot path: copies lines, eight bytes at a time where none of them can be a newline, each after the prefix. */
function prefixLines(out: Bytes, source: Buffer, from: number, to: number, prefix: Buffer): void {
  const read = new DataView(source.buffer, source.byteOffset, source.length)
  let at = from
  while (at < to) {
    reserve(out, to - at + batch * prefix.length)
    const write = new DataView(out.data.buffer, out.data.byteOffset, out.data.length)
    for (let count = 0; count < batch && at < to; count++) {
      const { data } = out
      let put = out.length
      for (let index = 0; index < prefix.length; index++) data[put++] = prefix[index] as number
      const words = Math.min(to - 7, at + native)
      while (at < words) {
        const one = read.getInt32(at, true)
        const two = read.getInt32(at + 4, true)
        if (((newlineBits(one) | newlineBits(two)) & 0x80808080) !== 0) break
        write.setInt32(put, one, true)
        write.setInt32(put + 4, two, true)
        at += 8
        put += 8
      }
      const end = at < words || at >= to - 7 ? endNear(source, at) : source.indexOf(newline, at) + 1
      if (end - at > 96) source.copy(data, put, at, end)
      else for (let index = 0; index < end - at; index++) data[put + index] = source[at + index] as number
      out.length = put + end - at
      at = end
    }
  }
}

/** The top bit of some byte is set if and only if a byte of the word is a newline. */
function newlineBits(word: number): number {
  const zero = word ^ 0x0a0a0a0a
  return (zero - 0x01010101) & ~zero
}

function endNear(source: Buffer, from: number): number {
  let at = from
  while (source[at] !== newline) at++
  return at + 1
}

function endLine(out: Bytes): void {
  reserve(out, 1)
  out.data[out.length++] = newline
}

/** Whether a stream gets colours: FORCE_COLOR decides where it is set, then NO_COLOR and the terminal. */
export function wantsColour(isTerminal: boolean, environment: Readonly<Record<string, string | undefined>>): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: term } = environment
  if (force !== undefined) return force !== '0' && force !== 'false'
  return isTerminal && (no === undefined || no === '') && term !== 'dumb'
}

const palette = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94]

/** The colour of the program with this index; the same at every start. */
export function colourOf(index: number): number {
  return palette[index % palette.length] as number
}
