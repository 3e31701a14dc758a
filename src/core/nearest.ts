/** "Did you mean": the nearest of a few known names. */

/** How many more words are compared in this run: suggestions for the first faults are enough. */
let left = 50_000

/** Begins a run, in which 50,000 words may be compared. */
export function allowSuggestions(): void {
  left = 50_000
}

/**
 * The candidate that was probably meant by `text`, or undefined if none is near: at most a third of the letters differ
 * (two swapped neighbours count as one). Case does not matter.
 */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  const written = text.toLowerCase()
  let best: string | undefined
  let limit = Math.min(4, Math.max(2, Math.floor(written.length / 3) + 1))
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - written.length) >= limit) continue
    if (left-- <= 0) return undefined
    const away = distance(written, candidate.toLowerCase())
    if (away < limit && away < Math.max(candidate.length, written.length) - 1) {
      limit = away
      best = candidate
    }
  }
  return best
}

/** The hint for a name that is not known, or undefined if nothing is near. */
export function didYouMean(text: string, candidates: Iterable<string>): string | undefined {
  const name = nearest(text, candidates)
  return name === undefined ? undefined : `did you mean "${name}"?`
}

/** Edits that lead from one word to the other: insert, delete, replace, swap neighbours. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let least = Math.min(at(row, j) + 1, at(next, j - 1) + 1, at(row, j - 1) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, at(before, j - 2) + 1)
      next.push(least)
    }
    before = row
    row = next
  }
  return at(row, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
