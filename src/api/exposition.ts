/** Metrics as text: the Prometheus format, and OpenMetrics for who asks for it. Pure. */

/** One value with its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** One metric. A counter's name is written without `_total`, an info's without `_info`. */
export interface Family {
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'info'
  readonly help: string
  readonly unit?: 'seconds' | 'bytes'
  readonly samples: readonly Sample[]
}

/** The media type of each format. */
export const mediaTypes = {
  openMetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
} as const

const suffixes = { gauge: '', counter: '_total', info: '_info' } as const

/** Writes metrics; those without samples are left out. */
export function expose(families: readonly Family[], format: keyof typeof mediaTypes): string {
  const isOpen = format === 'openMetrics'
  const lines = families.flatMap(({ name, type, help, unit, samples }) => {
    if (samples.length === 0) return []
    const full = `${name}${suffixes[type]}`
    // OpenMetrics names the family, Prometheus the sample; it knows no info.
    const head = isOpen ? name : full
    const kind = !isOpen && type === 'info' ? 'gauge' : type
    return [
      `# HELP ${head} ${escapeHelp(help)}`,
      `# TYPE ${head} ${kind}`,
      ...(isOpen && unit !== undefined ? [`# UNIT ${head} ${unit}`] : []),
      ...samples.map(({ labels, value }) => `${full}${labelsOf(labels)} ${numberOf(value)}`),
    ]
  })
  return `${[...lines, ...(isOpen ? ['# EOF'] : [])].join('\n')}\n`
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, it => (it === '\n' ? '\\n' : `\\${it}`))
}

function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, it => (it === '\n' ? '\\n' : '\\\\'))
}

function numberOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}
