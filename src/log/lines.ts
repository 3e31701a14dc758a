/** Whole lines out of arbitrary pieces of a stream. */
import { append, type Bytes, clear, emptyBytes } from './bytes.ts'
import type { Part, Style } from './format.ts'

const newline = 10
/** A partial line's buffer of at most this size is kept for the next one: a thousand programs may each have two. */
const keptTail = 1024
/** The formatted output's buffer, which all sources share. */
const keptOut = 1024 * 1024
/** Where the memory for unfinished lines is used up, lines over this length are treated as too long. */
const scarceLength = 4096

/** Memory for unfinished lines, shared by all sources: a thousand programs might each have begun a long one. */
export interface Held {
  bytes: number
  readonly limit: number
}

/** Where the lines of one source go, and what they share with the other sources. */
export interface LinesOptions {
  readonly style: Style
  /** The most bytes of a line that are kept until its end comes. */
  readonly longest: number
  /** Longer lines are cut into pieces of this length. If not (raw), the sink is held for the rest of such a line. */
  readonly mayCut: boolean
  readonly held: Held
  /** Bytes may pass as they are: raw, and nobody else writes to the sink. */
  readonly passes: () => boolean
  /** Formatted output, shared: used and emptied within one call. */
  readonly out: Bytes
  put(bytes: Buffer, from: number, to: number): void
  /** Takes the sink for this source alone, in the middle of a line, and gives it back at the end of that line. */
  hold(on: boolean): void
}

/** The line assembler of one source. */
export interface Lines {
  /**
   * Takes in bytes; the buffer is the caller's again afterwards. What stands in it before `from` may be written over: the
   * beginning of a line is put there, in front of its end.
   */
  feed(chunk: Buffer, from: number, to: number): void
  /** The run is over: an unfinished line is finished. */
  end(): void
  /** Bytes of an unfinished line that are kept here. */
  held(): number
}

/** Assembles the lines of one source. */
export function assembleLines(options: LinesOptions): Lines {
  const state: State = { options, tail: emptyBytes(), counted: 0, begun: false, holding: false }
  const counted = () => {
    options.held.bytes += state.tail.length - state.counted
    state.counted = state.tail.length
  }
  return {
    feed(chunk, from, to) {
      feed(state, chunk, from, to)
      counted()
    },
    end() {
      end(state)
      counted()
    },
    held: () => state.tail.length,
  }
}

interface State {
  readonly options: LinesOptions
  /** The beginning of a line whose end has not come yet. */
  readonly tail: Bytes
  /** How much of it is accounted for. */
  counted: number
  /** Pieces of the current line have been written already. */
  begun: boolean
  /** The sink is held for the current line. */
  holding: boolean
}

const lineEnd = Buffer.from('\n')

function feed(state: State, chunk: Buffer, from: number, to: number): void {
  if (state.tail.length === 0 && state.options.passes()) {
    pass(state, chunk, from, to)
    return
  }
  let at = state.holding ? passHeld(state, chunk, from, to) : from
  const last = at < to ? chunk.lastIndexOf(newline, to - 1) + 1 : 0
  if (last > at) {
    if (state.tail.length > 0) at = fitsBefore(state, at) ? putBefore(state, chunk, at) : endTail(state, chunk, at)
    whole(state, chunk, at, last)
    at = last
  }
  if (at < to) keep(state, chunk, at, to)
  flush(state)
}

/** The run is over. */
function end(state: State): void {
  if (state.holding) {
    state.options.put(lineEnd, 0, 1)
    hold(state, false)
  } else if (state.tail.length > 0) {
    finish(state, state.tail.data, 0, state.tail.length)
    clear(state.tail, keptTail)
    flush(state)
  }
}

/** Raw bytes of the sink's only source: no line is assembled, but others that speak must know where one ends. */
function pass(state: State, chunk: Buffer, from: number, to: number): void {
  state.options.put(chunk, from, to)
  const open = chunk[to - 1] !== newline
  if (open !== state.holding) hold(state, open)
}

