/** The parser's errors and warnings -> diagnostics with our words, and what to do about them. */
import type { LineCounter, YAMLError } from 'yaml'
import type { Diagnostic, Place } from '../errors.ts'
import { fault, warning } from './tree.ts'

/** A text that is being parsed. */
export interface Source {
  readonly text: string
  readonly file: string
  readonly lines: LineCounter
  /** Quotes and brackets that are never closed: offset and what it is. */
  readonly unclosed: Map<number, string>
}

/** The place of a range of offsets, without the blanks it begins with; it ends with its first line. */
export function placeIn({ text, file, lines }: Source, from: number, to: number): Place {
  let start = from
  while (text[start] === ' ' || text[start] === '\t') start++
  const next = text[start]
  if (next === undefined || next === '\r' || next === '\n') start = from
  const { line, col } = lines.linePos(start)
  const newline = text.indexOf('\n', start)
  const end = newline === -1 ? to : Math.min(to, newline)
  return { file, line: Math.max(1, line), column: Math.max(1, col), length: Math.max(1, end - start) }
}

/**
 * What is wrong with the syntax. One error drags others behind it, so that the first of each line, and ten of them,
 * say enough; if something is not closed, that alone does.
 */
export function syntaxFaults(errors: readonly YAMLError[], source: Source): readonly Diagnostic[] {
  const unclosed = errors.some(isUnclosed) ? [...source.unclosed].at(-1) : undefined
  if (unclosed !== undefined) {
    const [offset, what] = unclosed
    return [fault(placeIn(source, offset, offset + 1), 'yaml-syntax', `this ${what} is not closed`)]
  }
  const byLine = new Map<number, Diagnostic>()
  for (const [index, error] of errors.entries()) {
    if (index > 0 && /in YAML stream(?::|$)/.test(error.message)) continue
    const at = placeIn(source, error.pos[0], error.pos[1])
    if (byLine.size < 10 && !byLine.has(at.line))
      byLine.set(at.line, fault(at, 'yaml-syntax', ...wordsFor(error, source)))
  }
  return [...byLine.values()]
}

function isUnclosed({ code, message }: YAMLError): boolean {
  return /Missing closing|must end with a|and end with a/.test(message) || code === 'MISSING_CHAR'
}

const coreTag = /tag:yaml\.org,2002:(?:int|float|bool|null)$/

/** What the parser warns of. A tag that nobody knows would change the meaning: that is an error. */
export function syntaxWarnings(warnings: readonly YAMLError[], source: Source): readonly Diagnostic[] {
  return warnings.flatMap(caution => {
    if (coreTag.test(caution.message)) return []
    const at = placeIn(source, caution.pos[0], caution.pos[1])
    if (caution.code !== 'TAG_RESOLVE_FAILED') return [warning(at, 'yaml', ...wordsFor(caution, source))]
    return [fault(at, 'yaml', 'foster knows no such tag', 'remove it, or quote the value if it begins with "!"')]
  })
}

type Words = [message: string, hint?: string | undefined]

function wordsFor(error: YAMLError, source: Source): Words {
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return ['a tab indents this line, YAML takes only spaces']
    case 'MULTIPLE_DOCS':
      return [
        'a second document begins here, a file holds one',
        'remove the "---", or split the file and name both with -c',
      ]
    case 'BLOCK_AS_IMPLICIT_KEY':
      return ['a map begins inside a value', hintOnMap(error, source)]
    case 'BLOCK_IN_FLOW':
      if (source.text.charAt(error.pos[0]) === '-') return otherWords(error, source)
      return ['there is a second ": " in this value', 'quote the value if that is a part of it']
    case 'MULTILINE_IMPLICIT_KEY':
      return ['a key must be on one line with its ":"', 'is a ":" missing, or is the line indented wrongly?']
    case 'BAD_INDENT':
      return ['this line is indented differently from the lines it belongs to']
    case 'RESOURCE_EXHAUSTION':
      return ['nested too deeply']
    case 'MISSING_CHAR':
      if (!/^Missing , or : between/.test(error.message)) return otherWords(error, source)
      return [
        'a "," is missing before this',
        source.text.startsWith('${', error.pos[0] - 1) ? quoteVariables : undefined,
      ]
    case 'BAD_SCALAR_START':
      return [`a value cannot begin with ${source.text.charAt(error.pos[0])}`, 'quote it']
    case 'UNEXPECTED_TOKEN':
      return wordsForToken(error, source)
    default:
      return otherWords(error, source)
  }
}

/** Either the value holds what looks like a key, or the line below is taken for a part of it. */
function hintOnMap(error: YAMLError, { text }: Source): string {
  const line = text.slice(error.pos[0]).split('\n', 1)[0] ?? ''
  return /: /.test(line) ? 'quote the value if it contains ": "' : 'the next line is indented too far'
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is the user's text
const quoteVariables = 'inside [ ] and { } quote values that contain ${...}'

function wordsForToken(error: YAMLError, source: Source): Words {
  const { message, pos } = error
  const sign = source.text.charAt(pos[0])
  const before = source.text.charAt(pos[0] - 1)
  if (/^Unexpected scalar at node end/.test(message) && /["']/.test(before)) {
    const hint =
      before === "'" ? "inside '...' a quote is written twice: 'it''s'" : 'inside "..." a quote is written \\"'
    return ['there is text behind the closing quote', hint]
  }
  if (/^Unexpected block-seq-ind on same line/.test(message)) {
    return ['a list begins in the line of its key', 'begin it on the next line, or write [..., ...]']
  }
  if (/^Unexpected flow-(?:seq|map)-end token/.test(message)) return [`this "${sign}" closes nothing`]
  return otherWords(error, source)
}

function otherWords(error: YAMLError, source: Source): Words {
  // Behind a colon stands what was read; one that stands alone is the sign itself.
  const message = error.message.charAt(0).toLowerCase() + error.message.slice(1).replace(/(?<=\S): .*$/s, '')
  return source.text.startsWith('${', error.pos[0] - 1)
    ? [`the YAML is faulty: ${message}`, quoteVariables]
    : [`the YAML is faulty: ${message}`]
}
