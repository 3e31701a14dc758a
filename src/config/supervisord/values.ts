/** The types of Supervisor's options: each reads a text as `supervisor/datatypes.py` does, and refuses it in the same words. */
import { posix } from 'node:path'
import { type Signal, signalNumbers } from '../../core/signal.ts'
import { repr, strip, toInteger } from './python.ts'

/** A value that cannot be read; the message is Supervisor's. */
export class ValueFault extends Error {}

function refuse(message: string): never {
  throw new ValueFault(message)
}

/** A whole number. */
export function integer(text: string): number {
  return toInteger(text) ?? refuse(`invalid literal for int() with base 10: ${repr(text)}`)
}

const truthy: ReadonlySet<string> = new Set(['yes', 'true', 'on', '1'])
const falsy: ReadonlySet<string> = new Set(['no', 'false', 'off', '0'])

/** `yes true on 1`, `no false off 0`. */
export function boolean(text: string): boolean {
  const word = text.toLowerCase()
  if (truthy.has(word)) return true
  return falsy.has(word) ? false : refuse(`not a valid boolean value: ${repr(text)}`)
}

const units: Readonly<Record<string, number>> = { kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

/** Bytes, or a number with KB, MB or GB. */
export function byteSize(text: string): number {
  const unit = units[text.slice(-2).toLowerCase()]
  return unit === undefined ? integer(text.toLowerCase()) : integer(text.slice(0, -2).toLowerCase()) * unit
}

/** Digits in octal. */
export function octal(text: string): number {
  return toInteger(text, 8) ?? refuse(`${text} can not be converted to an octal type`)
}

/** Names that Python's `signal` module has beside Linux's own. */
const otherSignals: Readonly<Record<string, Signal>> = { CLD: 'CHLD', IOT: 'ABRT', POLL: 'IO' }

/** A signal by name or number, with or without `SIG`. Real-time signals cannot be sent by foster. */
export function signal(text: string): Signal {
  const number = toInteger(text)
  const names = Object.keys(signalNumbers) as readonly Signal[]
  if (number !== undefined) {
    const found = names.find(name => signalNumbers[name] === number)
    return found ?? refuse(`value ${repr(text)} is not a valid signal number`)
  }
  const name = strip(text).toUpperCase().replace(/^SIG/, '')
  const found = otherSignals[name] ?? names.find(it => it === name)
  return found ?? refuse(`value ${repr(text)} is not a valid signal name`)
}

/** Exit codes from 0 to 255, separated by commas. Nothing is an empty list. */
export function exitCodes(text: string): readonly number[] {
  if (text === '') return []
  return text.split(',').map(item => {
    const code = toInteger(item)
    return code !== undefined && code >= 0 && code <= 255
      ? code
      : refuse(`not a valid list of exit codes: ${repr(text)}`)
  })
}

/** When a program that ended is started again. */
export type AutoRestart = 'always' | 'unexpected' | 'never'

/** `unexpected`, or a boolean. */
export function autoRestart(text: string): AutoRestart {
  const word = text.toLowerCase()
  if (truthy.has(word)) return 'always'
  if (falsy.has(word)) return 'never'
  return word === 'unexpected' ? word : refuse(`invalid 'autorestart' value ${repr(word)}`)
}

/** Items separated by commas. */
export function strings(text: string): readonly string[] {
  return text === '' ? [] : text.split(',').map(strip)
}

/** A name of a process or a group. */
export function processName(text: string): string {
  const name = strip(text)
  for (const character of ' :/') {
    if (name.includes(character)) refuse(`Invalid name: ${repr(text)} because of character: ${repr(character)}`)
  }
  return name
}

const levels: ReadonlySet<string> = new Set(['blather', 'trace', 'debug', 'info', 'warn', 'error', 'critical'])

/** A level of the main log. */
export function logLevel(text: string): string {
  const level = text.toLowerCase()
  return levels.has(level) ? level : refuse(`bad logging level name ${repr(text)}`)
}

/** What is asked of the system about a path. */
export interface Paths {
  whatIs(path: string): 'directory' | 'other' | 'nothing' | undefined
  /** The home of a user by name, or of foster's own for ''. */
  home(user: string): string | undefined
}

/** `os.path.expanduser`. */
export function expandHome(text: string, paths: Paths): string {
  const match = /^~([^/]*)/.exec(text)
  const home = match && paths.home(match[1] ?? '')
  return home == null ? text : home.replace(/\/+$/, '') + text.slice(match?.[0].length) || '/'
}

/** A directory that exists. */
export function existingDirectory(text: string, paths: Paths): string {
  const path = expandHome(text, paths)
  return paths.whatIs(path) === 'directory' ? path : refuse(`${text} is not an existing directory`)
}

/** A path in a directory that exists. */
export function existingDirpath(text: string, paths: Paths): string {
  const path = expandHome(text, paths)
  const end = path.lastIndexOf('/')
  if (end === -1) return path
  const directory = path.slice(0, end + 1).replace(/(?<=[^/])\/+$/, '')
  if (paths.whatIs(directory) === 'directory') return path
  return refuse(`The directory named as part of the path ${text} does not exist`)
}

/** Where the output of a program goes. */
export type LogFile =
  /** `isEmpty`: nothing was written, which Supervisor's clients are told as it is. */
  | { readonly kind: 'none' | 'auto' | 'syslog'; readonly isEmpty?: true }
  | { readonly kind: 'file'; readonly path: string }

/** `NONE`, `AUTO`, `syslog`, or a path; nothing is no file either. */
export function logFile(text: string, paths: Paths): LogFile {
  const word = text.toLowerCase()
  if (word === '') return { kind: 'none', isEmpty: true }
  if (word === 'none' || word === 'off') return { kind: 'none' }
  if (word === 'auto' || word === 'syslog') return { kind: word }
  return { kind: 'file', path: existingDirpath(text, paths) }
}

/** An address of a server: host and port; the host is '' for all addresses. */
export function inetAddress(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':')
  const written = text.slice(colon + 1)
  const host = colon === -1 ? '' : text.slice(0, colon).toLowerCase()
  if (colon !== -1 && written === '') refuse("no port number specified in ''")
  const port = toInteger(written)
  const invalid = `not a valid port number: ${repr(text)} `
  if (port === undefined)
    return refuse(colon === -1 ? invalid : `invalid literal for int() with base 10: ${repr(written)}`)
  const bound = port < 1 ? 'below lower bound (1)' : port > 0xffff ? 'above upper bound (65535)' : undefined
  if (bound !== undefined) refuse(colon === -1 ? invalid : `${port} is ${bound}`)
  return { host: host === '*' ? '' : host, port }
}

/** `os.path.normpath(os.path.abspath(path))`, relative to a directory. */
export function normalize(path: string, directory: string): string {
  const whole = posix.resolve(directory, path)
  return path.startsWith('//') && !path.startsWith('///') ? `/${whole}` : whole
}
