/** What an unquoted scalar means: the core schema of YAML 1.2 (section 10.3.2), in which `no` and `on` are words. */

const integer = /^[-+]?[0-9]+$/
const octal = /^0o[0-7]+$/
const hexadecimal = /^0x[0-9a-fA-F]+$/
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const infinite = /^([-+]?)\.(?:inf|Inf|INF)$/
const words: ReadonlyMap<string, boolean | null> = new Map([
  ...['', '~', 'null', 'Null', 'NULL'].map(word => [word, null] as const),
  ...['true', 'True', 'TRUE'].map(word => [word, true] as const),
  ...['false', 'False', 'FALSE'].map(word => [word, false] as const),
])

/** Reads an unquoted scalar as YAML does: null, a boolean, a number, or the text itself. */
export function readScalar(text: string): string | number | boolean | null {
  const word = words.get(text)
  if (word !== undefined) return word
  if (!/^[-+.0-9]/.test(text)) return text
  if (integer.test(text) || float.test(text) || octal.test(text) || hexadecimal.test(text)) return Number(text)
  const sign = infinite.exec(text)
  if (sign !== null) return sign[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return /^\.(?:nan|NaN|NAN)$/.test(text) ? Number.NaN : text
}
