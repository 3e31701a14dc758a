/**
 * XML, as far as XML-RPC needs it: elements and text. Strict and bounded: no document types, so no entities but the five
 * and characters by number, and so many levels. It takes one pass and no recursion.
 */

/** An element. `text` is all its own character data, `children` what stands between. Attributes are read and forgotten. */
export interface Element {
  readonly name: string
  readonly text: string
  readonly children: readonly Element[]
}

/** Elements inside each other; a value inside an array or a struct takes three or four. */
export const deepest = 256

interface Open {
  readonly name: string
  text: string
  readonly children: Element[]
}

/** What may stand between elements and in text: comments, CDATA, instructions, tags, text. */
const token =
  /<!--([\s\S]*?)-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?(?!xml[ \t\r\n?])[A-Za-z_][\s\S]*?\?>|<(\/?)([A-Za-z_:][\w:.-]*)((?:[ \t\r\n]+[\w:.-]+[ \t\r\n]*=[ \t\r\n]*(?:"[^"<]*"|'[^'<]*'))*)[ \t\r\n]*(\/?)>|[^<]+/y

const declaration = /^\uFEFF?(?:<\?xml(?:[ \t\r\n][^<>]*)?\?>)?/

/** The document's element; undefined: it is not well-formed, or asks for more than this reads. */
export function readXml(document: string): Element | undefined {
  const root: Open = { name: '', text: '', children: [] }
  const open: Open[] = [root]
  token.lastIndex = declaration.exec(document)?.[0].length ?? 0
  while (token.lastIndex < document.length) {
    const found = token.exec(document)
    if (found === null || !take(found, open)) return undefined
  }
  const [only] = root.children
  return open.length === 1 && root.children.length === 1 && root.text.trim() === '' ? only : undefined
}

/** False: that cannot stand here. */
function take([all, comment, data, close, name = '', attributes = '', empty]: RegExpExecArray, open: Open[]): boolean {
  const top = open.at(-1) as Open
  if (comment !== undefined) return !comment.includes('--') && !comment.endsWith('-')
  if (data !== undefined) return addText(top, open, plain(data))
  if (name === '') return all.startsWith('<') || addText(top, open, unescaped(all))
  if (close === '/') return attributes === '' && empty === '' && end(open, name)
  if (open.length > deepest || !hasDistinctNames(attributes)) return false
  open.push({ name, text: '', children: [] })
  return empty !== '/' || end(open, name)
}

function addText(top: Open, open: Open[], text: string | undefined): boolean {
  if (text === undefined || (open.length === 1 && text.trim() !== '')) return false
  top.text += text
  return true
}

function end(open: Open[], name: string): boolean {
  const ended = open.pop() as Open
  const parent = open.at(-1)
  if (parent === undefined || ended.name !== name) return false
  parent.children.push(ended)
  return true
}

function hasDistinctNames(attributes: string): boolean {
  if (attributes === '') return true
  const names = [...attributes.matchAll(/([\w:.-]+)[ \t\r\n]*=/g)].map(([, name]) => name)
  return new Set(names).size === names.length
}

/** Characters as XML reads them before anything else. */
function plain(text: string): string | undefined {
  const lines = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
  return forbidden.test(lines) ? undefined : lines
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** What is no reference to a character. */
const stray = /&(?!(?:#x[\da-fA-F]{1,6}|#\d{1,7}|lt|gt|amp|quot|apos);)/

/** Text with its entities replaced and its line ends as XML has them; undefined: there is one that it cannot have. */
function unescaped(text: string): string | undefined {
  const lines = plain(text)
  if (lines === undefined || !lines.includes('&')) return lines
  if (stray.test(lines)) return undefined
  let isFaulty = false
  const result = lines.replace(/&(?:#x([^;]+)|#([^;]+)|([a-z]+));/g, (_all, hex, decimal, name) => {
    const character = name === undefined ? numbered(hex, decimal) : entities[name]
    if (character === undefined) isFaulty = true
    return character ?? ''
  })
  return isFaulty ? undefined : result
}

function numbered(hex: string | undefined, decimal: string | undefined): string | undefined {
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  if (!(code <= 0x10_ffff)) return undefined
  const character = String.fromCodePoint(code)
  return forbidden.test(character) ? undefined : character
}

/** Characters that XML 1.0 cannot hold in any form. */
const forbidden = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u

/** Text that stands in an element. What XML cannot hold is U+FFFD, so that the rest can be read. */
export function escaped(text: string): string {
  return text.replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]|[&<>\r]/gu, character => {
    if (character === '&') return '&amp;'
    if (character === '<') return '&lt;'
    if (character === '>') return '&gt;'
    return character === '\r' ? '&#13;' : '\uFFFD'
  })
}
