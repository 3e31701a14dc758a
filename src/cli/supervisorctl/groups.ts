/** The commands of supervisorctl that concern the configuration and the server: avail, reread, add, remove, update, ... */
import type { Struct } from '../../api/supervisor/codec.ts'
import { faultCodes } from '../../api/supervisor/faults.ts'
import { splitWhite, strip } from '../../config/supervisord/python.ts'
import { type Ctl, faultOf, listOf, numberOf, specOf, statuses, textOf } from './ctl.ts'
import { showHelp } from './help.ts'
import { status } from './processes.ts'
import { Trouble } from './troubles.ts'

/** Whether a command that takes no arguments has some; says so. */
function hasArguments(ctl: Ctl, command: string, argument: string): boolean {
  if (argument === '') return false
  ctl.wrong(`Error: ${command} accepts no arguments`)
  showHelp(ctl, command)
  return true
}

/** Says of a fault what is known of it; what is not is thrown on. */
function explain(ctl: Ctl, error: unknown, words: Readonly<Record<number, string>>): void {
  const { faultCode } = faultOf(error)
  ctl.exitStatus = statuses.generic
  const known = words[faultCode]
  if (known === undefined) throw error
  ctl.output(known)
}

/** `avail` */
export async function avail(ctl: Ctl, argument: string): Promise<void> {
  if (hasArguments(ctl, 'avail', argument)) return
  try {
    for (const info of await ctl.structs('getAllConfigInfo')) ctl.output(available(info))
  } catch (error) {
    explain(ctl, error, { [faultCodes.SHUTDOWN_STATE]: 'ERROR: supervisor shutting down' })
  }
}

function available(info: Struct): string {
  const spec = specOf(textOf(info, 'group'), textOf(info, 'name'))
  const use = (info.inuse ? 'in use' : 'avail').padEnd(9)
  const kind = (info.autostart ? 'auto' : 'manual').padEnd(9)
  return `${spec.padEnd(32)} ${use} ${kind} ${textOf(info, 'group_prio')}:${textOf(info, 'process_prio')}`
}

/** What a reread has found: the groups that are new, changed, and gone. */
async function reloaded(ctl: Ctl): Promise<readonly (readonly string[])[]> {
  const [changes] = listOf(await ctl.call('reloadConfig'))
  return [0, 1, 2].map(at => listOf(listOf(changes)[at]).map(String))
}

/** `reread` */
export async function reread(ctl: Ctl, argument: string): Promise<void> {
  if (hasArguments(ctl, 'reread', argument)) return
  try {
    const [added = [], changed = [], removed = []] = await reloaded(ctl)
    const words = new Map([
      ...added.map(it => [it, 'available'] as const),
      ...changed.map(it => [it, 'changed'] as const),
      ...removed.map(it => [it, 'disappeared'] as const),
    ])
    for (const name of [...words.keys()].sort()) ctl.output(`${name}: ${words.get(name)}`)
    if (words.size === 0) ctl.output('No config updates to processes')
  } catch (error) {
    const { faultString } = faultOf(error)
    const words = { [faultCodes.SHUTDOWN_STATE]: 'ERROR: supervisor shutting down' }
    explain(ctl, error, { ...words, [faultCodes.CANT_REREAD]: `ERROR: ${faultString}` })
  }
}

/** `add NAME...` */
export async function add(ctl: Ctl, argument: string): Promise<void> {
  for (const name of splitWhite(argument)) {
    try {
      await ctl.call('addProcessGroup', name)
      ctl.output(`${name}: added process group`)
    } catch (error) {
      if (faultOf(error).faultCode === faultCodes.ALREADY_ADDED) {
        ctl.output('ERROR: process group already active')
        continue
      }
      const words = { [faultCodes.SHUTDOWN_STATE]: 'ERROR: shutting down' }
      explain(ctl, error, { ...words, [faultCodes.BAD_NAME]: `ERROR: no such process/group: ${name}` })
    }
  }
}

/** `remove NAME...` */
export async function remove(ctl: Ctl, argument: string): Promise<void> {
  for (const name of splitWhite(argument)) {
    try {
      await ctl.call('removeProcessGroup', name)
      ctl.output(`${name}: removed process group`)
    } catch (error) {
      explain(ctl, error, {
        [faultCodes.STILL_RUNNING]: `ERROR: process/group still running: ${name}`,
        [faultCodes.BAD_NAME]: `ERROR: no such process/group: ${name}`,
      })
    }
  }
}

