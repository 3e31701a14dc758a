/** Text and times as Compose takes them. */

/** Compose fills in `$NAME` and `${NAME}` everywhere. */
export function escaped(text: string): string {
  return text.replaceAll('$', () => '$$')
}

/** Durations as Compose takes them. */
export function composeDuration(millis: number): string {
  return millis % 1000 === 0 ? `${millis / 1000}s` : `${Math.max(1, Math.round(millis))}ms`
}
