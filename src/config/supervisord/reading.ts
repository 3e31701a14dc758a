/** Reading one option: its text, its names filled in, its type; what is wrong with it is told at its place. */
import type { Account } from '../../core/accounts.ts'
import type { Diagnostic, Place } from '../../errors.ts'
import { fault, warning } from '../tree.ts'
import {
  type Expanded,
  expandNames,
  type FormatFault,
  type Names,
  namesOver,
  ofParts,
  type Part,
  whole,
} from './expand.ts'
import { type Ini, type Option, optionOf, type Section } from './ini.ts'
import { repr, stripEnd } from './python.ts'
import { type Paths, ValueFault } from './values.ts'

/** What is asked of the system. */
export interface System {
  /** foster's own user. */
  readonly uid: number
  readonly environment: Readonly<Record<string, string>>
  /** The name of the host, `uname -n`. */
  hostName(): string
  /** foster's own directory. */
  directory(): string
  whatIs(path: string): 'directory' | 'other' | 'nothing' | undefined
  account(name: string): Account | undefined
  accountByUid(uid: number): Account | undefined
  group(name: string): number | undefined
}

/** A configuration that is being read. */
export interface Reading {
  readonly ini: Ini
  readonly system: System
  readonly paths: Paths
  readonly diagnostics: Diagnostic[]
  /** The directory of the main file. */
  readonly here: string
  /** `ENV_X`: foster's own variables, then those of `[supervisord] environment` over them. */
  readonly variables: Map<string, string>
}

/** How an option's text is read. */
type Parse<T> = (text: string, paths: Paths) => T

/** The names that can be used everywhere. */
export function namesOf({ here, variables }: Reading, more: Readonly<Record<string, string | number>> = {}): Names {
  return namesOver(variables, { here, ...more })
}

/** The value of an option; undefined if it is not written or faulty. */
export function get<T>(reading: Reading, section: Section, name: string, names: Names, parse: Parse<T>): T | undefined {
  const expanded = getText(reading, section, name, names)
  return expanded === undefined ? undefined : parsed(reading, section, name, expanded, parse)
}

/** The text of an option with its names filled in; undefined if it is not written or faulty. */
export function getText(reading: Reading, section: Section, name: string, names: Names): Expanded | undefined {
  const option = optionOf(reading.ini, section, name)
  if (option === undefined) return undefined
  return filledIn(reading, option, `${section.name}.${name}`, names)
}

/** Fills in the names of an option; `called` is what Supervisor's message calls it. */
export function filledIn(reading: Reading, option: Option, called: string, names: Names): Expanded | undefined {
  const expanded = expandNames(option.value, names)
  if (!('why' in expanded)) return ofParts(expanded.parts.map(part => withOrigin(part, reading)))
  const at = placeIn(option, expanded.offset, expanded.length)
  reading.diagnostics.push(
    fault(at, 'supervisor-format', formatMessage(option, called, expanded, names), expanded.hint),
  )
  return undefined
}

/** Only foster's own variables are known by name: those of a file's `environment` are values of that file. */
function withOrigin(part: Part, { system }: Reading): Part {
  const isOwn = part.variable === undefined || system.environment[part.variable] === part.text
  return isOwn ? part : { text: part.text, masked: part.masked }
}

function formatMessage(option: Option, called: string, { why, unknown }: FormatFault, names: Names): string {
  const format = `Format string ${isSecret(option.name) ? "'***'" : repr(option.value)} for ${repr(called)}`
  if (unknown === undefined) return `${format} is badly formatted: ${why}`
  const known = [...new Set(names.keys())].filter(name => !name.startsWith('ENV_')).sort()
  const available = `${['ENV_...', ...known].join(', ')}`
  return `${format} contains names (${repr(unknown)}) which cannot be expanded. Available names: ${available}`
}

/** Applies a type to a text; undefined if it does not fit. */
export function parsed<T>(
  reading: Reading,
  section: Section,
  name: string,
  { text, shown }: Expanded,
  parse: Parse<T>,
): T | undefined {
  try {
    return parse(text, reading.paths)
  } catch (error) {
    if (!(error instanceof ValueFault)) throw error
    const message = text === shown ? error.message : messageFor(shown, reading, parse)
    complain(reading, section, name, `${message.trimEnd()} in section ${repr(section.name)}`)
    return undefined
  }
}

/** The message with the masked text in place of the true one. */
function messageFor<T>(shown: string, reading: Reading, parse: Parse<T>): string {
  try {
    parse(shown, reading.paths)
  } catch (error) {
    if (error instanceof ValueFault) return error.message
  }
  return `not a valid value: ${repr(shown)}`
}

/** Tells of a fault at an option's value, or at the section if the option is not written. */
export function complain(reading: Reading, section: Section, name: string, message: string, hint?: string): void {
  reading.diagnostics.push(fault(placeOf(reading, section, name), 'supervisor', message, hint))
}

/** Tells of something that supervisord would do without a word. */
export function caution(
  reading: Reading,
  section: Section,
  name: string,
  code: string,
  message: string,
  hint?: string,
): void {
  reading.diagnostics.push(warning(placeOf(reading, section, name), code, message, hint))
}

/** Where an option's value stands; the section if it is not written. */
export function placeOf(reading: Reading, section: Section, name: string): Place {
  const option = optionOf(reading.ini, section, name)
  return option === undefined ? section.at : valuePlace(option)
}

/** Where a value stands: its first line that is not empty. */
export function valuePlace({ pieces, at }: Option): Place {
  return pieces.find(piece => piece.text !== '')?.at ?? at
}

/** The place inside a value, by offset in its text as it is written. */
export function placeIn(option: Option, offset: number, length: number): Place {
  if (!isAsWritten(option)) return valuePlace(option)
  let before = 0
  for (const { text, at } of option.pieces) {
    if (offset <= before + text.length) {
      const from = offset - before
      return { ...at, column: at.column + from, length: Math.max(1, Math.min(length, text.length - from)) }
    }
    before += text.length + 1
  }
  return valuePlace(option)
}

/** Whether a text was written without names in it, so that offsets in it are offsets in the file. */
export function isVerbatim(option: Option, { text }: Expanded): boolean {
  return option.value === text && isAsWritten(option)
}

/** With `[include]`, `%(here)s` is replaced in the text itself. */
function isAsWritten({ value, pieces }: Option): boolean {
  return value === stripEnd(pieces.map(piece => piece.text).join('\n'))
}

/** A text that is nobody's secret. */
export function plain(text: string): Expanded {
  return whole(text)
}

/** Options whose values are not shown. */
export function isSecret(name: string): boolean {
  return name === 'environment' || name === 'password'
}
