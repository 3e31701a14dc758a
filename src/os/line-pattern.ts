/** Regular expressions that PID 1 itself matches with what programs write. */

/**
 * The expression of a `log` probe, which is valid with the flag `u`. A match that tries the same too often is handed over
 * to V8's engine that needs linear time: else a line could keep foster busy for ever. That engine knows neither the flag,
 * which is left out where the pattern has nothing that needs it (a character beyond U+FFFF counts as two then), nor
 * references and looks ahead or behind.
 */
export function linePattern(pattern: string): RegExp {
  process.getBuiltinModule('node:v8').setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
  return new RegExp(pattern, /[\u0080-\uffff]|\\u\{|\\p\{/i.test(pattern) ? 'u' : '')
}
