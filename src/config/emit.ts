/** Values -> YAML that is read back as the same values: block maps, one line for each value. */

/** What a line can hold. */
export type Flat = string | number | boolean | readonly Flat[] | ReadonlyMap<string, Flat>

/** A value and where it comes from, or a map of them. */
export type Emitted =
  | { readonly value: Flat; readonly from: string }
  | { readonly entries: readonly (readonly [key: string, value: Emitted])[] }
  | { readonly items: readonly Emitted[] }

/**
 * Writes a map, one entry of its entries in each step. `origins`: every value is followed by a comment with where it comes
 * from.
 */
export function* emit(
  top: readonly (readonly [key: string, value: Emitted])[],
  origins: boolean,
): Generator<void, string> {
  const lines: Line[] = []
  for (const [key, value] of top) {
    const isMap = 'entries' in value && value.entries.length > 0
    if (isMap) lines.push({ text: `${quoted(key)}:`, from: '' })
    for (const entry of isMap ? value.entries : [[key, value] as const]) {
      put({ entries: [entry] }, isMap ? 1 : 0, lines)
      yield
    }
  }
  if (!origins) return lines.map(({ text }) => `${text}\n`).join('')
  const widest = lines.reduce((most, { text, from }) => Math.max(most, from === '' ? 0 : Math.min(60, text.length)), 0)
  const commented = lines.map(({ text, from }) => {
    return from === '' ? `${text}\n` : `${text.padEnd(widest)}  # ${from.replace(/[\r\n]+/g, ' ')}\n`
  })
  return commented.join('')
}

interface Line {
  readonly text: string
  readonly from: string
}

function put(value: Emitted, depth: number, lines: Line[]): void {
  const indent = '  '.repeat(depth)
  if ('items' in value) {
    for (const item of value.items) putItem(item, depth, lines)
  } else if ('entries' in value) {
    for (const [key, below] of value.entries) {
      if ('value' in below) lines.push({ text: `${indent}${quoted(key)}: ${flat(below.value)}`, from: below.from })
      else if (('items' in below ? below.items : below.entries).length > 0) {
        lines.push({ text: `${indent}${quoted(key)}:`, from: '' })
        put(below, depth + 1, lines)
      }
    }
  }
}

/** An item of a list: a value, or a map that begins behind the dash. */
function putItem(item: Emitted, depth: number, lines: Line[]): void {
  const indent = '  '.repeat(depth)
  if ('value' in item) {
    lines.push({ text: `${indent}- ${flat(item.value)}`, from: item.from })
    return
  }
  const below: Line[] = []
  put(item, depth + 1, below)
  lines.push(
    ...below.map((line, index) => (index > 0 ? line : { ...line, text: `${indent}- ${line.text.trimStart()}` })),
  )
}

function flat(value: Flat): string {
  if (typeof value === 'string') return quoted(value.replace(/\$\{/g, () => '$${'))
  if (value instanceof Map) return `{${[...value].map(([key, item]) => `${quoted(key)}: ${flat(item)}`).join(', ')}}`
  if (Array.isArray(value)) return `[${value.map(item => flat(item as Flat)).join(', ')}]`
  return String(value)
}

/** Text that other readers of YAML take for something else is quoted as well. */
const bare = /^(?!(?:y|n|yes|no|on|off|null|true|false)$)[a-z_/][a-z0-9_./@-]*$|^(?:[0-9]+(?:ms|[dhms]))+$/i

/** A text as YAML reads it back. `${` is left as it is. */
export function quoted(text: string): string {
  if (bare.test(text)) return text
  // What YAML does not print, and the sign that stands for bytes that are no text.
  return JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029\ufeff\ufffd-\uffff]/g, unprintable => {
    return `\\u${unprintable.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
