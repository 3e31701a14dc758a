/**
 * The dialect of Supervisor's files: Python's `RawConfigParser(strict=False, inline_comment_prefixes=(';', '#'))`, with
 * the place of everything. Sections and options that are written again replace what was written before, option by option.
 */
import type { Diagnostic, Place } from '../../errors.ts'
import type { Range } from '../secrets.ts'
import { fault, warning } from '../tree.ts'
import { indentOf, isSpace, repr, strip, stripEnd } from './python.ts'

/** A piece of a value: one line's share of it. */
export interface Piece {
  readonly text: string
  readonly at: Place
  readonly range: Range
}

/** An option as it was written. */
export interface Option {
  /** In small letters. */
  readonly name: string
  readonly at: Place
  /** Lines are joined by newlines. */
  readonly value: string
  /** The value's lines, the first one first. */
  readonly pieces: readonly Piece[]
}

/** A section, with what all files say of it. */
export interface Section {
  readonly name: string
  /** Where it was written first. */
  readonly at: Place
  readonly options: Map<string, Option>
}

/** What was read so far. */
export interface Ini {
  readonly sections: Map<string, Section>
  /** `[DEFAULT]`: what holds in every section that does not say otherwise. */
  readonly defaults: Map<string, Option>
}

/** An option while its lines are read. */
interface Open {
  readonly name: string
  readonly at: Place
  readonly pieces: Piece[]
}

interface Reading {
  readonly file: string
  readonly ini: Ini
  readonly diagnostics: Diagnostic[]
  /** The options of the present section; undefined before the first one. */
  options: Map<string, Option> | undefined
  open: Open | undefined
  indent: number
}

interface Line {
  readonly text: string
  readonly number: number
  readonly offset: number
}

/** Reads a text into what was read before. What is wrong goes to `diagnostics`. */
export function readIni(text: string, file: string, ini: Ini, diagnostics: Diagnostic[]): void {
  const reading: Reading = { file, ini, diagnostics, options: undefined, open: undefined, indent: 0 }
  let number = 0
  for (const { 0: whole, index } of text.matchAll(/[^\r\n]*(?:\r\n|\r|\n|$)/g)) {
    if (index === text.length) break
    number++
    const goesOn = readLine(reading, { text: whole.replace(/[\r\n]+$/, ''), number, offset: index })
    if (!goesOn) return
  }
  close(reading)
}

/** The option of a section, or what `[DEFAULT]` says. */
export function optionOf(ini: Ini, section: Section, name: string): Option | undefined {
  return section.options.get(name) ?? ini.defaults.get(name)
}

/** Reads a line; false: nothing behind it can be read. */
function readLine(reading: Reading, line: Line): boolean {
  const comment = commentOf(line.text)
  const text = strip(line.text.slice(0, comment))
  if (text === '') {
    // A blank line belongs to the value, if more of it follows.
    if (comment === undefined) reading.open?.pieces.push(pieceOf(reading, line, line.text.length, ''))
    return true
  }
  const indent = indentOf(line.text)
  if (reading.options !== undefined && reading.open !== undefined && indent > reading.indent) {
    reading.open.pieces.push(pieceOf(reading, line, indent, text))
    checkCut(reading, line, comment)
    return true
  }
  close(reading)
  reading.indent = indent
  const name = headerOf(text)
  if (name !== undefined) enter(reading, name, placeOf(reading, line, indent, name.length + 2))
  else if (reading.options === undefined) {
    const message = 'File contains no section headers.'
    const hint = 'a file begins with a section such as [supervisord]'
    reading.diagnostics.push(fault(placeOf(reading, line, indent, text.length), 'supervisor-syntax', message, hint))
    return false
  } else readOption(reading, line, indent, text, comment)
  return true
}

/** Whatever stands between the first bracket and the last one. */
function headerOf(text: string): string | undefined {
  const end = text.startsWith('[') ? text.lastIndexOf(']') : -1
  return end > 1 ? text.slice(1, end) : undefined
}

function enter(reading: Reading, name: string, at: Place): void {
  const { sections, defaults } = reading.ini
  const known = sections.get(name)
  if (known === undefined && name === 'DEFAULT') {
    reading.options = defaults
    return
  }
  const section = known ?? { name, at, options: new Map<string, Option>() }
  sections.set(name, section)
  reading.options = section.options
}

function readOption(reading: Reading, line: Line, indent: number, text: string, comment: number | undefined): void {
  const delimiter = /[=:]/.exec(text)?.index ?? -1
  const written = stripEnd(text.slice(0, Math.max(0, delimiter)))
  if (written === '') {
    const message = `Source contains parsing errors: ${repr(text)}`
    const at = placeOf(reading, line, indent, text.length)
    const hint = delimiter === -1 ? 'expected NAME=VALUE' : 'a name is missing before the delimiter'
    reading.diagnostics.push(fault(at, 'supervisor-syntax', message, hint))
    return
  }
  const rest = text.slice(delimiter + 1)
  const from = indent + delimiter + 1 + indentOf(rest)
  reading.open = {
    name: written.toLowerCase(),
    at: placeOf(reading, line, indent, written.length),
    pieces: [pieceOf(reading, line, from, strip(rest))],
  }
  checkCut(reading, line, comment)
}

/** The option is complete: later ones of the same name replace it. */
function close(reading: Reading): void {
  const { open, options } = reading
  reading.open = undefined
  if (open === undefined || options === undefined) return
  const value = stripEnd(open.pieces.map(piece => piece.text).join('\n'))
  options.set(open.name, { name: open.name, at: open.at, value, pieces: open.pieces })
}

function pieceOf(reading: Reading, line: Line, from: number, text: string): Piece {
  const start = line.offset + from
  return { text, at: placeOf(reading, line, from, text.length), range: [start, start + text.length] }
}

function placeOf({ file }: Reading, { number }: Line, from: number, length: number): Place {
  return { file, line: number, column: from + 1, length: Math.max(1, length) }
}

/**
 * Where the comment of a line begins. One behind a value has white space before it. Python looks at the first `;` and
 * the first `#`, then at the second ones, and takes the first of the pair that will do, though an earlier one may follow.
 */
function commentOf(line: string): number | undefined {
  if (/^[#;]/.test(strip(line))) return 0
  let semicolon = line.indexOf(';')
  let hash = line.indexOf('#')
  while (semicolon !== -1 || hash !== -1) {
    const fitting = [semicolon, hash].filter(index => index > 0 && isSpace(line.charAt(index - 1)))
    if (fitting.length > 0) return Math.min(...fitting)
    if (semicolon !== -1) semicolon = line.indexOf(';', semicolon + 1)
    if (hash !== -1) hash = line.indexOf('#', hash + 1)
  }
  return undefined
}

/** Quotes do not protect from comments, which surprises most in `command=sh -c "a ; b"`. */
function checkCut(reading: Reading, line: Line, comment: number | undefined): void {
  if (comment === undefined || comment === 0) return
  const kept = line.text.slice(0, comment)
  if (!hasOpenQuote(kept.slice(kept.search(/[=:]/) + 1)) || !/["']/.test(line.text.slice(comment))) return
  const at = placeOf(reading, line, comment, stripEnd(line.text.slice(comment)).length)
  const message = `a comment begins here, though inside quotes: what follows is cut off, as by supervisord`
  reading.diagnostics.push(warning(at, 'supervisor-cut', message, 'write it without a blank before it'))
}

function hasOpenQuote(text: string): boolean {
  let open = ''
  for (const character of text) {
    if (open === character) open = ''
    else if (open === '' && (character === '"' || character === "'")) open = character
  }
  return open !== ''
}
