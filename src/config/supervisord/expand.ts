/** Python's `%` formatting of a text by names, as Supervisor uses it: `%(program_name)s`, `%(process_num)02d`, `%(ENV_X)s`, `%%`. */
import { didYouMean } from '../../core/nearest.ts'
import { repr } from './python.ts'

/** What names stand for. A name that begins with `ENV_` is a variable, whose value messages do not show. */
export interface Names {
  get(name: string): string | number | undefined
  keys(): Iterable<string>
}

/** Further names over others. */
export function namesOver(names: Names, more: Readonly<Record<string, string | number>>): Names {
  return {
    get: name => (Object.hasOwn(more, name) ? more[name] : names.get(name)),
    keys: () => [...names.keys(), ...Object.keys(more)],
  }
}

/** A part of an expanded text: as it was written, or the value of a variable. */
export interface Part {
  readonly text: string
  /** The variable whose value it is, unchanged. */
  readonly variable?: string
  readonly masked: boolean
}

/** A text whose names are filled in. */
export interface Expanded {
  readonly text: string
  /** The same with `***` for what came from variables. */
  readonly shown: string
  readonly parts: readonly Part[]
}

/** The text as YAML would say it: with `${X}` where a variable of foster's stands. */
export function templateOf({ parts }: Expanded): string {
  const literal = (text: string): string => text.replaceAll('${', () => '$${')
  return parts.map(({ text, variable }) => (variable === undefined ? literal(text) : `\${${variable}}`)).join('')
}

/** What is wrong with a format, in Python's words, and where in it. */
export interface FormatFault {
  readonly why: string
  /** It is a name that is not known. */
  readonly unknown?: string
  readonly hint?: string
  readonly offset: number
  readonly length: number
}

/** `%`, the name, flags, width, precision, the length that Python ignores, the conversion. */
const directive = /%(?:\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\))?([#0\- +]*)(\*|\d*)(?:\.(\*|\d*))?[hlL]?([\s\S]?)/g

/** Fills in the names. */
export function expandNames(text: string, names: Names): Expanded | FormatFault {
  if (!text.includes('%')) return whole(text)
  const parts: Part[] = []
  let end = 0
  for (const match of text.matchAll(directive)) {
    const { index } = match
    parts.push({ text: text.slice(end, index), masked: false })
    end = index + match[0].length
    const part = format(match, names)
    if ('why' in part) return { ...part, offset: index, length: match[0].length }
    parts.push(part)
  }
  parts.push({ text: text.slice(end), masked: false })
  return ofParts(parts.filter(part => part.text !== ''))
}

/** A text in which nothing was to be filled in. */
export function whole(text: string): Expanded {
  return { text, shown: text, parts: [{ text, masked: false }] }
}

/** A text of these parts. */
export function ofParts(parts: readonly Part[]): Expanded {
  const text = parts.map(part => part.text).join('')
  return { text, shown: parts.map(part => (part.masked ? '***' : part.text)).join(''), parts }
}

type Wrong = Pick<FormatFault, 'why' | 'unknown' | 'hint'>

function format(match: RegExpExecArray, names: Names): Part | Wrong {
  const [written, name, flags = '', width = '', precision, conversion = ''] = match
  if (name === undefined && /^%[^(]*\(/.test(written) && conversion === '(') return { why: 'incomplete format key' }
  if (conversion === '')
    return { why: written.startsWith('%(') && name === undefined ? 'incomplete format key' : 'incomplete format' }
  if (width === '*' || precision === '*') return { why: '* wants int' }
  if (written === '%%') return { text: '%', masked: false }
  if (name === undefined) return nameless(conversion, match)
  const value = names.get(name)
  if (value === undefined) return { why: '', unknown: name, ...hintFor(name, names) }
  const shape = { flags, width: bounded(width), precision: precision === undefined ? undefined : bounded(precision) }
  const text = convert(value, conversion, shape)
  if (text === undefined) return refusal('str', conversion, match)
  const isVariable = name.startsWith('ENV_')
  return { text, masked: isVariable, ...(isVariable && text === value && { variable: name.slice(4) }) }
}

function hintFor(name: string, names: Names): Pick<FormatFault, 'hint'> {
  const hint = didYouMean(name, names.keys())
  return hint === undefined ? {} : { hint }
}

/** Python would put all names and their values there, the whole environment among them: where it would, foster refuses. */
function nameless(conversion: string, match: RegExpExecArray): Wrong {
  const why = 'sra'.includes(conversion) ? { why: `"%${conversion}" has no name` } : refusal('dict', conversion, match)
  return { ...why, hint: 'write "%%" for a percent sign' }
}

const known = 'diouxXcsra'

function unsupported(conversion: string, { index, 0: written }: RegExpExecArray): Wrong {
  const code = conversion.codePointAt(0)?.toString(16) ?? ''
  return { why: `unsupported format character '${conversion}' (0x${code}) at index ${index + written.length - 1}` }
}

function refusal(type: string, conversion: string, match: RegExpExecArray): Wrong {
  if (!known.includes(conversion)) return unsupported(conversion, match)
  if (conversion === 'c') return { why: '%c requires int or char' }
  return {
    why: `%${conversion} format: ${'xXo'.includes(conversion) ? 'an integer' : 'a real number'} is required, not ${type}`,
  }
}

interface Shape {
  readonly flags: string
  readonly width: number
  readonly precision: number | undefined
}

/** Converts a value; undefined where Python raises an error. */
function convert(value: string | number, conversion: string, { flags, width, precision }: Shape): string | undefined {
  if ('sra'.includes(conversion)) {
    const text = conversion === 's' || typeof value === 'number' ? String(value) : repr(value)
    return pad(precision === undefined ? text : text.slice(0, precision), flags.includes('-'), width)
  }
  if (conversion === 'c') {
    const character = typeof value === 'number' ? String.fromCodePoint(Math.abs(value) % 0x110000) : value
    return [...character].length === 1 ? pad(character, flags.includes('-'), width) : undefined
  }
  const base = bases[conversion]
  if (base === undefined || typeof value === 'string') return undefined
  const digits = Math.abs(value)
    .toString(base)
    .padStart(precision ?? 0, '0')
  const mark = flags.includes('#') && base !== 10 ? `0${conversion}` : ''
  const sign = value < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  const number = `${sign}${mark}`
  const text = conversion === 'X' ? digits.toUpperCase() : digits
  if (flags.includes('-')) return `${number}${text}`.padEnd(width)
  return flags.includes('0') ? number + text.padStart(width - number.length, '0') : pad(number + text, false, width)
}

const bases: Readonly<Record<string, 8 | 10 | 16>> = { d: 10, i: 10, u: 10, x: 16, X: 16, o: 8 }

/** Wider than any file needs would only use up memory. */
function bounded(width: string): number {
  return Math.min(Number(width), 10_000)
}

function pad(text: string, left: boolean, width: number): string {
  return left ? text.padEnd(width) : text.padStart(width)
}
