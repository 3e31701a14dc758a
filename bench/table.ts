/** Medians, ratios and the tables they are printed in. */

/** One column of a figure. */
export interface Column {
  readonly title: string
  readonly unit: 'ms' | 's' | 'KiB' | 'MiB' | 'MB/s' | '%' | ''
}

/** What a figure has measured: samples by row and by column. Smaller is better where the notes do not say otherwise. */
export interface Table {
  readonly title: string
  /** How to read it, one line each. */
  readonly notes: readonly string[]
  readonly columns: readonly Column[]
  /** The row that the others are divided by. */
  readonly reference: string
  readonly samples: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/** A table in Markdown that is readable as it is: median, the range it lies in, and how many times the reference that is. */
export function render(table: Table): string {
  const { title, notes, columns, samples, reference } = table
  const head = ['', ...columns.flatMap(({ title: text, unit }) => [unit === '' ? text : `${text}, ${unit}`, 'ratio'])]
  const body = [...samples].map(([row, values]) => [
    row,
    ...columns.flatMap(({ title: column }) => cells(values.get(column), samples.get(reference)?.get(column))),
  ])
  return `### ${title}\n\n${grid([head, ...body])}\n\n${notes.map(note => `- ${note}\n`).join('')}`
}

function cells(samples: readonly number[] = [], reference: readonly number[] = []): [string, string] {
  if (samples.length === 0) return ['-', '-']
  const middle = median(samples)
  const range = samples.length === 1 ? '' : ` (${short(Math.min(...samples))}..${short(Math.max(...samples))})`
  const base = median(reference)
  return [short(middle) + range, base > 0 ? (middle / base).toFixed(2) : '-']
}

function short(value: number): string {
  if (value >= 100) return Math.round(value).toString()
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

function grid(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  const [head = [], ...body] = rows
  return [line(head), rule, ...body.map(line)].join('\n')
}

/** Collects samples while a figure runs. */
export class Samples {
  readonly rows = new Map<string, Map<string, number[]>>()

  add(row: string, column: string, value: number): void {
    const values = this.rows.get(row) ?? new Map<string, number[]>()
    this.rows.set(row, values)
    values.set(column, [...(values.get(column) ?? []), value])
  }
}
