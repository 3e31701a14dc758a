/** The json format: one object a line, with who said it; a line that is an object itself is merged into it. */
import type { OutputStream } from '../core/output.ts'
import { append, appendText, type Bytes, reserve, type Window, windowOf } from './bytes.ts'
import type { Part, Style } from './format.ts'

/** Who speaks. */
export interface JsonSource {
  readonly program: string
  readonly replica: number
  readonly stream: OutputStream
  /** The pid changes from run to run. */
  readonly run: { readonly pid: number | undefined }
  readonly now: () => Date
}

/** The part of an object that stays the same from line to line. */
interface Head {
  millis: number
  pid: number | undefined
  /** `"time":"...",` */
  time: string
  /** `"pid":7,`, or nothing while there is none. */
  process: string
  /** `{"time":...,"stream":"stdout"` */
  object: Buffer
  /** The same and the beginning of a message, up to its opening quote. */
  message: Buffer
}

const newline = 10
const carriageReturn = 13
const space = 32
const quote = 34
const colon = 58
const bracketOpen = 91
const backslash = 92
const bracketClose = 93
const braceOpen = 123
const braceClose = 125

/** How bytes of ASCII are written inside a JSON string. */
const escapes = Array.from({ length: 128 }, (_, byte) => Buffer.from(inside(String.fromCharCode(byte))))
const longestEscape = 6
/** What surrounds a message, at most: `"}` and a newline. */
const closing = 3

/**
 * `{"time","program","replica","pid","stream","message"}`. A carriage return before the newline is dropped and invalid
 * UTF-8 becomes U+FFFD. Each piece of a line that was cut says `"partial":true`, the last one also `"last":true`.
 */
export function jsonStyle(source: JsonSource): Style {
  const nothing = Buffer.alloc(0)
  const head: Head = {
    millis: -1,
    pid: undefined,
    time: '',
    process: '',
    object: nothing,
    message: nothing,
  }
  return {
    lines(out, bytes, from, to) {
      refresh(head, source)
      const chunk = windowOf(bytes)
      for (let at = from; at < to; ) at = writePlain(out, chunk, at, to, head) ?? writeAny(out, bytes, at, head, source)
    },
    piece(out, bytes, from, to, part) {
      refresh(head, source)
      writePiece(out, bytes, from, to, part, head, source)
    },
  }
}

/** Lines that are written together share one time, so that its text is made once. */
function refresh(head: Head, source: JsonSource): void {
  const now = source.now()
  const millis = now.getTime()
  if (millis === head.millis && source.run.pid === head.pid) return
  head.millis = millis
  head.pid = source.run.pid
  head.time = `"time":"${now.toISOString()}",`
  head.process = source.run.pid === undefined ? '' : `"pid":${source.run.pid},`
  const object = `{${head.time}${whoText(source, head.process)}`
  head.object = Buffer.from(object)
  head.message = Buffer.from(`${object},"message":"`)
}

function whoText(source: JsonSource, process: string): string {
  return `"program":${JSON.stringify(source.program)},"replica":${source.replica},${process}"stream":"${source.stream}"`
}

/**
 * The hot path: copies a line of ASCII that is no object, escaping as it goes. Says where the next line begins;
 * undefined, and nothing written, where the line is of another kind. It has its newline, before `to`.
 */
function writePlain(out: Bytes, chunk: Window, from: number, to: number, head: Head): number | undefined {
  const { data: bytes } = chunk
  const first = bytes[from]
  if (first === braceOpen || first === space) return undefined
  const start = out.length
  append(out, head.message, 0, head.message.length)
  for (let at = from; ; ) {
    reserve(out, to - at + longestEscape + closing)
    const stop = copyPlain(chunk, out, at, to, out.length - at)
    out.length += stop - at
    at = stop
    const byte = bytes[at] as number
    at += 1
    if (byte >= 0x80) {
      out.length = start
      return undefined
    }
    if (byte === newline) {
      endMessage(out)
      return at
    }
    if (byte !== carriageReturn || bytes[at] !== newline) putEscaped(out, byte)
  }
}

/** Copies up to the next byte that is not plain, a word at a time while all of it is; says where that byte is. */
function copyPlain(source: Window, target: Window, from: number, to: number, shift: number): number {
  let at = from
  while (at < to - 3) {
    const word = source.view.getInt32(at, true)
    if ((unplainBits(word) & 0x80808080) !== 0) break
    target.view.setInt32(at + shift, word, true)
    at += 4
  }
  for (; isPlain[source.data[at] as number] === 1; at++) target.data[at + shift] = source.data[at] as number
  return at
}

/** No byte has its top bit set where all are plain: ASCII from space on, neither a quote nor a backslash. */
function unplainBits(word: number): number {
  const quotes = word ^ 0x22222222
  const backslashes = word ^ 0x5c5c5c5c
  return word | (word - 0x20202020) | (quotes - 0x01010101) | (backslashes - 0x01010101)
}

