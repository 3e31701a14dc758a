/** What is answered about processes: Supervisor's structs. */
import { type Ending, isSuccess } from '../../core/ending.ts'
import { labelOf } from '../../core/plan.ts'
import type { State } from '../../core/state.ts'
import type { SupervisorGroup, SupervisorProcess, SupervisorStream } from '../../core/supervisor.ts'
import type { FosterFacts } from '../foster.ts'
import type { Past } from '../snapshot.ts'
import type { Struct } from './codec.ts'
import { type Member, stateCode, stateOf, stateWord } from './members.ts'

/** Everything about a process since it was added. Times are seconds of the wall clock, 0 for what never was. */
export function infoOf(foster: FosterFacts, member: Member, added: number): Struct {
  const { group, process } = member
  const state = stateOf(member, foster.world())
  const known = foster.journal.past(labelOf(member.program))
  const { lastExit } = known
  const past = { ...known, lastExit: lastExit !== undefined && lastExit.at >= added ? lastExit : undefined }
  const start = startOf(foster, state, past)
  const stop = past.lastExit?.at ?? 0
  const error = spawnError(member, state, past)
  const logfile = pathOf(process.stdout)
  return {
    name: process.name,
    group: group.name,
    start: seconds(start),
    stop: seconds(stop),
    now: seconds(foster.wall()),
    state: stateCode(state),
    statename: stateWord(state),
    spawnerr: error,
    exitstatus: exitStatus(member, state, past),
    logfile,
    stdout_logfile: logfile,
    stderr_logfile: pathOf(process.stderr),
    pid: 'pid' in state ? state.pid : 0,
    description: describe(foster, member, state, { start, stop, error }),
  }
}

const seconds = (millis: number): number => Math.floor(millis / 1000)

/** A stream that is collected, or thrown away, has no file. */
function pathOf({ logfile }: SupervisorStream): string {
  return logfile === 'auto' || logfile === 'none' ? '' : logfile
}

/** When it was started last. */
function startOf({ now, wall }: FosterFacts, state: State, { lastExit }: Past): number {
  if ('since' in state) return wall() - (now() - state.since)
  return lastExit === undefined ? 0 : lastExit.at - (lastExit.uptime ?? 0)
}

/** What has gone wrong at last, as Supervisor says it; empty while it runs, or after it was stopped. */
export function spawnError({ program }: Member, state: State, { lastExit }: Past): string {
  const ending = state.at === 'fatal' && state.cause.why === 'failed' ? state.cause.ending : state.last
  if (state.at === 'fatal' && state.cause.why === 'dependency') return `depends on ${state.cause.on}, which has failed`
  if (ending === undefined || !(state.at === 'backoff' || state.at === 'fatal' || state.at === 'exited')) return ''
  if (ending.how === 'unstartable') return inSupervisorsWords(ending.reason)
  if (state.at === 'exited') return isSuccess(ending, program.successExitCodes) ? '' : badExit(ending)
  return (lastExit?.uptime ?? 0) < program.startMillis
    ? 'Exited too quickly (process log may have details)'
    : badExit(ending)
}

/** The causes that Supervisor has words for, too. */
function inSupervisorsWords(reason: string): string {
  const [, file, what] = /^(.+): (not found|is a directory|not executable)$/s.exec(reason) ?? []
  if (what === undefined) return reason
  return what === 'not found' ? `can't find command '${file}'` : `command at '${file}' is ${what.replace(/^is /, '')}`
}

const badExit = (ending: Ending): string => `Bad exit code ${codeOf(ending)}`

/** A death by signal is -1. */
const codeOf = (ending: Ending): number => (ending.how === 'exited' ? ending.code : -1)

/** The exit code of the last run; what ended too early for Supervisor has none. */
function exitStatus({ program }: Member, state: State, { lastExit }: Past): number {
  const { last } = state
  const isOld = state.at !== 'stopped' && state.at !== 'exited'
  if (last === undefined || lastExit === undefined || isOld || last.how === 'unstartable') return 0
  return state.at === 'exited' && (lastExit.uptime ?? 0) < program.startMillis ? 0 : codeOf(last)
}

function describe(
  foster: FosterFacts,
  { process }: Member,
  state: State,
  { start, stop, error }: { readonly start: number; readonly stop: number; readonly error: string },
): string {
  const word = stateWord(state)
  if (word === 'RUNNING' && 'pid' in state) {
    return `pid ${state.pid}, uptime ${uptime(Math.max(0, seconds(foster.wall()) - seconds(start)))}`
  }
  if (word === 'FATAL' || word === 'BACKOFF') return error || `unknown error (try "tail ${process.name}")`
  if (word !== 'STOPPED' && word !== 'EXITED') return ''
  return start === 0 ? 'Not started' : localTime(stop)
}

/** `0:01:40`, `1 day, 2:03:04`. */
export function uptime(total: number): string {
  const two = (value: number): string => String(Math.floor(value) % 60).padStart(2, '0')
  const days = Math.floor(total / 86_400)
  const clock = `${Math.floor(total / 3600) % 24}:${two(total / 60)}:${two(total)}`
  return days === 0 ? clock : `${days} day${days === 1 ? '' : 's'}, ${clock}`
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `Nov 23 08:27 PM`, by the container's time zone. */
function localTime(wall: number): string {
  const date = new Date(wall)
  const two = (value: number): string => String(value).padStart(2, '0')
  const hour = date.getHours()
  const day = `${months[date.getMonth()]} ${two(date.getDate())}`
  return `${day} ${two(hour % 12 || 12)}:${two(date.getMinutes())} ${hour < 12 ? 'AM' : 'PM'}`
}

/** A process as it is configured. */
export function configOf(group: SupervisorGroup, process: SupervisorProcess, inuse: boolean): Struct {
  return {
    autostart: process.autostart,
    directory: process.directory ?? 'none',
    uid: process.uid ?? 'none',
    command: process.command,
    exitcodes: process.exitcodes,
    group: group.name,
    group_prio: group.priority,
    inuse,
    killasgroup: process.killasgroup,
    name: process.name,
    process_prio: process.priority,
    redirect_stderr: process.redirect_stderr,
    startretries: process.startretries,
    startsecs: process.startsecs,
    ...streamOf('stdout', process.stdout),
    ...streamOf('stderr', process.stderr),
    stopsignal: process.stopsignal,
    stopwaitsecs: process.stopwaitsecs,
    serverurl: process.serverurl ?? 'none',
  }
}

function streamOf(name: string, stream: SupervisorStream): Struct {
  return Object.fromEntries(
    (['capture_maxbytes', 'events_enabled', 'logfile', 'logfile_backups', 'logfile_maxbytes', 'syslog'] as const).map(
      key => [`${name}_${key}`, stream[key]],
    ),
  )
}
