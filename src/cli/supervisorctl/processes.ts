/** The commands of supervisorctl that concern processes: status, pid, start, stop, restart, signal, clear. */
import type { Struct } from '../../api/supervisor/codec.ts'
import { faultCodes } from '../../api/supervisor/faults.ts'
import { splitWhite } from '../../config/supervisord/python.ts'
import { type Ctl, faultOf, numberOf, specOf, splitSpec, statuses, textOf } from './ctl.ts'
import { showHelp } from './help.ts'
import { valueError } from './troubles.ts'

/** States in which a process does not run: STOPPED, EXITED, FATAL, UNKNOWN. */
const stoppedStates: ReadonlySet<number> = new Set([0, 100, 200, 1000])

/** `status [NAME...]` */
export async function status(ctl: Ctl, argument: string): Promise<void> {
  if (!(await ctl.isUp())) {
    ctl.exitStatus = statuses.unknown
    return
  }
  const all = await ctl.structs('getAllProcessInfo')
  const names = splitWhite(argument)
  const chosen = names.length === 0 || names.includes('all') ? all : names.flatMap(name => matching(ctl, name, all))
  const specs = chosen.map(it => specOf(textOf(it, 'group'), textOf(it, 'name')))
  const width = Math.max(30, ...specs.map(it => [...it].length)) + 3
  for (const [at, info] of chosen.entries()) {
    const spec = padded(specs[at] ?? '', width)
    ctl.output(`${spec}${padded(textOf(info, 'statename'), 10)}${textOf(info, 'description')}`)
  }
  if (chosen.some(it => stoppedStates.has(numberOf(it, 'state')))) ctl.exitStatus = statuses.programsNotRunning
}

/** Columns are counted in characters. */
function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - [...text].length))
}

function matching(ctl: Ctl, name: string, all: readonly Struct[]): readonly Struct[] {
  const { group, process } = splitSpec(name)
  const found = all.filter(it => it.group === group && (process === undefined || it.name === process))
  if (found.length > 0) return found
  const message = process === undefined ? `${group}: ERROR (no such group)` : `${name}: ERROR (no such process)`
  ctl.wrong(message, statuses.unknown)
  return []
}

/** `pid [NAME...]` */
export async function pid(ctl: Ctl, argument: string): Promise<void> {
  if (!(await ctl.isUp())) return
  const names = splitWhite(argument)
  if (names.length === 0) return ctl.output(String(await ctl.call('getPID')))
  if (names.includes('all')) {
    for (const info of await ctl.structs('getAllProcessInfo')) ctl.output(textOf(info, 'pid'))
    return
  }
  for (const name of names) {
    try {
      const info = (await ctl.call('getProcessInfo', name)) as Struct
      ctl.output(textOf(info, 'pid'))
      if (numberOf(info, 'pid') === 0) ctl.exitStatus = statuses.notRunning
    } catch (error) {
      if (faultOf(error).faultCode !== faultCodes.BAD_NAME) throw error
      ctl.wrong(`No such process ${name}`)
    }
  }
}

/** What is done with processes: the methods, and how their results are told. */
interface Deed {
  readonly one: string
  readonly group: string
  readonly all: string
  /** Parameters behind the name. */
  readonly more: readonly string[]
  readonly done: string
  /** What is said of a fault, by its code. */
  readonly faults: Readonly<Record<number, string>>
  /** A fault that is no failure. */
  readonly ignored: number | undefined
  /** The exit code where there is no such group. */
  readonly noGroup: number
}

const starting: Deed = {
  ...{ one: 'startProcess', group: 'startProcessGroup', all: 'startAllProcesses', more: [], done: 'started' },
  faults: {
    [faultCodes.BAD_NAME]: 'no such process',
    [faultCodes.NO_FILE]: 'no such file',
    [faultCodes.NOT_EXECUTABLE]: 'file is not executable',
    [faultCodes.ALREADY_STARTED]: 'already started',
    [faultCodes.SPAWN_ERROR]: 'spawn error',
    [faultCodes.ABNORMAL_TERMINATION]: 'abnormal termination',
  },
  ...{ ignored: faultCodes.ALREADY_STARTED, noGroup: statuses.invalidArguments },
}

const signalFaults = {
  [faultCodes.BAD_NAME]: 'no such process',
  [faultCodes.BAD_SIGNAL]: 'bad signal name',
  [faultCodes.NOT_RUNNING]: 'not running',
}

const stopping: Deed = {
  ...{ one: 'stopProcess', group: 'stopProcessGroup', all: 'stopAllProcesses', more: [], done: 'stopped' },
  ...{ faults: signalFaults, ignored: faultCodes.NOT_RUNNING, noGroup: statuses.generic },
}

