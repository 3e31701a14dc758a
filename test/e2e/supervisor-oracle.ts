/** Debian's supervisor as an oracle, and what foster makes of the same files in the same form. */
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { environmentOf } from '../../src/config/supervisord/environment.ts'
import { expandNames, type Names } from '../../src/config/supervisord/expand.ts'
import { type Ini, readIni } from '../../src/config/supervisord/ini.ts'
import type { ProcessConfig, StreamConfig, SupervisorConfig } from '../../src/config/supervisord/model.ts'
import { readSupervisor } from '../../src/config/supervisord/read.ts'
import type { System } from '../../src/config/supervisord/reading.ts'
import { splitCommand } from '../../src/config/supervisord/shlex.ts'
import { urlOf, writeSupervisor } from '../../src/config/supervisord/written.ts'
import { signalNumbers } from '../../src/core/signal.ts'
import type { Diagnostic } from '../../src/errors.ts'
import { openAccounts } from '../../src/os/accounts.ts'
import { whatIs } from '../../src/os/files.ts'
import { fixture } from './rig.ts'

const python = '/usr/bin/python3'

/** What both sides run with. */
export const environment: Readonly<Record<string, string>> = {
  ...{
    PATH: '/usr/bin:/bin',
    HOME: '/root',
    LANG: 'C.UTF-8',
    APP_PORT: '8080',
    QUEUE: 'mail',
    PCT: '50%',
    QUOTED: 'a"b',
  },
}

/** Why there is no oracle; false: there is one. */
export const missing: string | false = hasOracle() ? false : "needs Debian's package supervisor"

function hasOracle(): boolean {
  try {
    execFileSync(python, ['-c', 'import supervisor'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A file as the oracle loaded it, or why it did not. */
export interface Answer {
  readonly error?: string
  readonly groups?: readonly unknown[]
  readonly processes?: readonly Readonly<Record<string, unknown>>[]
  readonly serverurl?: string | null
  readonly warnings?: readonly string[]
}

interface Parsed {
  readonly error?: string
  readonly sections?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** A value, or why there is none. */
export interface Tried {
  readonly value?: unknown
  readonly error?: string
}

/** What clients are told of a file. */
export interface Told {
  readonly error?: string
  readonly configs?: readonly Readonly<Record<string, unknown>>[]
  readonly infos?: readonly Readonly<Record<string, unknown>>[]
}

interface Answers {
  readonly told: readonly Told[]
  readonly texts: readonly Parsed[]
  readonly files: readonly Answer[]
  readonly formats: readonly Tried[]
  readonly commands: readonly Tried[]
  readonly environments: readonly Tried[]
}

/** Asks for all of it at once: Python takes its time to start. */
export function ask(questions: { readonly [Kind in keyof Answers]?: readonly string[] }): Partial<Answers> {
  const input = JSON.stringify(questions)
  const options = { input, env: environment, maxBuffer: 256 * 1024 * 1024, encoding: 'utf8' } as const
  return JSON.parse(execFileSync(python, [fixture('supervisor_oracle.py')], options))
}

/** The sections of a text as foster reads them. */
export function parse(text: string): Parsed {
  const ini: Ini = { sections: new Map(), defaults: new Map() }
  const diagnostics: Diagnostic[] = []
  readIni(text, 'x.conf', ini, diagnostics)
  const fault = diagnostics.find(({ severity }) => severity === 'error')
  if (fault !== undefined) return { error: fault.message }
  const sections = [...ini.sections.values()].map(({ name, options }) => {
    const all = [...ini.defaults.values(), ...options.values()]
    return [name, Object.fromEntries(all.map(option => [option.name, option.value]))]
  })
  return { sections: Object.fromEntries(sections) }
}

/** The same names as in the oracle. */
const names: Names = new Map<string, string | number>([
  ...([
    ['process_num', 7],
    ['numprocs', 12],
    ['program_name', 'web'],
    ['here', '/etc'],
  ] as const),
  ...([
    ['ENV_A', 'x y'],
    ['ENV_B', '%d'],
  ] as const),
])

/** A format with its names filled in. */
export function expand(text: string): Tried {
  const expanded = expandNames(text, names)
  return 'why' in expanded ? { error: expanded.unknown ?? expanded.why } : { value: expanded.text }
}

/** The words of a command. */
export function split(text: string): Tried {
  const words = splitCommand(text)
  return typeof words === 'string' ? { error: words } : { value: words }
}

/** The variables that `environment` sets. */
export function pairs(text: string): Tried {
  const at = { file: '', line: 1, column: 1, length: 1 }
  const option = { name: 'environment', at, value: text.replaceAll('%', '%%'), pieces: [] }
  const section = { name: 's', at, options: new Map([['environment', option]]) }
  const diagnostics: Diagnostic[] = []
  const ini: Ini = { sections: new Map([['s', section]]), defaults: new Map() }
  const paths = { whatIs, home: () => undefined }
  const reading = { ini, system, paths, diagnostics, here: '/', variables: new Map<string, string>() }
  const found = [...environmentOf(reading, section, names)].map(([name, { value }]) => [name, value.text])
  const fault = diagnostics.find(({ severity }) => severity === 'error')
  return fault === undefined ? { value: Object.fromEntries(found) } : { error: fault.message }
}

const system: System = {
  ...{ uid: process.getuid?.() ?? 0, environment, hostName: hostname, directory: () => process.cwd(), whatIs },
  ...openAccounts(),
}

/** A file as foster loads it, in the oracle's form; `warned`: whether it said anything. */
export function loadFile(file: string): Answer & { diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const files = {
    read: (path: string) => readFileSync(path, 'utf8'),
    glob: (pattern: string) => globSync(pattern),
    hide: () => {},
  }
  const config = readSupervisor(readFileSync(file, 'utf8'), file, system, files, diagnostics)
  if (config !== undefined) writeSupervisor(config, diagnostics)
  const fault = diagnostics.find(({ severity }) => severity === 'error')
  if (fault !== undefined || config === undefined) return { error: fault?.message ?? '', diagnostics }
  return {
    diagnostics,
    groups: config.groups.map(({ name, priority }) => [name, priority]),
    processes: config.groups.flatMap(({ processes }) => processes.map(it => shapeOf(it, config))),
    serverurl: urlOf(config.servers) ?? null,
  }
}

function shapeOf(it: ProcessConfig, config: SupervisorConfig): Readonly<Record<string, unknown>> {
  const { name, group, command, directory, stdout, stderr, stopsignal, redirectStderr, ...rest } = it
  const { section: _section, user: _user, own: _own, environment: variables, umask, uid, serverurl, ...same } = rest
  const environments = [...config.daemon.environment, ...variables]
  return {
    ...{ name, group, command: command.text, directory: directory?.text ?? null, ...same },
    ...{ umask: umask ?? null, uid: uid ?? null, serverurl: serverurl ?? null, redirect_stderr: redirectStderr },
    ...{ stopsignal: signalNumbers[stopsignal], stdout: streamOf(stdout), stderr: streamOf(stderr) },
    environment: Object.fromEntries(environments.map(([variable, { value }]) => [variable, value.text])),
  }
}

function streamOf({ logfile, maxbytes, backups, syslog, captureMaxbytes, eventsEnabled }: StreamConfig) {
  return {
    ...{ logfile: logfile.kind === 'file' ? logfile.path : logfile.kind, logfile_maxbytes: maxbytes },
    ...{ logfile_backups: backups, syslog, capture_maxbytes: captureMaxbytes, events_enabled: eventsEnabled },
  }
}
