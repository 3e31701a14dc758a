/** What of Python shows through in Supervisor's files and messages: white space, numbers, how a text is quoted. */

/** The characters of `str.isspace`; JavaScript's `\s` differs by some control characters and the byte order mark. */
const spaces = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'

const isBlank = new RegExp(`^[${spaces}]$`)
const leading = new RegExp(`^[${spaces}]+`)
const trailing = new RegExp(`[${spaces}]$`)
const words = new RegExp(`[^${spaces}]+`, 'g')

/** Whether a character is white space. */
export function isSpace(character: string): boolean {
  return isBlank.test(character)
}

/** How much white space a text begins with. */
export function indentOf(text: string): number {
  return leading.exec(text)?.[0].length ?? 0
}

/** `str.rstrip()`. From the end, one by one: a pattern would look at every blank inside again. */
export function stripEnd(text: string): string {
  let end = text.length
  while (end > 0 && trailing.test(text.charAt(end - 1))) end--
  return text.slice(0, end)
}

/** `str.strip()`. */
export function strip(text: string): string {
  return stripEnd(text.slice(indentOf(text)))
}

/** `str.split()`: the words between white space. */
export function splitWhite(text: string): readonly string[] {
  return text.match(words) ?? []
}

const digits = { 8: /^[+-]?(?:0[oO]_?)?[0-7]+(?:_[0-7]+)*$/, 10: /^[+-]?[0-9]+(?:_[0-9]+)*$/ } as const

/** `int(text, base)`; undefined where Python raises a ValueError. */
export function toInteger(text: string, base: 8 | 10 = 10): number | undefined {
  const written = strip(text)
  if (!digits[base].test(written)) return undefined
  const value = Number.parseInt(written.replace(/_/g, '').replace(/^([+-]?)0[oO]/, '$1'), base)
  return value === 0 ? 0 : value
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** `repr(text)`. */
export function repr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const inner = text.replace(/\p{Cc}|[\\\xa0\xad]/gu, character => {
    return escapes[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `${quote}${quote === "'" ? inner.replaceAll("'", "\\'") : inner}${quote}`
}