/** While the sink is held, bytes go straight through up to the newline; says where that is. */
function passHeld(state: State, chunk: Buffer, from: number, to: number): number {
  const found = chunk.indexOf(newline, from) + 1
  const ends = found > 0 && found <= to
  const stop = ends ? found : to
  state.options.put(chunk, from, stop)
  if (ends) hold(state, false)
  return stop
}

/** Lines that stay as they are need no copy of the whole chunk because of the first of them. */
function fitsBefore({ options, tail }: State, at: number): boolean {
  return options.style.verbatim === true && !options.mayCut && tail.length <= at
}

/** The line in the tail ends in this chunk, and is made whole there; says where it begins. */
function putBefore({ tail }: State, chunk: Buffer, from: number): number {
  const begin = from - tail.length
  tail.data.copy(chunk, begin, 0, tail.length)
  clear(tail, keptTail)
  return begin
}

/** The line in the tail ends in this chunk; says where the next one begins. */
function endTail(state: State, chunk: Buffer, from: number): number {
  const next = chunk.indexOf(newline, from) + 1
  append(state.tail, chunk, from, next - 1)
  finish(state, state.tail.data, 0, state.tail.length)
  clear(state.tail, keptTail)
  return next
}

/** Lines that lie in the chunk from begin to end. */
function whole(state: State, chunk: Buffer, from: number, to: number): void {
  const { longest, mayCut, style, out } = state.options
  if (style.verbatim === true && !mayCut && out.length === 0) {
    state.options.put(chunk, from, to)
    return
  }
  if (!mayCut || to - from <= longest) {
    style.lines(out, chunk, from, to)
    return
  }
  for (let at = from; at < to; ) {
    const lineStop = chunk.indexOf(newline, at)
    finish(state, chunk, at, lineStop)
    at = lineStop + 1
  }
}

/** Keeps the beginning of a line, and writes what must go out of it already. */
function keep(state: State, chunk: Buffer, from: number, to: number): void {
  const { options, tail } = state
  append(tail, chunk, from, to)
  const isScarce = options.held.bytes + tail.length - state.counted > options.held.limit
  const most = (length: number) => (isScarce ? Math.min(length, scarceLength) : length)
  const rest = options.mayCut ? cut(state, tail.data, 0, tail.length, most(options.longest)) : 0
  if (rest > 0) {
    tail.data.copy(tail.data, 0, rest, tail.length)
    tail.length -= rest
  }
  if (options.mayCut || tail.length <= most(options.longest)) return
  flush(state)
  hold(state, true)
  options.put(tail.data, 0, tail.length)
  clear(tail, keptTail)
}

/** Writes the last, usually the only, piece of a line. */
function finish(state: State, bytes: Buffer, from: number, to: number): void {
  const { longest, mayCut } = state.options
  const at = mayCut ? cut(state, bytes, from, to, longest) : from
  const part: Part = state.begun ? 'last' : 'whole'
  state.begun = false
  state.options.style.piece(state.options.out, bytes, at, to, part)
}

/** Writes as many full pieces of a line as come before its last one; says where that begins. */
function cut(state: State, bytes: Buffer, from: number, to: number, length: number): number {
  const { style, out } = state.options
  let at = from
  while (to - at > length) {
    const stop = characterStart(bytes, at, at + length)
    style.piece(out, bytes, at, stop, state.begun ? 'middle' : 'first')
    state.begun = true
    at = stop
  }
  return at
}

function hold(state: State, on: boolean): void {
  state.holding = on
  state.options.hold(on)
}

function flush(state: State): void {
  const { out, put } = state.options
  if (out.length > 0) put(out.data, 0, out.length)
  clear(out, keptOut)
}

/** The start of the UTF-8 character at `at`, so that a cut does not split one; `at` itself where there is none. */
function characterStart(bytes: Buffer, from: number, at: number): number {
  let start = at
  while (start > at - 3 && start > from + 1 && isContinuation(bytes[start])) start--
  return isContinuation(bytes[start]) ? at : start
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
