/** The kinds of values that options take: how each is read, and what is said when it cannot be. */
import * as v from 'valibot'
import { didYouMean } from '../core/nearest.ts'
import { parseSignal, type Signal, signalNames } from '../core/signal.ts'
import { durationPattern, isDuration, parseDuration } from './duration.ts'

/** What a value is, before its option gives it a meaning. */
export type Written = string | number | boolean

/** An issue's message carries a code and a hint, since valibot's issues have no room for them: see `decode`. */
export function encode(code: string, message: string, hint?: string): string {
  return `${code}\0${message}\0${hint ?? ''}`
}

/** Takes an issue's message apart; one of valibot's own is an `invalid-value`. */
export function decode(encoded: string): { code: string; message: string; hint: string | undefined } {
  const [code, message, hint] = encoded.split('\0')
  if (message === undefined) return { code: 'invalid-value', message: encoded, hint: undefined }
  return { code: code ?? '', message, hint: hint || undefined }
}

/** What editors and the reference say of a scalar: a part of a JSON Schema. */
type JsonSchema = Readonly<Record<string, unknown>>

/** Builds the schema of a scalar. `parse` gives its meaning or undefined; `hint` may say what was meant. */
export function scalar<T>(
  expected: string,
  json: JsonSchema,
  parse: (value: Written) => T | undefined,
  hint: (value: Written) => string | undefined = () => undefined,
) {
  const words = encode('invalid-value', `expected ${expected}`)
  return v.pipe(
    v.custom<Written>(isScalar, words),
    v.metadata({ json }),
    v.rawTransform<Written, T>(({ dataset, addIssue, NEVER }) => {
      const meaning = parse(dataset.value)
      if (meaning !== undefined) return meaning
      addIssue({ message: encode('invalid-value', `expected ${expected}`, hint(dataset.value)) })
      return NEVER
    }),
  )
}

