/**
 * Files of `NAME=VALUE` lines in the dialect of Compose: quotes, values of several lines, `export`, comments, `${}`.
 * As in the rest of the configuration a `$` without a brace stays as it is.
 */
import type { Diagnostic, Place } from '../errors.ts'
import { expandVariables, mostProduced, type Variables } from './interpolate.ts'
import type { Range } from './secrets.ts'
import { fault, inside, warning } from './tree.ts'

/** A variable and where it was written. */
export interface FileVariable {
  readonly value: string
  readonly at: Place
}

/** What a file says, and what is wrong with it. A name without a value has that of foster's own environment. */
export interface EnvFile {
  readonly variables: ReadonlyMap<string, FileVariable>
  readonly diagnostics: readonly Diagnostic[]
  readonly secrets: readonly Range[]
}

interface Reading {
  readonly text: string
  readonly file: string
  readonly environment: Readonly<Record<string, string>>
  readonly found: Map<string, FileVariable>
  readonly diagnostics: Diagnostic[]
  readonly secrets: Range[]
  /** What `${}` is filled in from. */
  readonly known: Variables & { readonly environment: Record<string, string> }
  /** Where the line begins that was asked for last, and its number: places are asked for in order. */
  readonly line: { start: number; number: number }
  at: number
}

/** Parses a file. `environment` is foster's own: it comes before the file's earlier lines, as in Compose. */
export function parseEnvFile(
  text: string,
  file: string,
  environment: Readonly<Record<string, string>>,
  earlier: ReadonlyMap<string, FileVariable> = new Map(),
): EnvFile {
  const reading: Reading = {
    ...{ text, file, environment, found: new Map(earlier), diagnostics: [], secrets: [], at: 0 },
    ...{ known: { environment: Object.create(null), left: mostProduced }, line: { start: 0, number: 1 } },
  }
  for (const [name, { value }] of earlier) reading.known.environment[name] = value
  Object.assign(reading.known.environment, environment)
  const own = new Set<string>()
  while (reading.at < text.length) {
    const name = statement(reading)
    if (name !== undefined) own.add(name)
  }
  const variables = new Map([...reading.found].filter(([name]) => own.has(name)))
  return { variables, diagnostics: reading.diagnostics, secrets: reading.secrets }
}

