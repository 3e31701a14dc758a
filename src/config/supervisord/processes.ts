/** `[program:x]` and its like: one section -> its processes, `numprocs` of them. */

import { environmentOf } from './environment.ts'
import { type Expanded, expandNames, type Names } from './expand.ts'
import { optionOf, type Section } from './ini.ts'
import type { ProcessConfig, StreamConfig } from './model.ts'
import { ownOptions, suffixOf } from './names.ts'
import { toInteger } from './python.ts'
import { caution, complain, filledIn, get, getText, namesOf, parsed, plain, type Reading } from './reading.ts'
import {
  autoRestart,
  boolean,
  byteSize,
  exitCodes,
  expandHome,
  integer,
  type LogFile,
  logFile,
  octal,
  processName,
  signal,
  ValueFault,
} from './values.ts'

/** A section of processes, with what holds for all of them. */
interface Whole {
  readonly reading: Reading
  readonly section: Section
  readonly group: string
  readonly program: string
  readonly names: Names
}

/** How many processes all programs of a file may have together. */
export const mostProcesses = 10_000

/** The processes of a section, as members of a group. */
export function processesOf(reading: Reading, section: Section, group: string): readonly ProcessConfig[] {
  const program = nameOf(reading, section)
  if (program === undefined) return []
  const names = namesOf(reading, {
    program_name: program,
    group_name: group,
    host_node_name: reading.system.hostName(),
  })
  const whole: Whole = { reading, section, group, program, names }
  const shared = sharedOf(whole)
  const read = <T>(name: string, parse: (text: string) => T, usual: T): T =>
    get(reading, section, name, names, parse) ?? usual
  const count = read('numprocs', integer, 1)
  const start = read('numprocs_start', integer, 0)
  const process = processNameOf(whole, count)
  checkCommand(whole)
  if (process === undefined) return []
  if (count > mostProcesses) {
    complain(reading, section, 'numprocs', `numprocs is more than ${mostProcesses}`)
    return []
  }
  const found: ProcessConfig[] = []
  for (let number = start; number < start + count; number++) {
    const before = reading.diagnostics.length
    found.push(...processOf(whole, shared, process, { process_num: number, numprocs: count }))
    // The others would have the same faults.
    if (reading.diagnostics.slice(before).some(({ severity }) => severity === 'error')) break
  }
  return found.sort(byPriority)
}

/** By priority, then by name. */
export function byPriority(a: { name: string; priority: number }, b: { name: string; priority: number }): number {
  return a.priority - b.priority || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
}

/** The name of a section of processes or of a group; undefined if it is faulty. */
export function nameOf(reading: Reading, section: Section): string | undefined {
  return parsed({ ...reading }, section, '', plain(suffixOf(section)), processName)
}

/** The options that are the same for all processes of the section. */
function sharedOf({ reading, section, names }: Whole) {
  const read = <T>(name: string, parse: (text: string) => T, usual: T): T =>
    get(reading, section, name, names, parse) ?? usual
  const user = getText(reading, section, 'user', names)
  const stopasgroup = read('stopasgroup', boolean, false)
  const killasgroup = read('killasgroup', boolean, stopasgroup)
  if (stopasgroup && !killasgroup) {
    complain(reading, section, 'killasgroup', 'Cannot set stopasgroup=true and killasgroup=false')
  }
  const serverurl = getText(reading, section, 'serverurl', names)?.text
  return {
    priority: read('priority', integer, 999),
    autostart: read('autostart', boolean, true),
    autorestart: read('autorestart', autoRestart, 'unexpected' as const),
    startsecs: read('startsecs', integer, 1),
    startretries: read('startretries', integer, 3),
    stopsignal: read('stopsignal', signal, 'TERM' as const),
    stopwaitsecs: read('stopwaitsecs', integer, 10),
    stopasgroup,
    killasgroup,
    exitcodes: read('exitcodes', exitCodes, [0]),
    redirectStderr: read('redirect_stderr', boolean, false),
    user,
    uid: user && parsed(reading, section, 'user', user, text => uidOf(text, reading)),
    umask: get(reading, section, 'umask', names, octal),
    serverurl: serverurl?.trim().toUpperCase() === 'AUTO' ? undefined : serverurl || undefined,
    captures: {
      stdout: read('stdout_capture_maxbytes', byteSize, 0),
      stderr: read('stderr_capture_maxbytes', byteSize, 0),
    },
    events: {
      stdout: read('stdout_events_enabled', boolean, false),
      stderr: read('stderr_events_enabled', boolean, false),
    },
  }
}

type Shared = ReturnType<typeof sharedOf>

/** A user by name or number, who must have an entry. */
export function uidOf(text: string, { system }: Reading): number {
  const uid = toInteger(text)
  const account = uid === undefined ? system.account(text) : system.accountByUid(uid)
  if (account !== undefined) return account.uid
  throw new ValueFault(uid === undefined ? `Invalid user name ${text}` : `Invalid user id ${text}`)
}

