/** Supervisor's sections and options, and what is said about one that is near to them or to one of foster's. */
import { nearest } from '../../core/nearest.ts'
import { programKeys } from '../schema.ts'
import { warning } from '../tree.ts'
import type { Ini, Section } from './ini.ts'
import type { Reading } from './reading.ts'

/** Options of both streams. */
const stream = ['logfile', 'logfile_maxbytes', 'logfile_backups', 'capture_maxbytes', 'events_enabled', 'syslog']

const programOptions: readonly string[] = [
  ...['command', 'process_name', 'numprocs', 'numprocs_start', 'priority', 'autostart', 'autorestart', 'startsecs'],
  ...['startretries', 'exitcodes', 'stopsignal', 'stopwaitsecs', 'stopasgroup', 'killasgroup', 'user'],
  ...['redirect_stderr', 'environment', 'directory', 'umask', 'serverurl'],
  ...stream.flatMap(name => [`stdout_${name}`, `stderr_${name}`]),
]

/**
 * foster's own options that may stand in `[program:x]` beside Supervisor's: those that one line can say, and that
 * Supervisor has no word for.
 */
export const ownOptions: readonly string[] = [
  ...['critical', 'kind', 'depends_on', 'restart', 'stop_command', 'env_file', 'env_inherit', 'nice', 'oom_score_adj'],
  ...['pid_file', 'start_timeout'],
]

const options: Readonly<Record<string, readonly string[]>> = {
  supervisord: [
    ...['logfile', 'logfile_maxbytes', 'logfile_backups', 'loglevel', 'pidfile', 'umask', 'nodaemon', 'silent'],
    ...['minfds', 'minprocs', 'nocleanup', 'childlogdir', 'user', 'directory', 'strip_ansi', 'environment'],
    'identifier',
  ],
  unix_http_server: ['file', 'chmod', 'chown', 'username', 'password'],
  inet_http_server: ['port', 'username', 'password'],
  supervisorctl: ['serverurl', 'username', 'password', 'prompt', 'history_file'],
  include: ['files'],
  group: ['programs', 'priority'],
  program: programOptions,
  'fcgi-program': [...programOptions, 'socket', 'socket_backlog', 'socket_owner', 'socket_mode'],
  eventlistener: [...programOptions, 'events', 'buffer_size', 'result_handler'],
  // What else stands there is handed to the factory.
  rpcinterface: [],
  ctlplugin: [],
}

/** Sections whose names go on with `:NAME`. */
const named: ReadonlySet<string> = new Set([
  'program',
  'group',
  'fcgi-program',
  'eventlistener',
  'rpcinterface',
  'ctlplugin',
])

/** Sections whose names may. */
const maybeNamed: ReadonlySet<string> = new Set(['unix_http_server', 'inet_http_server'])

/** The kind of a section: the part before the first colon, if it is one of Supervisor's. */
export function kindOf({ name }: Pick<Section, 'name'>): string | undefined {
  const colon = name.indexOf(':')
  const kind = colon === -1 ? name : name.slice(0, colon)
  if (!Object.hasOwn(options, kind)) return undefined
  return colon === -1
    ? named.has(kind)
      ? undefined
      : kind
    : named.has(kind) || maybeNamed.has(kind)
      ? kind
      : undefined
}

/** The part of a section's name behind the first colon. */
export function suffixOf({ name }: Pick<Section, 'name'>): string {
  return name.slice(name.indexOf(':') + 1)
}

/** Warns of sections and options that supervisord ignores and that look like a slip. */
export function checkNames(reading: Reading): void {
  for (const section of reading.ini.sections.values()) {
    const kind = kindOf(section)
    if (kind === undefined) checkSection(reading, section)
    else checkOptions(reading, section, kind)
  }
}

function checkSection({ diagnostics }: Reading, section: Section): void {
  const [word = ''] = section.name.trim().split(/[:\s]/)
  const meant = Object.hasOwn(options, word) ? word : nearest(word, Object.keys(options))
  if (meant === undefined) return
  const message = `supervisord ignores the section [${section.name}], and so does foster`
  const whole = named.has(meant) ? `${meant}:NAME` : meant
  diagnostics.push(warning(section.at, 'ignored-section', message, `did you mean [${whole}]?`))
}

function checkOptions({ diagnostics }: Reading, section: Section, kind: string): void {
  const usual = options[kind] ?? []
  if (usual.length === 0) return
  const own = kind === 'program' || kind === 'fcgi-program' || kind === 'eventlistener' ? ownOptions : []
  for (const { name, at } of section.options.values()) {
    if (usual.includes(name) || own.includes(name)) continue
    const meant = nearest(name, [...usual, ...own])
    const isOurs = own.length > 0 && programKeys.includes(name)
    const message = `supervisord ignores the option "${name}" in [${section.name}], and so does foster`
    const known = own.length > 0 && Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined
    const hint = known ?? (meant !== undefined ? `did you mean "${meant}"?` : isOurs ? ours : undefined)
    if (hint !== undefined) diagnostics.push(warning(at, 'ignored-option', message, hint))
  }
}

/** What is often written for a program, and has its place elsewhere. */
const elsewhere: Readonly<Record<string, string>> = {
  group: 'a group is a section of its own: [group:NAME], with programs=a,b',
  pidfile: 'foster follows the pid file of a program with kind=daemon: "pid_file"',
}

const ours = `of foster's own options these may stand beside Supervisor's: ${ownOptions.join(', ')}`

/** The sections of a kind, in the order they were written. */
export function sectionsOf({ sections }: Ini, kind: string): readonly Section[] {
  return [...sections.values()].filter(section => kindOf(section) === kind)
}
