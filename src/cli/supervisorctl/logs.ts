/** The commands of supervisorctl that show what is written: tail, maintail, fg. */
import type { Struct } from '../../api/supervisor/codec.ts'
import { faultCodes } from '../../api/supervisor/faults.ts'
import { repr, splitWhite, toInteger } from '../../config/supervisord/python.ts'
import { type Ctl, faultOf, numberOf, textOf } from './ctl.ts'
import { showHelp } from './help.ts'
import { RpcFault } from './troubles.ts'

/** Bytes that are shown where no number is given. */
const usualBytes = 1600

/** `tail [-f|-N] NAME [stdout|stderr]` */
export async function tail(ctl: Ctl, argument: string): Promise<void> {
  if (!(await ctl.isUp())) return
  const words = splitWhite(argument)
  if (words.length < 1 || words.length > 3) {
    ctl.wrong(`Error: too ${words.length < 1 ? 'few' : 'many'} arguments`)
    return showHelp(ctl, 'tail')
  }
  const modifier = words[0]?.startsWith('-') ? words[0] : undefined
  const names = modifier === undefined ? words : words.slice(1)
  const [name] = names
  if (name === undefined) return ctl.wrong('Error: tail requires process name')
  const channel = names.length === 1 ? 'stdout' : (names.at(-1) ?? '').toLowerCase()
  if (channel !== 'stdout' && channel !== 'stderr') return ctl.wrong(`Error: bad channel ${repr(channel)}`)
  const bytes = bytesOf(modifier)
  if (bytes === undefined) return ctl.wrong(`Error: bad argument ${modifier}`)
  if (bytes === 'all') return followed(ctl, [`/logtail/${name}/${channel}`])
  await shown(ctl, name, channel === 'stdout' ? 'readProcessStdoutLog' : 'readProcessStderrLog', [name, -bytes, 0])
}

/** `maintail [-f|-N]` */
export async function maintail(ctl: Ctl, argument: string): Promise<void> {
  if (!(await ctl.isUp())) return
  const words = splitWhite(argument)
  if (words.length > 1) {
    ctl.wrong('Error: too many arguments')
    return showHelp(ctl, 'maintail')
  }
  const [word] = words
  const bytes = word === undefined || word.startsWith('-') ? bytesOf(word) : undefined
  if (bytes === undefined) return ctl.wrong(`Error: bad argument ${word}`)
  if (bytes === 'all') return followed(ctl, ['/mainlogtail'])
  await shown(ctl, 'supervisord', 'readLog', [-bytes, 0])
}

/** What `-N` and `-f` mean; undefined: neither. */
function bytesOf(modifier: string | undefined): number | 'all' | undefined {
  if (modifier === undefined) return usualBytes
  return modifier === '-f' ? 'all' : toInteger(modifier.slice(1))
}

async function shown(ctl: Ctl, name: string, method: string, params: readonly (string | number)[]): Promise<void> {
  try {
    ctl.output(String(await ctl.call(method, ...params)))
  } catch (error) {
    const why = faults[faultOf(error).faultCode]
    if (why === undefined) throw error
    ctl.wrong(`${name}: ERROR (${why})`)
  }
}

const faults: Readonly<Record<number, string>> = {
  [faultCodes.NO_FILE]: 'no log file',
  [faultCodes.FAILED]: 'unknown error reading log',
  [faultCodes.BAD_NAME]: 'no such process name',
}

/** Shows logs for as long as there are readers, until Ctrl-C. */
async function followed(ctl: Ctl, paths: readonly string[]): Promise<void> {
  ctl.output('==> Press Ctrl-C to exit <==')
  const end = new AbortController()
  const release = ctl.around.onInterrupt(() => end.abort())
  try {
    await Promise.all(paths.map(path => copy(ctl, path, end)))
  } finally {
    release()
  }
  if (end.signal.aborted) ctl.output('')
}

/** Writes a log as it comes. What cannot be followed is told on stderr, and is no failure. */
async function copy(ctl: Ctl, path: string, end: AbortController): Promise<void> {
  const url = `${ctl.access.serverurl}${path}`
  try {
    const { status, body } = await ctl.follow(path, end.signal)
    if (status !== 200) return void ctl.around.write(2, `${url} Cannot read, status code ${status}\n`)
    for await (const piece of body) if (piece.length > 0 && !ctl.around.write(1, piece)) return end.abort()
  } catch (error) {
    if (end.signal.aborted || !(error instanceof Error)) return
    const type = 'type' in error ? `<class '${error.type}'>` : error.name
    ctl.around.write(2, `${url} Cannot connect, error: ${type} (${error.message})\n`)
  }
}

/** `fg NAME` */
export async function fg(ctl: Ctl, argument: string): Promise<void> {
  if (!(await ctl.isUp())) return
  const [name, ...others] = splitWhite(argument)
  if (name === undefined) {
    ctl.wrong('ERROR: no process name supplied')
    return showHelp(ctl, 'fg')
  }
  if (others.length > 0) return ctl.wrong('ERROR: too many process names supplied')
  try {
    const info = (await ctl.call('getProcessInfo', name)) as Struct
    if (textOf(info, 'statename') !== 'RUNNING') return ctl.wrong('ERROR: process not running')
  } catch (error) {
    const fault = faultOf(error)
    if (fault.faultCode === faultCodes.BAD_NAME) return ctl.wrong('ERROR: bad process name supplied')
    return ctl.output(`ERROR: ${fault.message}`)
  }
  ctl.output('==> Press Ctrl-C to exit <==')
  await inForeground(ctl, name)
  ctl.output('Exiting foreground')
}

/** What is typed goes to the process, what it writes to the terminal. */
async function inForeground(ctl: Ctl, name: string): Promise<void> {
  const end = new AbortController()
  const left = Promise.withResolvers<undefined>()
  const release = ctl.around.onInterrupt(() => left.resolve(undefined))
  const copies = ['stdout', 'stderr'].map(channel => copy(ctl, `/logtail/${name}/${channel}`, end))
  try {
    for (;;) {
      const line = await Promise.race([ctl.around.ask(''), left.promise])
      if (line === undefined) return
      if (!(await isTaken(ctl, name, `${line}\n`))) return
    }
  } finally {
    release()
    end.abort()
    await Promise.all(copies)
  }
}

/** Hands a line over; false: the process is gone, which is said. */
async function isTaken(ctl: Ctl, name: string, line: string): Promise<boolean> {
  try {
    await ctl.call('sendProcessStdin', name, line)
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error
    ctl.output(error.faultCode === faultCodes.NOT_RUNNING ? 'Process got killed' : `ERROR: ${error.message}`)
    return false
  }
  const info = (await ctl.call('getProcessInfo', name)) as Struct
  if (numberOf(info, 'state') === running) return true
  ctl.output('Process got killed')
  return false
}

/** The code of RUNNING. */
const running = 20
