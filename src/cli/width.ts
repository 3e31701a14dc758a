/** How wide text stands on a terminal, and text that cannot harm one. */

/** Two columns: the wide and fullwidth ranges of Unicode's East Asian Width, the large ones. */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1aff0, 0x1b2fb],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
]

const plain = /^[\x20-\x7e]*$/

/** Columns that a text of one line takes. */
export function widthOf(text: string): number {
  if (plain.test(text)) return text.length
  let width = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) width += widthOfSegment(segment)
  return width
}

/** What the reader sees as one character. */
function widthOfSegment(segment: string): number {
  if (/^[\p{Cc}\p{Cf}\p{M}]*$/u.test(segment)) return 0
  if (/\p{Emoji_Presentation}|\ufe0f/u.test(segment)) return 2
  const code = segment.codePointAt(0) ?? 0
  return wide.some(([from, to]) => code >= from && code <= to) ? 2 : 1
}

/** Filled up with spaces to so many columns. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** Cut to so many columns, with `…` where something is missing. No colours. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let room = width - 1
  let kept = ''
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    room -= widthOfSegment(segment)
    if (room < 0) break
    kept += segment
  }
  return width > 0 ? `${kept}…` : ''
}

/** Lines of at most so many columns, broken at spaces; a word that is longer stands alone and is not broken. */
export function wrapped(text: string, width: number): readonly string[] {
  if (widthOf(text) <= width) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line)
      line = word
    } else {
      line = longer
    }
  }
  return [...lines, line]
}

/** Control characters, and what turns the direction of text round. */
const steering = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

/** With what could steer a terminal made visible: a program's words do not get to move the cursor in our tables. */
export function harmless(text: string): string {
  return text.replace(steering, it => (it === '\n' || it === '\t' ? ' ' : '\ufffd'))
}
