/** Sections of the schema: maps with fixed keys, and what is said about a key that does not belong there. */
import type * as v from 'valibot'
import { didYouMean, nearest } from '../core/nearest.ts'
import { aboutOf, encode, section } from './values.ts'

/** What other tools call a key. */
const otherNames: Readonly<Record<string, string>> = {
  ...{ services: 'programs', program: 'programs', apps: 'programs', env: 'environment', directory: 'working_dir' },
  ...{ cwd: 'working_dir', workdir: 'working_dir', autorestart: 'restart', startsecs: 'start_seconds' },
  ...{ startretries: 'start_retries', exitcodes: 'success_exit_codes', stopsignal: 'stop_signal' },
  ...{ entrypoint: 'command', stopwaitsecs: 'stop_grace_period', exec: 'command', args: 'command' },
  ...{ initialDelaySeconds: 'initial_delay', periodSeconds: 'period', timeoutSeconds: 'timeout', interval: 'period' },
  ...{ failureThreshold: 'failure_threshold', successThreshold: 'success_threshold', retries: 'failure_threshold' },
  ...{ httpGet: 'http', tcpSocket: 'tcp', startupProbe: 'probes', readinessProbe: 'probes', livenessProbe: 'probes' },
  ...{ after: 'depends_on', requires: 'depends_on', numprocs: 'replicas', includes: 'include', env_files: 'env_file' },
}

/**
 * A map with fixed keys. A key whose behaviour is not there yet is read like the others, and refused. `refused` has the
 * messages about keys that stand in other sections of the kind and not in this one.
 */
export function sectionOf<const Entries extends v.ObjectEntries>(
  expected: string,
  entries: Entries,
  refused: Readonly<Record<string, string>> = {},
) {
  const isLater = (key: string): boolean =>
    Object.hasOwn(entries, key) && aboutOf(entries[key] as v.GenericSchema)?.later === true
  return section(expected, entries, key => {
    if (isLater(key)) return encode('unsupported-key', `key "${key}"`)
    if (Object.hasOwn(entries, key)) return undefined
    if (Object.hasOwn(refused, key)) return refused[key]
    const meant = meantKey(key, Object.keys(entries))
    return encode('unknown-key', `unknown key "${key}"`, meant && `did you mean "${meant}"?`)
  })
}

/** The key that was probably meant: what another tool calls so, or the nearest. */
export function meantKey(key: string, keys: readonly string[]): string | undefined {
  const others = Object.keys(otherNames).filter(name => keys.includes(otherNames[name] ?? ''))
  const near = nearest(key, [...keys, ...others])
  return near === undefined || keys.includes(near) ? near : otherNames[near]
}

/** The message about a word that must be one of a few. */
export function wrongWord(what: string, words: readonly string[]) {
  return (word: string): string | undefined => {
    if (words.includes(word)) return undefined
    return encode('invalid-value', `unknown ${what} "${word}"`, didYouMean(word, words))
  }
}
