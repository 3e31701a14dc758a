/** The json format: one object a line, with who said it; a line that is an object itself is merged into it. */
import type { OutputStream } from '../core/output.ts'
import { append, appendText, type Bytes, reserve } from './bytes.ts'
import type { Part, Style } from './format.ts'

/** Who speaks. The pid changes from run to run. */
export interface JsonSource {
  readonly program: string
  readonly replica: number
  readonly stream: OutputStream
  pid: number | undefined
  readonly now: () => Date
}

/** The part of an object that stays the same from line to line, as text and as bytes. */
interface Head {
  millis: number
  pid: number | undefined
  time: string
  who: string
  /** Up to the opening quote of a message. */
  message: Buffer
}

const newline = 10
const carriageReturn = 13
const quote = 34
const backslash = 92
const braceOpen = 123
const braceClose = 125

/**
 * `{"time","program","replica","pid","stream","message"}`. A carriage return before the newline is dropped and invalid
 * UTF-8 becomes U+FFFD. Each piece of a line that was cut says `"partial":true`, the last one also `"last":true`.
 */
export function jsonStyle(source: JsonSource): Style {
  const head: Head = { millis: -1, pid: undefined, time: '', who: '', message: Buffer.alloc(0) }
  return {
    lines(out, bytes, from, to) {
      refresh(head, source)
      for (let at = from; at < to; ) {
        const end = bytes.indexOf(newline, at)
        writeLine(out, bytes, at, end, head)
        at = end + 1
      }
    },
    piece(out, bytes, from, to, part) {
      refresh(head, source)
      if (part === 'whole') writeLine(out, bytes, from, to, head)
      else writePiece(out, bytes, from, to, head, part)
    },
  }
}

/** Lines that are written together share one time, so that its text is made once. */
function refresh(head: Head, source: JsonSource): void {
  const now = source.now()
  const millis = now.getTime()
  if (millis === head.millis && source.pid === head.pid) return
  head.millis = millis
  head.pid = source.pid
  head.time = `"time":"${now.toISOString()}",`
  head.who = whoText(source)
  head.message = Buffer.from(`{${head.time}${head.who},"message":"`)
}

function whoText(source: JsonSource): string {
  const pid = source.pid === undefined ? '' : `"pid":${source.pid},`
  return `"program":${JSON.stringify(source.program)},"replica":${source.replica},${pid}"stream":"${source.stream}"`
}

function writeLine(out: Bytes, bytes: Buffer, from: number, to: number, head: Head): void {
  const end = to > from && bytes[to - 1] === carriageReturn ? to - 1 : to
  if (looksLikeObject(bytes, from, end) && writeMerged(out, bytes.toString('utf8', from, end), head)) return
  append(out, head.message, 0, head.message.length)
  if (!writePlain(out, bytes, from, end))
    appendText(out, JSON.stringify(bytes.toString('utf8', from, end)).slice(1, -1))
  appendText(out, '"}\n')
}

function writePiece(out: Bytes, bytes: Buffer, from: number, to: number, head: Head, part: Part): void {
  const end = part === 'last' && to > from && bytes[to - 1] === carriageReturn ? to - 1 : to
  const mark = part === 'last' ? '"partial":true,"last":true' : '"partial":true'
  const message = JSON.stringify(bytes.toString('utf8', from, end))
  appendText(out, `{${head.time}${head.who},${mark},"message":${message}}\n`)
}

/** Copies text that needs no decoding, escaping as it goes. False, and nothing written: it holds other than ASCII. */
function writePlain(out: Bytes, bytes: Buffer, from: number, to: number): boolean {
  reserve(out, (to - from) * 6)
  const { data } = out
  let put = out.length
  for (let index = from; index < to; index++) {
    const byte = bytes[index] as number
    if (byte >= 0x80) return false
    if (byte < 0x20 || byte === quote || byte === backslash) {
      put += data.write(JSON.stringify(String.fromCharCode(byte)).slice(1, -1), put, 'latin1')
    } else {
      data[put++] = byte
    }
  }
  out.length = put
  return true
}

function looksLikeObject(bytes: Buffer, from: number, to: number): boolean {
  let first = from
  while (first < to && (bytes[first] === 32 || bytes[first] === 9)) first++
  let last = to - 1
  while (last > first && (bytes[last] === 32 || bytes[last] === 9)) last--
  return last > first && bytes[first] === braceOpen && bytes[last] === braceClose
}

/**
 * Merges an object into ours by its text, so that its numbers stay exactly as they were written. Its own time and pid
 * win: it knows them better. Who spoke is foster's to say: fields of its own with such a name get a `_` appended.
 */
function writeMerged(out: Bytes, text: string, head: Head): boolean {
  const object = parse(text)
  if (object === undefined) return false
  const known = ['program', 'replica', 'stream'].some(name => Object.hasOwn(object, name))
  const body = known ? renamed(object) : text.slice(text.indexOf('{') + 1, text.lastIndexOf('}'))
  const time = Object.hasOwn(object, 'time') ? '' : head.time
  const who = Object.hasOwn(object, 'pid') ? head.who.replace(/"pid":\d+,/, '') : head.who
  appendText(out, `{${time}${who}${body.trim() === '' ? '' : ','}${body}}\n`)
  return true
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function renamed(object: object): string {
  const fields = Object.entries(object).map(([name, value]) => {
    const shown = name === 'program' || name === 'replica' || name === 'stream' ? `${name}_` : name
    return `${JSON.stringify(shown)}:${JSON.stringify(value)}`
  })
  return fields.join(',')
}