/** 1 for the bytes that stand for themselves in a JSON string, alone. */
const isPlain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= space && byte < 0x80 && byte !== quote && byte !== backslash ? 1 : 0,
)

function putEscaped(out: Bytes, byte: number): void {
  const escaped = escapes[byte] as Buffer
  for (let index = 0; index < escaped.length; index++) out.data[out.length++] = escaped[index] as number
}

function endMessage(out: Bytes): void {
  const { data, length } = out
  data[length] = quote
  data[length + 1] = braceClose
  data[length + 2] = newline
  out.length += closing
}

/** Any line that has its newline; says where the next one begins. */
function writeAny(out: Bytes, bytes: Buffer, from: number, head: Head, source: JsonSource): number {
  const end = bytes.indexOf(newline, from)
  writePiece(out, bytes, from, end, 'whole', head, source)
  return end + 1
}

function writePiece(
  out: Bytes,
  bytes: Buffer,
  from: number,
  to: number,
  part: Part,
  head: Head,
  source: JsonSource,
): void {
  const ends = part === 'whole' || part === 'last'
  const end = ends && to > from && bytes[to - 1] === carriageReturn ? to - 1 : to
  if (part === 'whole' && writeObject(out, bytes, from, end, head, source)) return
  append(out, head.object, 0, head.object.length)
  if (part !== 'whole') appendText(out, part === 'last' ? ',"partial":true,"last":true' : ',"partial":true')
  appendText(out, `,"message":"${inside(bytes.toString('utf8', from, end))}"}\n`)
}

/** A JSON string without its quotes. */
function inside(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

/**
 * Merges a line that is an object into ours by its text, so that its numbers stay exactly as they were written. Its own
 * time and pid win: it knows them better. Who spoke is foster's to say: fields with such a name get a `_` appended.
 */
function writeObject(out: Bytes, bytes: Buffer, from: number, to: number, head: Head, source: JsonSource): boolean {
  if (!looksLikeObject(bytes, from, to)) return false
  const text = bytes.toString('utf8', from, to)
  const object = parse(text)
  if (object === undefined) return false
  const renames = ours.some(name => Object.hasOwn(object, name))
  const body = renames ? renamed(text) : text.slice(text.indexOf('{') + 1, text.lastIndexOf('}'))
  if (Object.hasOwn(object, 'time') || Object.hasOwn(object, 'pid')) {
    const time = Object.hasOwn(object, 'time') ? '' : head.time
    appendText(out, `{${time}${whoText(source, Object.hasOwn(object, 'pid') ? '' : head.process)}`)
  } else {
    append(out, head.object, 0, head.object.length)
  }
  appendText(out, `${isBlank(body) ? '' : ','}${body}}\n`)
  return true
}

/** The fields that say who spoke. */
const ours = ['program', 'replica', 'stream']

function looksLikeObject(bytes: Buffer, from: number, to: number): boolean {
  let first = from
  while (first < to && (bytes[first] === space || bytes[first] === 9)) first++
  let last = to - 1
  while (last > first && (bytes[last] === space || bytes[last] === 9)) last--
  return last > first && bytes[first] === braceOpen && bytes[last] === braceClose
}

/** The text of an object is known to be well formed: without fields it is blank between its braces. */
function isBlank(body: string): boolean {
  return body.trim() === ''
}

function parse(text: string): object | undefined {
  try {
    return JSON.parse(text) as object
  } catch {
    return undefined
  }
}

/**
 * The fields of an object as they were written, but those with our names renamed. In one pass: a line may be nested as
 * deep as it is long, and whatever calls itself for each level would run out of stack.
 */
function renamed(text: string): string {
  const end = text.lastIndexOf('}')
  let done = text.indexOf('{') + 1
  let fields = ''
  let depth = 0
  for (let at = done; at < end; at++) {
    const sign = text.charCodeAt(at)
    if (sign === braceOpen || sign === bracketOpen) depth++
    if (sign === braceClose || sign === bracketClose) depth--
    if (sign !== quote) continue
    const stop = stringEnd(text, at)
    if (depth === 0 && isName(text, stop) && ours.includes(JSON.parse(text.slice(at, stop)) as string)) {
      fields += `${text.slice(done, stop - 1)}_"`
      done = stop
    }
    at = stop - 1
  }
  return fields + text.slice(done, end)
}

/** Behind the closing quote of the string that begins here. */
function stringEnd(text: string, from: number): number {
  let at = from + 1
  for (let sign = text.charCodeAt(at); sign !== quote; sign = text.charCodeAt(at)) at += sign === backslash ? 2 : 1
  return at + 1
}

/** Whether a colon comes next: of what follows a string in an object, only a name has one. */
function isName(text: string, from: number): boolean {
  let at = from
  while (text.charCodeAt(at) <= space) at++
  return text.charCodeAt(at) === colon
}
