/** What a Supervisor file says -> the tree that YAML would give, and what YAML has no word for. */
import type { LogTarget } from '../../core/log-plan.ts'
import { type Program, programDefaults, type SharedSocket } from '../../core/plan.ts'
import type { Diagnostic, Place } from '../../errors.ts'
import { literal } from '../expand.ts'
import { type Entry, type Mapping, type Scalar, type Tree, warning } from '../tree.ts'
import { templateOf } from './expand.ts'
import type { GroupConfig, ProcessConfig, StreamConfig, SupervisorConfig } from './model.ts'
import { type Converted, escaped, mapOf, scalar, texted } from './nodes.ts'
import { dependenciesOf, ownEntries } from './own.ts'
import { repr } from './python.ts'
import { valuePlace } from './reading.ts'
import { splitCommand } from './shlex.ts'
import { eventsOf, isListener, relaysOf, streamsOf } from './streams.ts'

/** A configuration in the form of YAML's. */
export interface WrittenSupervisor {
  readonly tree: Mapping<Scalar>
  readonly config: SupervisorConfig
  /** What is to be changed in each program of the plan. */
  readonly programs: ReadonlyMap<string, (resolved: Program) => Program>
}

/** What a process is called in the plan: its own name; the group's as well where another group has that name, too. */
export function planNames(groups: readonly GroupConfig[]): ReadonlyMap<ProcessConfig, string> {
  const counts = new Map<string, number>()
  for (const { name } of groups.flatMap(it => it.processes)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return new Map(
    groups.flatMap(({ processes }) =>
      processes.map(it => [it, counts.get(it.name) === 1 ? it.name : `${it.group}:${it.name}`] as const),
    ),
  )
}

/** Writes the tree. Programs come in the order in which supervisord starts them. */
export function writeSupervisor(config: SupervisorConfig, diagnostics: Diagnostic[]): WrittenSupervisor {
  const { daemon, groups } = config
  const names = planNames(groups)
  const programs = new Map<string, Entry<Scalar>>()
  const changes = new Map<string, (resolved: Program) => Program>()
  const relays = relaysOf(config)
  for (const group of groups) {
    for (const process of group.processes) {
      const name = names.get(process) ?? process.name
      const { at } = process.section
      const place = placesOf(process)
      const streams = streamsOf(process, place, relays)
      const own = dependenciesOf(process, place('depends_on'), config, names)
      const entries = { ...entriesOf(process, config, place, diagnostics), ...streams, ...own }
      programs.set(name, { at, node: mapOf(at, entries) })
      changes.set(name, resolved => ({
        ...resolved,
        ...changesOf(group, process),
        ...(group.socket && { stdin: 'null', socket: ownedBy(group.socket, resolved) }),
        log: logOf(resolved, process, daemon.stripAnsi),
      }))
    }
  }
  const { at } = daemon.section
  const tree = mapOf(at, {
    programs: { kind: 'map', at, entries: programs },
    log: mapOf(at, { format: scalar('prefix', at) }),
    shutdown: mapOf(at, { timeout: scalar(`${timeoutOf(groups)}s`, at) }),
  })
  return { tree, config, programs: changes }
}

/** Where an option's value stands; the section if it is not written. */
function placesOf({ section }: ProcessConfig): (name: string) => Place {
  return name => {
    const option = section.options.get(name)
    return option === undefined ? section.at : valuePlace(option)
  }
}

const day = 86_400

/** Seconds of a duration, within what foster takes. */
export function seconds(value: number): number {
  return Math.min(23 * day, Math.max(0, value))
}

/** The time for the shutdown: at least what Docker leaves, and the longest `stopwaitsecs` and a second more. */
export function timeoutOf(groups: readonly GroupConfig[]): number {
  return Math.max(9, ...groups.flatMap(it => it.processes).map(it => seconds(it.stopwaitsecs) + 1))
}

/** What YAML has no word for. */
function changesOf({ name, priority }: GroupConfig, process: ProcessConfig): Partial<Program> {
  const { stopwaitsecs, own } = process
  return {
    group: name === process.name ? undefined : name,
    priority,
    stopGraceMillis: seconds(stopwaitsecs) * 1000,
    setsIdentity: false,
    ...(!own.has('restart') && !own.has('kind') && { rules: 'supervisor' as const }),
  }
}

/** A socket that nobody was named for is the user's of the program. */
function ownedBy(socket: SharedSocket, { user }: Program): SharedSocket {
  const { address } = socket
  if (!('file' in address) || address.owner !== undefined || user === undefined) return socket
  return { ...socket, address: { ...address, owner: { uid: user.uid, gid: user.gid } } }
}

/** Beside a file, or alone. */
function withSyslog(targets: readonly LogTarget[], { logfile }: StreamConfig): readonly LogTarget[] {
  return [...(logfile.kind === 'none' ? [] : targets), { to: 'syslog' }]
}

/** A listener's stdout is the protocol; a file may have it as well. */
function logOf({ log }: Program, process: ProcessConfig, isStripped: boolean): Program['log'] {
  const events = eventsOf(process)
  const { stdout, stderr } = process
  const files = log.stdout.filter(({ to }) => to === 'file')
  return {
    ...log,
    ...(stdout.syslog && { stdout: withSyslog(log.stdout, stdout) }),
    ...(stderr.syslog && log.stderr !== 'stdout' && { stderr: withSyslog(log.stderr, stderr) }),
    ...(isListener(process) && { stdout: [{ to: 'protocol' as const }, ...files] }),
    ...(isStripped && { stripAnsi: true as const }),
    ...(events && { events }),
  }
}

function entriesOf(
  process: ProcessConfig,
  config: SupervisorConfig,
  at: (name: string) => Place,
  diagnostics: Diagnostic[],
): Readonly<Record<string, Tree>> {
  const { section, own, directory } = process
  const isWritten = (name: string): boolean => section.options.has(name)
  const user = process.uid === undefined ? config.daemon.user : process.user
  return {
    command: commandOf(process, at('command'), diagnostics),
    critical: scalar('false', section.at),
    stdin: scalar('pipe', section.at),
    environment: variablesOf(process, config),
    ...(directory && { working_dir: escaped(directory, at('directory')) }),
    ...(user && { user: texted(user, at('user')) }),
    ...(process.umask !== undefined && { umask: scalar(octalOf(process.umask), at('umask')) }),
    ...(!process.autostart && { autostart: scalar('false', at('autostart')) }),
    restart: scalar(restartWords[process.autorestart], at('autorestart')),
    ...(isWritten('exitcodes') && {
      success_exit_codes: {
        kind: 'list',
        at: at('exitcodes'),
        items: process.exitcodes.map(code => scalar(String(code), at('exitcodes'))),
      } as const,
    }),
    ...(isWritten('startsecs') && { start_seconds: scalar(`${seconds(process.startsecs)}s`, at('startsecs')) }),
    ...(isWritten('startretries') && {
      start_retries: scalar(String(Math.min(1_000_000, Math.max(0, process.startretries))), at('startretries')),
    }),
    ...(process.stopsignal !== programDefaults.stopSignal && {
      stop_signal: scalar(process.stopsignal, at('stopsignal')),
    }),
    ...(isWritten('stopwaitsecs') && {
      stop_grace_period: scalar(`${seconds(process.stopwaitsecs)}s`, at('stopwaitsecs')),
    }),
    ...(process.stopasgroup && { stop_scope: scalar('group', at('stopasgroup')) }),
    // foster gives programs 65536 descriptors where it may.
    ...(config.daemon.minfds > 65_536 && {
      ulimits: mapOf(at('minfds'), { nofile: scalar(String(config.daemon.minfds), at('minfds')) }),
    }),
    ...ownEntries(own, at),
  }
}

const restartWords = { always: 'always', unexpected: 'on-failure', never: 'never' } as const

function octalOf(value: number): string {
  return value.toString(8).padStart(3, '0')
}

/** The words of a command. One that cannot be split starts no sooner than with supervisord: never. */
function commandOf({ command, section }: ProcessConfig, at: Place, diagnostics: Diagnostic[]): Tree {
  const words = splitCommand(command.text)
  const shown = splitCommand(command.shown)
  const templates = splitCommand(templateOf(command))
  if (typeof words === 'string') {
    const message = `can't parse command in section ${repr(section.name)}: ${words}`
    diagnostics.push(warning(at, 'invalid-command', message, 'the program will not start'))
    return { kind: 'list', at, items: [escaped(command, at)] }
  }
  // A variable may bring several words.
  const wordOf = (list: readonly string[] | string, index: number): string | undefined =>
    typeof list === 'string' || list.length !== words.length ? undefined : list[index]
  const items = words.map((text, index): Converted => {
    const seen = wordOf(shown, index) ?? '***'
    const isMasked = command.text !== command.shown && text !== seen
    const value = literal(text)
    const template = wordOf(templates, index)
    const masked = isMasked && { shown: seen, ...(template !== undefined && { template: literal(template) }) }
    return { kind: 'scalar', at, text: value, plain: false, masked: isMasked, value, ...masked }
  })
  return { kind: 'list', at, items }
}

/** What supervisord adds, then its own `environment`, then the program's. */
function variablesOf(process: ProcessConfig, { daemon, servers }: SupervisorConfig): Mapping<Scalar> {
  const { section, name, group, serverurl, environment } = process
  const url = serverurl ?? urlOf(servers)
  const entries = new Map<string, Entry<Scalar>>()
  const set = (variable: string, value: string): void => {
    entries.set(variable, { at: section.at, node: { ...scalar(literal(value), section.at), plain: false } })
  }
  set('SUPERVISOR_ENABLED', '1')
  if (url !== undefined) set('SUPERVISOR_SERVER_URL', url)
  set('SUPERVISOR_PROCESS_NAME', name)
  set('SUPERVISOR_GROUP_NAME', group)
  for (const variables of [daemon.environment, environment]) {
    for (const [variable, { value, at }] of variables) entries.set(variable, { at, node: escaped(value, at) })
  }
  return { kind: 'map', at: section.at, entries }
}

/** The server that programs are told of: a unix socket before an address. */
export function urlOf(servers: SupervisorConfig['servers']): string | undefined {
  const addresses = servers.map(({ address }) => address)
  const unix = addresses.find(address => 'file' in address)
  if (unix !== undefined && 'file' in unix) return `unix://${unix.file}`
  const inet = addresses.findLast(address => 'port' in address)
  return inet !== undefined && 'port' in inet ? `http://${inet.host || 'localhost'}:${inet.port}` : undefined
}
