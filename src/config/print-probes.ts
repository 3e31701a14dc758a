/** The probes of a program, to be printed; those of a health check in the words of the others. */
import { type Probe, type ProbeName, probeNames } from '../core/probe.ts'
import type { ProbeSettings } from './checks.ts'
import { formatDuration } from './duration.ts'
import type { Emitted } from './emit.ts'
import type { Say } from './print-control.ts'
import { commandOfTest } from './probes.ts'
import type { ProgramSettings } from './schema.ts'
import { splitWords } from './words.ts'

type Entries = [string, Emitted][]

/** What is tried comes from what is written, since the plan has `%(name)` filled in; the rest comes from the plan. */
export function probeEntries(
  probes: { readonly [Name in ProbeName]?: Probe },
  { probes: written, healthcheck }: ProgramSettings,
  say: Say,
): Entries {
  const entries = probeNames.flatMap((name): Entries => {
    const probe = probes[name]
    if (probe === undefined) return []
    const settings = written?.[name] as ProbeSettings | null | undefined
    const path = settings == null ? ['healthcheck'] : ['probes', name]
    const check =
      settings == null
        ? entry(
            'exec',
            say(healthcheck?.test == null ? [] : (commandOfTest(healthcheck.test) ?? []), [...path, 'test']),
          )
        : checkEntry(settings, path, say)
    const keys = settings == null ? composeKeys(name) : {}
    const own = numbersOf(probe).map(([key, value]) => entry(key, say(value, [...path, keys[key] ?? key])))
    return [[name, { entries: [check, ...own] }]]
  })
  return entries.length === 0 ? [] : [['probes', { entries }]]
}

const entry = (key: string, value: Emitted): [string, Emitted] => [key, value]

/** What Compose calls the numbers; a liveness probe's first delay is the interval. */
const composeKeys = (name: ProbeName): Readonly<Record<string, string>> => ({
  period: 'interval',
  failure_threshold: 'retries',
  ...(name === 'liveness' && { initial_delay: 'interval' }),
})

function numbersOf(probe: Probe): readonly (readonly [string, string | number])[] {
  return [
    ['initial_delay', formatDuration(probe.initialDelay)],
    ['period', formatDuration(probe.period)],
    ['timeout', formatDuration(probe.timeout)],
    ['success_threshold', probe.successThreshold],
    ['failure_threshold', probe.failureThreshold],
    ['start_period', formatDuration(probe.startPeriod)],
    ['start_interval', formatDuration(probe.startInterval)],
  ]
}

function checkEntry(settings: ProbeSettings, path: readonly string[], say: Say): [string, Emitted] {
  const { exec, http, tcp, log, fd, notify, file } = settings
  const of = (key: string, value: string | number | boolean): [string, Emitted] => [key, say(value, [...path, key])]
  if (exec != null) {
    const words = typeof exec === 'string' ? splitWords(exec) : exec
    return ['exec', say('message' in words ? [] : words, [...path, 'exec'])]
  }
  if (typeof http === 'string') return of('http', http)
  if (http != null) {
    const headers = Object.entries(http.headers ?? {}).map(([name, value]) =>
      entry(name, say(value, [...path, 'http', 'headers', name], true)),
    )
    const url = entry('url', say(http.url ?? '', [...path, 'http', 'url']))
    return ['http', { entries: [url, entry('headers', { entries: headers })] }]
  }
  if (tcp != null) return of('tcp', tcp)
  if (log != null) return of('log', log)
  if (fd != null) return of('fd', fd)
  return notify == null ? of('file', file ?? '') : of('notify', notify)
}