/** `process_name` as it is written: Supervisor looks at it before its names are filled in. */
function processNameOf({ reading, section }: Whole, count: number): string | undefined {
  const written = optionOf(reading.ini, section, 'process_name')?.value ?? '%(program_name)s'
  const name = parsed(reading, section, 'process_name', plain(written), processName)
  if (name === undefined || count <= 1 || name.includes('%(process_num)')) return name
  const message = '%(process_num) must be present within process_name when numprocs > 1'
  complain(reading, section, 'process_name', message, 'process_name=%(program_name)s_%(process_num)02d')
  return undefined
}

function checkCommand({ reading, section }: Whole): void {
  if (optionOf(reading.ini, section, 'command') !== undefined) return
  const message = `program section ${section.name} does not specify a command`
  complain(reading, section, 'command', message)
}

/** One process; nothing if it is faulty. */
function processOf(whole: Whole, shared: Shared, name: string, numbers: Numbers): readonly ProcessConfig[] {
  const { reading, section, group, program } = whole
  const { captures, events, ...same } = shared
  const base = { program_name: program, group_name: group, host_node_name: reading.system.hostName(), ...numbers }
  const environment = environmentOf(reading, section, namesOf(reading, base))
  const own = Object.fromEntries([...environment].map(([variable, { value }]) => [`ENV_${variable}`, value.text]))
  const names = namesOf(reading, { ...base, ...own })
  const command = getText(reading, section, 'command', names)
  const stdout = streamOf(whole, 'stdout', names, captures.stdout, events.stdout)
  const stderr = streamOf(whole, 'stderr', names, captures.stderr, events.stderr)
  const hasFile = stderr.logfile.kind === 'file'
  if (shared.redirectStderr && hasFile) {
    const message = `For [${section.name}], redirect_stderr=true but stderr_logfile has also been set to a filename, the filename has been ignored`
    caution(reading, section, 'stderr_logfile', 'supervisor', message)
  }
  const called = processNameWith(whole, name, names)
  if (called === undefined || command === undefined) return []
  return [
    {
      ...same,
      ...{ name: called, group, section, command, environment, stdout },
      stderr: shared.redirectStderr ? { ...stderr, logfile: { kind: 'none' } } : stderr,
      directory: getText(reading, section, 'directory', names),
      own: ownOf(whole, names),
    },
  ]
}

interface Numbers {
  readonly process_num: number
  readonly numprocs: number
}

function processNameWith({ reading, section }: Whole, written: string, names: Names): string | undefined {
  const option = optionOf(reading.ini, section, 'process_name')
  if (option !== undefined) return filledIn(reading, { ...option, value: written }, 'process_name', names)?.text
  const expanded = expandNames(written, names)
  return 'why' in expanded ? undefined : expanded.text
}

function streamOf(
  whole: Whole,
  stream: 'stdout' | 'stderr',
  names: Names,
  captureMaxbytes: number,
  eventsEnabled: boolean,
): StreamConfig {
  const { reading, section } = whole
  const read = <T>(option: string, parse: (text: string) => T, usual: T): T =>
    get(reading, section, `${stream}_${option}`, names, parse) ?? usual
  const maxbytes = read('logfile_maxbytes', byteSize, 50 * 1024 * 1024)
  const backups = read('logfile_backups', integer, 10)
  const written = logFileOf(whole, `${stream}_logfile`, names)
  const syslog = read('syslog', boolean, false) || written.kind === 'syslog'
  const logfile: LogFile = written.kind === 'syslog' ? { kind: 'none' } : written
  return { logfile, maxbytes, backups, syslog, captureMaxbytes, eventsEnabled }
}

/** Names in the path are filled in twice, as supervisord does: a `%%` in it is an error there, too. */
function logFileOf({ reading, section }: Whole, name: string, names: Names): LogFile {
  const option = optionOf(reading.ini, section, name)
  const once = option && getText(reading, section, name, names)
  if (option === undefined || once === undefined) return { kind: 'auto' }
  const twice = once.text.includes('%') ? filledIn(reading, { ...option, value: once.text }, name, names) : once
  if (twice === undefined) return { kind: 'auto' }
  return parsed(reading, section, name, twice, text => logFile(text, reading.paths)) ?? { kind: 'auto' }
}

/** foster's own options; where Supervisor fills in names, they are filled in here, too. */
function ownOf({ reading, section }: Whole, names: Names): ReadonlyMap<string, Expanded> {
  const found = new Map<string, Expanded>()
  for (const name of ownOptions) {
    const text = section.options.has(name) ? getText(reading, section, name, names) : undefined
    if (text !== undefined) found.set(name, text)
  }
  return found
}

/** The directory of a path that is written with `~`, or the path itself. */
export function homely(text: string, reading: Reading): string {
  return expandHome(text, reading.paths)
}