/** `update [GROUP...]` */
export async function update(ctl: Ctl, argument: string): Promise<void> {
  let changes: readonly (readonly string[])[]
  try {
    changes = await reloaded(ctl)
  } catch (error) {
    return explain(ctl, error, { [faultCodes.SHUTDOWN_STATE]: 'ERROR: already shutting down' })
  }
  const [added = [], changed = [], removed = []] = changes
  const words = new Set(splitWhite(argument))
  const only = words.has('all') ? new Set<string>() : words
  if (only.size > 0) await checkGroups(ctl, only, added)
  const isMeant = (name: string): boolean => only.size === 0 || only.has(name)
  for (const name of removed.filter(isMeant)) await drop(ctl, name)
  for (const name of changed.filter(isMeant)) {
    await ctl.call('stopProcessGroup', name)
    ctl.output(`${name}: stopped`)
    await ctl.call('removeProcessGroup', name)
    await ctl.call('addProcessGroup', name)
    ctl.output(`${name}: updated process group`)
  }
  for (const name of added.filter(isMeant)) {
    await ctl.call('addProcessGroup', name)
    ctl.output(`${name}: added process group`)
  }
}

async function checkGroups(ctl: Ctl, names: ReadonlySet<string>, added: readonly string[]): Promise<void> {
  const groups = new Set([...(await ctl.structs('getAllProcessInfo')).map(it => textOf(it, 'group')), ...added])
  for (const name of names) if (!groups.has(name)) ctl.wrong(`ERROR: no such group: ${name}`)
}

async function drop(ctl: Ctl, name: string): Promise<void> {
  const results = await ctl.structs('stopProcessGroup', name)
  ctl.output(`${name}: stopped`)
  if (results.some(it => numberOf(it, 'status') === faultCodes.FAILED)) {
    return ctl.wrong(`${name}: has problems; not removing`)
  }
  await ctl.call('removeProcessGroup', name)
  ctl.output(`${name}: removed process group`)
}

/** Whether the user wants that. */
async function isMeant(ctl: Ctl, question: string): Promise<boolean> {
  if (!ctl.isInteractive) return true
  const answer = await ctl.around.ask(question)
  if (answer === undefined) throw new Trouble('EOFError', 'EOF when reading a line')
  return answer.toLowerCase().startsWith('y')
}

/** `shutdown` */
export async function shutdown(ctl: Ctl, argument: string): Promise<void> {
  if (hasArguments(ctl, 'shutdown', argument)) return
  if (!(await isMeant(ctl, 'Really shut the remote supervisord process down y/N? '))) return
  try {
    await ctl.call('shutdown')
    ctl.output('Shut down')
  } catch (error) {
    if (error instanceof Trouble && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT')) {
      const why = error.code === 'ENOENT' ? 'no such file' : 'refused connection'
      return ctl.wrong(`ERROR: ${ctl.access.serverurl} ${why} (already shut down?)`)
    }
    if (faultOf(error).faultCode !== faultCodes.SHUTDOWN_STATE) throw error
    ctl.output('ERROR: already shutting down')
  }
}

/** `reload` */
export async function reload(ctl: Ctl, argument: string): Promise<void> {
  if (hasArguments(ctl, 'reload', argument)) return
  if (!(await isMeant(ctl, 'Really restart the remote supervisord process y/N? '))) return
  try {
    await ctl.call('restart')
    ctl.output('Restarted supervisord')
  } catch (error) {
    explain(ctl, error, { [faultCodes.SHUTDOWN_STATE]: 'ERROR: already shutting down' })
  }
}

/** `version` */
export async function version(ctl: Ctl, argument: string): Promise<void> {
  if (hasArguments(ctl, 'version', argument)) return
  if (await ctl.isUp()) ctl.output(String(await ctl.call('getSupervisorVersion')))
}

/** `open URL` */
export async function open(ctl: Ctl, argument: string): Promise<void> {
  const url = strip(argument)
  if (!/^(?:unix|http):/i.test(url)) return ctl.wrong('ERROR: url must be http:// or unix://')
  ctl.access = { ...ctl.access, serverurl: url }
  const before = ctl.exitStatus
  await status(ctl, '')
  ctl.exitStatus = before
}
