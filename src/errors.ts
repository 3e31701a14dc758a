/** What foster says when something is wrong: faults in what the user gave us, with their place, and failures of the system. */

/** A place in a text the user wrote. Lines and columns count from 1; columns are characters, not bytes. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  /** How many characters the caret underlines; at least 1. */
  readonly length: number
}

/** One fault in the configuration or usage. */
export interface Diagnostic {
  /** A stable name for programs to match on, e.g. `unknown-key`. */
  readonly code: string
  readonly severity: 'error' | 'warning'
  /** Lower case, without a full stop: what is wrong, and what to do where that is not plain. */
  readonly message: string
  /** Where: a place in a file, the name of an environment variable, or nothing (usage). */
  readonly at: Place | { readonly variable: string } | undefined
  /** "did you mean", or what to do. */
  readonly hint?: string
}

/** A failure whose words are meant for the user as they stand: "cannot X: why". */
export class FosterError extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.name = 'FosterError'
    this.exitCode = exitCode
  }
}

/**
 * Renders one fault as a compiler would: `file:line:column: error: message`, the source line, a caret, the hint.
 * `source` gives the text of a file by the name in the diagnostic, or undefined if it cannot be shown. `coloured`: for a
 * terminal.
 */
export function render(
  fault: Diagnostic,
  source: (file: string) => string | undefined,
  coloured: boolean = false,
): string {
  const paint = (text: string, colour: number): string => (coloured ? `\x1b[${colour}m${text}\x1b[0m` : text)
  const colour = fault.severity === 'error' ? red : yellow
  const hint = fault.hint === undefined ? '' : `\n  ${fault.hint}`
  const words = `${paint(`${fault.severity}:`, colour)} ${fault.message}`
  const { at } = fault
  if (at === undefined) return `foster: ${words}${hint}`
  if ('variable' in at) return `${paint(`${at.variable}:`, bold)} ${words}${hint}`
  const shown = excerpt(at, source(at.file), carets => paint(carets, colour))
  return `${paint(`${at.file}:${at.line}:${at.column}:`, bold)} ${words}${shown}${hint}`
}

const bold = 1
const red = 31
const yellow = 33

const widest = 160

/** A line by its number; only what is before it is looked at, since there may be many faults in a large file. */
function lineOf(text: string, number: number): string | undefined {
  const end = /\r\n|\n|\r/g
  let from = 0
  for (let line = 1; ; line++) {
    const found = end.exec(text)
    if (line === number) return text.slice(from, found?.index)
    if (found === null) return undefined
    from = end.lastIndex
  }
}

/** As many blanks as a text takes columns; its tabs are kept. */
function blanks(text: string): string {
  return text.replace(/[^\t]/gu, sign => (noColumn.test(sign) ? '' : twoColumns.test(sign) ? '  ' : ' '))
}

const noColumn = /[\p{Mn}\p{Me}\p{Cf}]/u
/** Wide signs of East Asia, and pictures. */
const twoColumns =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u

/** The source line and a caret below it. Tabs are kept in the caret's line, so that both are as wide as the terminal shows them. */
function excerpt(at: Place, text: string | undefined, paint: (carets: string) => string): string {
  const line = text === undefined ? undefined : lineOf(text, at.line)
  if (line === undefined || line.trim() === '') return ''
  const from = Math.max(0, at.column - 1 - Math.floor(widest / 2))
  const shown = line.slice(from, from + widest)
  const start = at.column - 1 - from
  const before = blanks(shown.slice(0, start))
  const carets = '^'.repeat(Math.max(1, blanks(shown.slice(start, start + at.length)).length))
  return `\n  ${shown}\n  ${before}${paint(carets)}`
}
