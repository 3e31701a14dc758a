/** What ends a line: LF or CRLF. Of CR CR LF, what wrong conversions make, the parser of YAML would take a CR for text. */
import type { Diagnostic } from '../errors.ts'
import { fault } from './tree.ts'

const saveIt = 'save the file with LF or CRLF line ends'

/** Whether a line ends in CR CR LF, which is reported. */
export function hasDoubledLineEnds(text: string, file: string, diagnostics: Diagnostic[]): boolean {
  const at = text.indexOf('\r\r\n')
  if (at === -1) return false
  const before = text.slice(0, at)
  const column = at - before.lastIndexOf('\n')
  const place = { file, line: before.split('\n').length, column, length: 1 }
  diagnostics.push(fault(place, 'line-ends', 'the line ends in CR CR LF', saveIt))
  return true
}

/** Whether lines end in CR alone, which is reported: all the text would be one line, and its excerpt show all of it. */
export function hasOtherLineEnds(text: string, file: string, diagnostics: Diagnostic[]): boolean {
  if (text.includes('\n') || !/\r./s.test(text)) return false
  const place = { file, line: 1, column: text.indexOf('\r') + 1, length: 1 }
  diagnostics.push(fault(place, 'line-ends', 'the lines end in CR alone', saveIt))
  return true
}