const signalling = (signal: string): Deed => ({
  ...{ one: 'signalProcess', group: 'signalProcessGroup', all: 'signalAllProcesses', more: [signal] },
  ...{ done: 'signalled', faults: signalFaults, ignored: undefined, noGroup: statuses.generic },
})

const clearing: Deed = {
  ...{ one: 'clearProcessLogs', group: 'clearProcessLogs', all: 'clearAllProcessLogs', more: [], done: 'cleared' },
  faults: { [faultCodes.BAD_NAME]: 'no such process', [faultCodes.FAILED]: 'failed' },
  ...{ ignored: undefined, noGroup: statuses.generic },
}

/** `start NAME...` */
export async function start(ctl: Ctl, argument: string): Promise<void> {
  if (!(await ctl.isUp())) return
  const names = splitWhite(argument)
  if (names.length > 0) return perform(ctl, starting, names)
  ctl.wrong('Error: start requires a process name', statuses.invalidArguments)
  showHelp(ctl, 'start')
}

/** `stop NAME...` */
export async function stop(ctl: Ctl, argument: string): Promise<void> {
  if (!(await ctl.isUp())) return
  const names = splitWhite(argument)
  if (names.length > 0) return perform(ctl, stopping, names)
  ctl.wrong('Error: stop requires a process name')
  showHelp(ctl, 'stop')
}

/** `restart NAME...` */
export async function restart(ctl: Ctl, argument: string): Promise<void> {
  if (!(await ctl.isUp())) return
  if (splitWhite(argument).length === 0) {
    ctl.wrong('Error: restart requires a process name')
    return showHelp(ctl, 'restart')
  }
  await stop(ctl, argument)
  await start(ctl, argument)
}

/** `signal SIGNAL NAME...` */
export async function signal(ctl: Ctl, argument: string): Promise<void> {
  if (!(await ctl.isUp())) return
  const [name = '', ...names] = splitWhite(argument)
  if (names.length > 0) return perform(ctl, signalling(name), names)
  ctl.wrong('Error: signal requires a signal name and a process name')
  showHelp(ctl, 'signal')
}

/** `clear NAME...` */
export async function clear(ctl: Ctl, argument: string): Promise<void> {
  if (!(await ctl.isUp())) return
  const names = splitWhite(argument)
  if (names.length > 0) return perform(ctl, clearing, names)
  ctl.wrong('Error: clear requires a process name')
  showHelp(ctl, 'clear')
}

async function perform(ctl: Ctl, deed: Deed, names: readonly string[]): Promise<void> {
  if (names.includes('all')) return told(ctl, deed, await ctl.structs(deed.all, ...deed.more))
  for (const name of names) {
    const { group, process } = splitSpec(name)
    if (process === undefined && deed !== clearing) await performGroup(ctl, deed, group)
    else await performOne(ctl, deed, name, group, process)
  }
}

async function performGroup(ctl: Ctl, deed: Deed, group: string): Promise<void> {
  try {
    told(ctl, deed, await ctl.structs(deed.group, group, ...deed.more))
  } catch (error) {
    if (faultOf(error).faultCode !== faultCodes.BAD_NAME) throw error
    ctl.wrong(`${group}: ERROR (no such group)`, deed.noGroup)
  }
}

async function performOne(ctl: Ctl, deed: Deed, spec: string, group: string, process?: string): Promise<void> {
  // Only `clear` takes a whole group as one name, and supervisorctl says so in Python's words.
  const name = process ?? 'None'
  try {
    await ctl.call(deed.one, spec, ...deed.more)
    ctl.output(`${specOf(group, name)}: ${deed.done}`)
  } catch (error) {
    const { faultCode, faultString } = faultOf(error)
    told(ctl, deed, [{ group, name, status: faultCode, description: faultString }])
  }
}

function told(ctl: Ctl, deed: Deed, results: readonly Struct[]): void {
  for (const result of results) {
    ctl.output(wordsOf(deed, result))
    ctl.took(numberOf(result, 'status'), deed.ignored)
  }
}

function wordsOf(deed: Deed, result: Struct): string {
  const spec = specOf(textOf(result, 'group'), textOf(result, 'name'))
  const code = numberOf(result, 'status')
  if (code === faultCodes.SUCCESS) return `${spec}: ${deed.done}`
  const known = deed.faults[code]
  if (known !== undefined) return `${spec}: ERROR (${known})`
  if (code === faultCodes.FAILED && deed.faults === signalFaults) return textOf(result, 'description')
  throw valueError(`Unknown result code ${code} for ${spec}`)
}
