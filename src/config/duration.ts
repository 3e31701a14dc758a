/** Durations as people write them: `500ms`, `10s`, `1m30s`, `1h`; a bare number is seconds. */

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** Longer waits overflow the timers of the runtime, which hold 2^31 - 1 milliseconds. */
const longest = 24 * 86_400_000

const pattern =
  /^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/

/** The same as a regular expression of JSON Schema, for editors. */
export const durationPattern = `^[0-9]+(\\.[0-9]+)?$|^(?=.)${pattern.source.slice(1).replaceAll('(?:', '(')}`

/** Reads a duration, in milliseconds; undefined if it is none, is negative or is longer than 24 days. */
export function parseDuration(text: string): number | undefined {
  const millis = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : sum(pattern.exec(text))
  if (millis === undefined || !(millis <= longest)) return undefined
  return Math.round(millis)
}

/** Whether a text is a duration, however long. */
export function isDuration(text: string): boolean {
  return text !== '' && (/^\d+(?:\.\d+)?(?:e\+?\d+)?$|^Infinity$/.test(text) || pattern.test(text))
}

function sum(match: RegExpExecArray | null): number | undefined {
  if (match === null || match[0] === '') return undefined
  return units.reduce((total, [, size], index) => total + Number(match[index + 1] ?? 0) * size, 0)
}

/** Writes milliseconds the short way: 90000 is `1m30s`. */
export function formatDuration(millis: number): string {
  let rest = Math.round(millis)
  let text = ''
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) text += `${count}${unit}`
  }
  return text === '' ? '0s' : text
}
