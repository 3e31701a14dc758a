/** The three formats: how a program's line looks on foster's own output. */
import type { LogFormat } from '../core/log-plan.ts'
import { append, type Bytes, reserve, type Window, windowOf } from './bytes.ts'
import { type JsonSource, jsonStyle } from './json.ts'

/** Which part of a line is written: all of it, or one of the pieces a line over the limit is cut into. */
export type Part = 'whole' | 'first' | 'middle' | 'last'

/** Writes lines in one format for one source. */
export interface Style {
  /** Whole lines are written as they are: they need not be copied. */
  readonly verbatim?: boolean
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
  /** Gives the time that prefixes begin with; undefined: they do not. */
  readonly time: (() => Date) | undefined
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
  verbatim: true,
  lines: append,
  piece(out, source, from, to) {
    append(out, source, from, to)
    endLine(out)
  },
}

/** `web | text`; a line over the limit goes on as `web |+ text`. The bytes of the line stay as they are. */
function prefixStyle(options: StyleOptions): Style {
  const start = prefixOf(painted(options, ' |', ' '), options.time)
  const goesOn = prefixOf(painted(options, ' |+', ' '), options.time)
  return {
    lines: (out, source, from, to) => prefixLines(out, source, from, to, start.now(), start.length),
    piece(out, source, from, to, part) {
      const mark = part === 'middle' || part === 'last' ? goesOn : start
      append(out, mark.now().data, 0, mark.length)
      append(out, source, from, to)
      endLine(out)
    },
  }
}

/** `2026-01-02T03:04:05.678Z ` */
const timeLength = 25

interface Prefix {
  readonly length: number
  now(): Window
}

/** What stands before a line, padded to whole words, with the present time; lines that are written together share it. */
function prefixOf(text: string, time: (() => Date) | undefined): Prefix {
  const label = Buffer.from(text)
  const before = time === undefined ? 0 : timeLength
  const length = before + label.length
  const words = windowOf(Buffer.alloc(Math.ceil(length / word) * word))
  label.copy(words.data, before)
  let millis = Number.NaN
  return {
    length,
    now() {
      const now = time?.()
      if (now !== undefined && now.getTime() !== millis) {
        millis = now.getTime()
        words.data.write(`${now.toISOString()} `, 0, timeLength, 'latin1')
      }
      return words
    },
  }
}

/** The label, the bar and the gap before the text. */
export function painted(options: Pick<StyleOptions, 'label' | 'width' | 'colour'>, bar: string, gap: string): string {
  const text = options.label.padEnd(options.width) + bar
  return options.colour === undefined ? text + gap : `\x1b[${options.colour}m${text}\x1b[0m${gap}`
}

const word = 4
/** So many lines share one check for room. */
const batch = 64
/** The rest of a line longer than this is found and copied by native code, whose call costs as much as the loop so far. */
const native = 512

/** The hot path: copies lines, each after the prefix. The prefix is padded to whole words; `width` bytes of it count. */
function prefixLines(out: Bytes, chunk: Buffer, from: number, to: number, prefix: Window, width: number): void {
  const source = windowOf(chunk)
  const padded = prefix.data.length
  let at = from
  while (at < to) {
    reserve(out, to - at + batch * width + word)
    let put = out.length
    for (let count = 0; count < batch && at < to; count++) {
      for (let index = 0; index < padded; index += word) {
        out.view.setInt32(put + index, prefix.view.getInt32(index, true), true)
      }
      put += width
      const end = copyLine(source, out, at, to, put - at)
      put += end - at
      at = end
    }
    out.length = put
  }
}

/** Copies one line to `shift` bytes further on, two words at a time; says where the next one begins. */
function copyLine(source: Window, target: Window, from: number, to: number, shift: number): number {
  const words = Math.min(to - 2 * word + 1, from + native)
  let at = from
  while (at < words) {
    const one = source.view.getInt32(at, true)
    const two = source.view.getInt32(at + word, true)
    target.view.setInt32(at + shift, one, true)
    target.view.setInt32(at + shift + word, two, true)
    if (((newlineBits(one) | newlineBits(two)) & 0x80808080) !== 0) return endNear(source.data, at)
    at += 2 * word
  }
  const isLong = at === from + native
  const end = isLong ? source.data.indexOf(newline, at) + 1 : endNear(source.data, at)
  if (isLong) source.data.copy(target.data, at + shift, at, end)
  else for (; at < end; at++) target.data[at + shift] = source.data[at] as number
  return end
}

/** The top bit of some byte is set if and only if a byte of the word is a newline. */
function newlineBits(bytes: number): number {
  const zero = bytes ^ 0x0a0a0a0a
  return (zero - 0x01010101) & ~zero
}

function endNear(bytes: Buffer, from: number): number {
  let at = from
  while (bytes[at] !== newline) at++
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
