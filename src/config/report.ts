/** What `foster check --json` prints: the diagnostics as data. */
import type { Diagnostic } from '../errors.ts'
import type { Loaded } from './load.ts'

/** A fault as data: `file`, `line`, `column` and `length`, or `variable`, or no place at all. */
function dataOf({ code, severity, message, hint, at }: Diagnostic): object {
  return { code, severity, message, ...(hint !== undefined && { hint }), ...at }
}

/** One JSON object, on one line. */
export function checkReport({ plan, diagnostics }: Loaded): string {
  const programs = [...new Set(plan?.programs.map(({ name }) => name))]
  return `${JSON.stringify({ ok: plan !== undefined, programs, diagnostics: diagnostics.map(dataOf) })}\n`
}