const blank = /(?:\s+|#[^\n]*)*/y
const head = /(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*(?:[=:][ \t]*|(?=[\r\n]|$|#))/y

/** Reads one statement. Returns the name that it sets. */
function statement(reading: Reading): string | undefined {
  const { text, environment } = reading
  skip(reading, blank)
  if (reading.at >= text.length) return undefined
  const start = reading.at
  head.lastIndex = start
  const match = head.exec(text)
  if (match === null) return complain(reading, 'expected NAME=VALUE', endOfLine(text, start))
  const [whole, name = ''] = match
  const at = placeOf(reading, start, start + whole.trimEnd().replace(/[=:]$/, '').length)
  reading.at = head.lastIndex
  if (!/[=:]\s*$/.test(whole)) {
    skip(reading, restOfLine)
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined
    if (value !== undefined) set(reading, name, { value, at })
    return value === undefined ? undefined : name
  }
  const value = readValue(reading)
  if (value === undefined) return undefined
  set(reading, name, { value, at })
  return name
}

function set({ found, known, environment }: Reading, name: string, variable: FileVariable): void {
  found.set(name, variable)
  if (!Object.hasOwn(environment, name)) known.environment[name] = variable.value
}

const restOfLine = /[^\n]*/y

function skip(reading: Reading, pattern: RegExp): void {
  pattern.lastIndex = reading.at
  pattern.test(reading.text)
  reading.at = pattern.lastIndex
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}

function readValue(reading: Reading): string | undefined {
  const { text, at } = reading
  const quote = text.charAt(at)
  if (quote !== '"' && quote !== "'") {
    const end = endOfLine(text, at)
    const written = text.slice(at, end)
    // A comment needs a blank before it; the value can be empty.
    const value = written.replace(/(?:^|(?<=\s))#.*$/, (comment, offset: number) =>
      offset > 0 || /[ \t]$/.test(text.slice(0, at)) ? '' : comment,
    )
    reading.at = end
    return filled(reading, value.trim(), at, at + value.trimEnd().length)
  }
  const end = closing(text, at + 1, quote)
  if (end === -1) {
    reading.secrets.push([at, text.length])
    return complain(reading, `the quote (${quote}) is not closed`, at + 1, text.length)
  }
  reading.at = end + 1
  reading.secrets.push([at, end + 1])
  const rest = /[ \t\r]*(?:#[^\n]*)?(?=\n|$)/y
  rest.lastIndex = end + 1
  if (!rest.test(text)) {
    reading.secrets.push([end + 1, endOfLine(text, end)])
    const { line } = placeOf(reading, at, at + 1)
    // The quote that closes was probably meant to open.
    const began = text.slice(at, end).includes('\n') ? ` of the value that begins in line ${line}` : ''
    return complain(reading, `there is text behind the closing quote${began}`, end + 2)
  }
  const inner = text.slice(at + 1, end).replaceAll('\r\n', '\n')
  if (quote === "'") return checked(reading, inner.replaceAll("\\'", "'"), at, end + 1)
  return filled(reading, unescaped(inner), at, end + 1)
}

function closing(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === quote) return at
  }
  return -1
}

const escapes: Readonly<Record<string, string>> = {
  ...{ n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v', '"': '"', '\\': '\\' },
}

/** The escapes of a double-quoted value; `\$` keeps a variable from being filled in. */
function unescaped(text: string): string {
  return text.replace(/\\(\$\{?|.)/gs, (written, char: string) => {
    if (char === '${') return '$${'
    return char === '$' ? '$' : (escapes[char] ?? written)
  })
}

function filled(reading: Reading, value: string, from: number, to: number): string | undefined {
  reading.secrets.push([from, to])
  if (/(?<![\\$])\$[A-Za-z_]/.test(reading.text.slice(from, to))) {
    const message = 'a "$" without braces stays as it is, while Compose would fill in a variable'
    const hint = 'write the name in braces, or put the value into single quotes'
    reading.diagnostics.push(warning(placeOf(reading, from, to), 'bare-dollar', message, hint))
  }
  if (!value.includes('${')) return checked(reading, value, from, to)
  const { text, problems } = expandVariables(value, reading.known)
  if (problems.length === 0) return checked(reading, text, from, to)
  const at = placeOf(reading, from, to)
  for (const it of problems) {
    reading.diagnostics.push(fault(inside(at, value, it.from, it.to - it.from), it.code, it.message, it.hint))
  }
  return undefined
}

function checked(reading: Reading, value: string, from: number, to: number): string | undefined {
  if (!value.includes('\0')) return value
  const message = 'a value must not contain NUL characters'
  reading.diagnostics.push(fault(placeOf(reading, from, to), 'invalid-value', message))
  return undefined
}

/** Reports what stands from here up to `to`, and goes on with the next line or at `next`. */
function complain(reading: Reading, message: string, to: number, next?: number): undefined {
  const { text } = reading
  reading.diagnostics.push(fault(placeOf(reading, reading.at, to), 'env-file', message))
  const sign = text.slice(reading.at, endOfLine(text, reading.at)).search(/[=:]/)
  reading.secrets.push([reading.at + sign + 1, endOfLine(text, reading.at)])
  reading.at = next ?? endOfLine(text, Math.max(reading.at, to - 1))
}

function placeOf(reading: Reading, from: number, to: number): Place {
  const { text, file, line } = reading
  for (let end = text.indexOf('\n', line.start); end !== -1 && end < from; end = text.indexOf('\n', line.start)) {
    line.start = end + 1
    line.number++
  }
  const length = Math.max(1, Math.min(to, endOfLine(text, from)) - from)
  return { file, line: line.number, column: from - line.start + 1, length }
}
