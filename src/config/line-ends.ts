/** What ends a line: LF or CRLF. */
import type { Diagnostic } from '../errors.ts'
import { fault } from './tree.ts'

/** Whether lines end in CR alone, which is reported: all the text would be one line, and its excerpt show all of it. */
export function hasOtherLineEnds(text: string, file: string, diagnostics: Diagnostic[]): boolean {
  if (text.includes('\n') || !/\r./s.test(text)) return false
  const place = { file, line: 1, column: text.indexOf('\r') + 1, length: 1 }
  diagnostics.push(fault(place, 'line-ends', 'the lines end in CR alone', 'save the file with LF or CRLF line ends'))
  return true
}
