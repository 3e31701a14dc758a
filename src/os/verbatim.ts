/**
 * Arguments and environment as the kernel has them: bytes, not text. Node reads them as UTF-8 and puts U+FFFD for what
 * is none, so a file name in Latin-1 would reach CMD spoilt. Here a byte that is not UTF-8 is a lone surrogate,
 * U+DC80 to U+DCFF, and `encode` makes it that byte again.
 */
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { uncovered } from './covers.ts'

const replacement = '\ufffd'

/** Foster's own arguments, without the program's name. */
export function ownArguments(): readonly string[] {
  const read = process.argv.slice(2)
  if (!read.some(it => it.includes(replacement))) return read
  const found = strings('/proc/self/cmdline').slice(-read.length)
  return found.length === read.length ? found : read
}

/** Foster's own environment, as the programs are to have it. */
export function ownEnvironment(): Record<string, string> {
  return uncovered(presentEnvironment())
}

/** The environment that foster's process really has: variables that Node is not to see have other names in it. */
export function presentEnvironment(): Record<string, string> {
  const read = Object.entries(process.env).filter((it): it is [string, string] => it[1] !== undefined)
  if (!read.some(it => it.join('').includes(replacement))) return Object.fromEntries(read)
  const found = strings('/proc/self/environ').flatMap(it => (it.includes('=') ? [pair(it)] : []))
  return Object.fromEntries(found.length > 0 ? found : read)
}

function pair(entry: string): [string, string] {
  const at = entry.indexOf('=')
  return [entry.slice(0, at), entry.slice(at + 1)]
}

/** The strings of a file of /proc that ends each with NUL; none without /proc. */
function strings(path: string): readonly string[] {
  try {
    return decode(readFileSync(path)).split('\0').slice(0, -1)
  } catch {
    return []
  }
}

/** Bytes as text that `encode` turns into the same bytes. */
export function decode(bytes: Uint8Array): string {
  if (isUtf8(bytes)) return Buffer.from(bytes).toString()
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] ?? 0
    const piece = bytes.subarray(at, at + (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4))
    const isText = isUtf8(piece)
    text += isText ? Buffer.from(piece).toString() : String.fromCharCode(0xdc00 + lead)
    at += isText ? piece.length : 1
  }
  return text
}

/** Text as UTF-8, each lone surrogate of `decode` as its byte. */
export function encode(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text)
  // The odd ones are the captures. With `u`, half of a pair is no match.
  const parts = text.split(/([\udc80-\udcff])/u)
  return Buffer.concat(parts.map((it, i) => (i % 2 === 1 ? Buffer.of(it.charCodeAt(0) - 0xdc00) : Buffer.from(it))))
}
