/** The monotonic clock: CLOCK_MONOTONIC, which nobody sets. */

/**
 * Milliseconds, with fractions, since some moment in the past. Not `performance.now()`: its module and those it draws in
 * would be compiled at each start.
 */
export function now(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}
