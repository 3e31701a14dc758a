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
  ...{ scale: 'replicas', restartPolicy: 'restart', terminationGracePeriodSeconds: 'stop_grace_period' },
  ...{ cmd: 'command', run: 'command', script: 'command', chdir: 'working_dir', dir: 'working_dir' },
  ...{ instances: 'replicas', username: 'user', needs: 'depends_on', kill_signal: 'stop_signal', type: 'kind' },
  ...{ stop_timeout: 'stop_grace_period', kill_timeout: 'stop_grace_period', envs: 'environment', vars: 'environment' },
  ...{ path: 'file', filename: 'file', size: 'max_size', backups: 'keep', max_file: 'keep', initial: 'delay' },
  ...{ ready: 'readiness', ready_check: 'readiness', live: 'liveness', alive: 'liveness', start: 'startup' },
  ...{ group_add: 'groups', envFrom: 'env_file', workingDir: 'working_dir', containers: 'programs' },
}

const ofContainer = 'foster runs programs in one container: this is said where that is started'
const toStreams = 'write "log: {stdout: ..., stderr: ...}"'

/** What to do about keys of other tools that have no counterpart of another name. */
const advice: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...['image', 'build', 'ports', 'expose', 'volumes', 'networks', 'network_mode', 'links', 'container_name'],
      ...['hostname', 'privileged', 'cap_add', 'cap_drop', 'security_opt', 'devices', 'mem_limit', 'cpus', 'shm_size'],
      ...[
        'read_only',
        'tmpfs',
        'dns',
        'extra_hosts',
        'sysctls',
        'labels',
        'pull_policy',
        'platform',
        'init',
        'configs',
      ],
      ...['resources', 'volumeMounts', 'imagePullPolicy'],
    ].map(key => [key, ofContainer]),
  ),
  ...{ version: 'foster.yaml has no version, remove it', deploy: 'write "replicas: N"' },
  ...{ logging: toStreams, stdout_logfile: toStreams, stderr_logfile: toStreams },
  ...{ stdout: toStreams, stderr: toStreams },
  ...{ redirect_stderr: 'write "log: {stderr: stdout}"', priority: 'the order comes from "depends_on"' },
  ...{ stopasgroup: 'write "stop_scope: group"', killasgroup: 'SIGKILL always reaches the whole group' },
  ...{ process_name: 'a program is called as its key, its processes NAME:0, NAME:1, ...' },
  ...{ profiles: 'write "autostart: false"', stdin_open: 'write "stdin: inherit" or "stdin: pipe"' },
  ...{ lifecycle: 'write "stop_command: ..." for preStop', securityContext: 'write "user: UID:GID"' },
  ...{ extends: 'use "defaults", or YAML anchors and "<<"' },
}

const url = 'write "url: http://localhost:PORT/PATH"'
const belowProbes = 'a probe stands under startup, readiness or liveness'
const besideProbes = 'write "probes: {readiness: {...}}"; also startup and liveness'

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
    const hint = adviceOn(key, entries)
    return encode('unknown-key', `unknown key "${key}"`, hint ?? (meant && `did you mean "${meant}"?`))
  })
}

/** What is said of a key that belongs to another tool, or to another level. */
function adviceOn(key: string, entries: v.ObjectEntries): string | undefined {
  const isTop = Object.hasOwn(entries, 'programs')
  if (isTop || Object.hasOwn(entries, 'command')) {
    if (['startup', 'readiness', 'liveness'].includes(key) && !isTop) return besideProbes
    return Object.hasOwn(advice, key) ? advice[key] : undefined
  }
  if (Object.hasOwn(entries, 'headers') && /^(?:path|port|host|scheme|httpHeaders)$/.test(key)) {
    return key === 'httpHeaders' ? 'did you mean "headers"?' : url
  }
  const isOfProbes = Object.hasOwn(entries, 'readiness')
  const isOfProbe = ['exec', 'http', 'tcp', 'log', 'fd', 'file', 'notify', 'httpGet', 'tcpSocket'].includes(key)
  return isOfProbes && isOfProbe ? belowProbes : undefined
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