/** One of a few words; `synonyms` are accepted beside them, `others` are what other tools say, and only told. */
export function oneOf<const T extends string>(
  words: readonly T[],
  synonyms: Readonly<Record<string, T>> = {},
  others: Readonly<Record<string, T>> = {},
) {
  const meanings = new Map<Written, T>([...words.map(word => [word, word] as const), ...Object.entries(synonyms)])
  return scalar(
    `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
    { enum: [...meanings.keys()] },
    value => meanings.get(value),
    value => {
      const other = Object.hasOwn(others, String(value)) ? others[String(value)] : undefined
      return other ? `did you mean "${other}"?` : didYouMean(String(value), meanings.keys() as Iterable<string>)
    },
  )
}

/** Text as it was written, whatever type YAML would give it. */
export const text = scalar(
  'text',
  { type: ['string', 'number', 'boolean'], pattern: '^[^\\u0000]*$' },
  value => (String(value).includes('\0') ? undefined : String(value)),
  () => 'it must not contain NUL characters',
)

/** `true` or `false`. */
export const flag = scalar(
  'true or false',
  { type: 'boolean' },
  value => (typeof value === 'boolean' ? value : undefined),
  value => {
    const word = String(value).toLowerCase()
    const quotes = word === 'true' || word === 'false' ? ', without quotes' : ''
    if (['yes', 'on', 'y', 'true', '1'].includes(word)) return `write true${quotes}`
    return ['no', 'off', 'n', 'false', '0'].includes(word) ? `write false${quotes}` : undefined
  },
)

/** A duration, in milliseconds. */
export const duration = scalar(
  'a duration such as 10s or 1m30s',
  { type: ['string', 'number'], minimum: 0, maximum: 24 * 86_400, pattern: durationPattern },
  value => parseDuration(String(value)),
  value => {
    const text = String(value)
    if (/^-\s*\d/.test(text)) return 'a duration is never negative'
    if (isDuration(text)) return 'the longest is 24d'
    return meant(withShortUnits(text), parseDuration)
  },
)

/** `5 minutes` as `5m`. */
function withShortUnits(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/\s+/g, '')
    .replaceAll(/(?<=\d)(?:milliseconds?|millis|msecs?)/g, 'ms')
    .replaceAll(/(?<=\d)(days?|hours?|hrs?|minutes?|mins?|seconds?|secs?)/g, unit => unit.charAt(0))
}

/** A size within bounds, in bytes; the bounds as they are written. */
export function size(least: string, most: string) {
  const [from = 0, to = 0] = [least, most].map(parseSize)
  return scalar(
    'a size such as 64KiB or 10MB',
    { type: ['string', 'integer'], minimum: from, maximum: to, pattern: String.raw`^\d+(\.\d+)?\s?([kKMGT]i?)?B?$` },
    value => {
      const bytes = parseSize(String(value))
      return bytes !== undefined && bytes >= from && bytes <= to ? bytes : undefined
    },
    value => {
      const bytes = parseSize(String(value))
      if (bytes !== undefined) return bytes < from ? `the smallest is ${least}` : `the largest is ${most}`
      return meant(String(value).replace(/bytes?$/i, 'B'), parseSize)
    },
  )
}

/** "did you mean", if a corrected value can be read. */
function meant(corrected: string, parse: (text: string) => unknown): string | undefined {
  return parse(corrected) === undefined ? undefined : `did you mean "${corrected}"?`
}

/** Permission bits in octal; the text is taken as it is written, since YAML reads `022` as twenty-two. */
export const mode = scalar(
  'octal digits such as 022',
  { type: ['string', 'integer'], minimum: 0, maximum: 7777, pattern: '^(0o)?[0-7]{1,4}$' },
  value =>
    /^(?:0o)?[0-7]{1,4}$/.test(String(value)) ? Number.parseInt(String(value).replace('0o', ''), 8) : undefined,
)

/** A whole number within bounds. */
export function integer(least: number, most: number, expected = `a whole number from ${least} to ${most}`) {
  const isOne = (value: Written): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
  return scalar(
    expected,
    { type: 'integer', minimum: least, maximum: most },
    value => (isOne(value) ? value : undefined),
    value => (isQuoted(value, isOne) ? unquote : undefined),
  )
}

/** A number within bounds. */
export function number(least: number, most: number) {
  const isOne = (value: Written): value is number => typeof value === 'number' && value >= least && value <= most
  return scalar(
    `a number from ${least} to ${most}`,
    { type: 'number', minimum: least, maximum: most },
    value => (isOne(value) ? value : undefined),
    value => (isQuoted(value, isOne) ? unquote : undefined),
  )
}

const unquote = 'write it without quotes'

/** Whether it is a text that would be a fitting number without its quotes. */
function isQuoted(value: Written, fits: (number: number) => boolean): boolean {
  return typeof value === 'string' && value.trim() !== '' && fits(Number(value))
}

/** For editors: names in capitals or small letters, with or without SIG, and numbers. */
const signalPattern = `^(SIG|sig)?(${[...signalNames, ...signalNames.map(name => name.toLowerCase())].join('|')})$|^([1-9]|[12][0-9]|3[01])$`
const codePattern = '^([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$'

/** A signal by name or number. */
export const signal = scalar<Signal>(
  'a signal such as TERM or SIGINT',
  { type: ['string', 'integer'], minimum: 1, maximum: 31, pattern: signalPattern },
  value => parseSignal(String(value)),
  value => didYouMean(String(value).replace(/^SIG/i, ''), signalNames),
)

/** An exit code, or the signal a process ended by. */
export const exitCode = scalar<number | Signal>(
  'an exit code from 0 to 255 or a signal such as TERM',
  { type: ['string', 'integer'], minimum: 0, maximum: 255, pattern: `${signalPattern}|${codePattern}` },
  value => {
    if (!/^\d+$/.test(String(value))) return parseSignal(String(value))
    return Number(value) <= 255 ? Number(value) : undefined
  },
  value => (/^\d/.test(String(value)) ? undefined : didYouMean(String(value).replace(/^SIG/i, ''), signalNames)),
)

/** A map with fixed keys; an unknown key is an issue, except those that begin with `x-`. */
export function section<const Entries extends v.ObjectEntries>(
  expected: string,
  entries: Entries,
  wrongKey: (key: string) => string | undefined,
) {
  return v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isMap, encode('invalid-value', `expected ${expected}`)),
    v.looseObject(entries),
    v.rawCheck(({ dataset, addIssue }) => {
      const input = dataset.value as Record<string, unknown>
      if (!isMap(input)) return
      for (const key of Object.keys(input)) {
        const message = key.startsWith('x-') ? undefined : wrongKey(key)
        if (message === undefined) continue
        addIssue({ message, path: [{ type: 'object', origin: 'key', input, key, value: input[key] }] })
      }
    }),
  )
}

/** A map whose keys the user chooses; `wrongKey` may say what is wrong with one. */
export function mapOf<Schema extends v.GenericSchema>(
  expected: string,
  schema: Schema,
  wrongKey: (key: string) => string | undefined = () => undefined,
) {
  return v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isMap, encode('invalid-value', `expected ${expected}`)),
    v.record(v.string(), schema),
    v.rawCheck(({ dataset, addIssue }) => {
      const input = dataset.value as Record<string, unknown>
      if (!isMap(input)) return
      for (const key of Object.keys(input)) {
        const message = wrongKey(key)
        if (message === undefined) continue
        addIssue({ message, path: [{ type: 'object', origin: 'key', input, key, value: input[key] }] })
      }
    }),
  )
}

/** A list of values. */
export function listOf<Schema extends v.GenericSchema>(expected: string, schema: Schema) {
  return v.array(schema, encode('invalid-value', `expected ${expected}`))
}

/** A value that can be written in several ways. */
export function either<const Options extends v.UnionOptions>(expected: string, options: Options) {
  return v.union(options, encode('invalid-value', `expected ${expected}`))
}

/** What editors and the reference page say of a key beside its description. */
export interface About {
  /** What holds when the key is left out, as a value. */
  readonly usual?: unknown
  /** The same in words, where a value cannot say it. */
  readonly usually?: string
  /** The key with a value, as it would be written. */
  readonly example: string
  /** What other tools call it. */
  readonly compose?: string
  readonly kubernetes?: string
  readonly supervisor?: string
  /** Its behaviour is not in this version yet: it is read and checked, and then refused. */
  readonly later?: true
}

/** An option that may be left out; a key without a value counts as left out. */
export function option<Schema extends v.GenericSchema>(schema: Schema, description: string, about: About) {
  return v.pipe(v.nullish(schema), v.description(description), v.metadata({ about }))
}

/** What was said of an option. */
export function aboutOf(schema: v.GenericSchema): About | undefined {
  return v.getMetadata(schema as Parameters<typeof v.getMetadata>[0]).about as About | undefined
}

const units: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 }

function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s?(?:([kmgt])(i?))?b?$/i.exec(text)
  if (match === null) return undefined
  const [, number = '', unit = '', binary = ''] = match
  const step = units[unit.toLowerCase()] ?? 1
  const bytes = Math.round(Number(number) * (binary === '' ? step : 1024 ** Math.round(Math.log10(step) / 3)))
  return bytes
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
