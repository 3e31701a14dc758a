/** A session of supervisorctl: one command, or as many as the user types. */
import type { Struct } from '../../api/supervisor/codec.ts'
import { strip } from '../../config/supervisord/python.ts'
import { complete } from './complete.ts'
import { type Ctl, statuses } from './ctl.ts'
import { add, avail, open, reload, remove, reread, shutdown, update, version } from './groups.ts'
import { showHelp } from './help.ts'
import { fg, maintail, tail } from './logs.ts'
import { clear, pid, restart, signal, start, status, stop } from './processes.ts'
import { Trouble } from './troubles.ts'

type Command = (ctl: Ctl, argument: string) => void | Promise<void>

const commands: ReadonlyMap<string, Command> = new Map<string, Command>(
  Object.entries({
    ...{ add, avail, clear, fg, maintail, open, pid, reload, remove, reread, restart, shutdown, signal },
    ...{ start, status, stop, tail, update, version, help: showHelp },
  }),
)

/** These end a session. */
const endings: ReadonlySet<string> = new Set(['quit', 'exit', 'EOF'])

/** Does one command; gives the exit code. */
export async function runOne(ctl: Ctl, words: readonly string[]): Promise<number> {
  await perform(ctl, words.join(' '))
  return ctl.exitStatus
}

/** Asks for commands until there are no more. */
export async function runShell(ctl: Ctl, prompt: string): Promise<void> {
  const interrupted = Promise.withResolvers<boolean>()
  const release = ctl.around.onInterrupt(() => {
    ctl.output('')
    interrupted.resolve(false)
  })
  let goesOn = await Promise.race([perform(ctl, 'status'), interrupted.promise])
  while (goesOn) {
    const line = await Promise.race([ctl.around.ask(`${prompt}> `), interrupted.promise])
    if (line === false) break
    goesOn = await Promise.race([perform(ctl, line === undefined ? 'EOF' : String(line)), interrupted.promise])
  }
  release()
}

/** What a line may be completed to; nothing if the server does not answer. */
export async function completions(ctl: Ctl, line: string): Promise<readonly [readonly string[], string]> {
  try {
    return await complete(line, () => ctl.structs('getAllProcessInfo') as Promise<readonly Struct[]>)
  } catch {
    return [[], line]
  }
}

/** Does what a line says; false: the session is to end. */
async function perform(ctl: Ctl, typed: string): Promise<boolean> {
  const line = strip(typed)
  if (line === '') return true
  const [, name = '', rest = ''] = /^(\w+)(.*)$/s.exec(line.replace(/^\?/, 'help ')) ?? []
  if (endings.has(name)) {
    ctl.output('')
    return false
  }
  const command = commands.get(name)
  if (command === undefined) {
    ctl.wrong(`*** Unknown syntax: ${line}`)
    return true
  }
  try {
    await attempted(ctl, () => command(ctl, strip(rest)))
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    ctl.wrong(`error: <class '${error.type}'>, ${error.message}: file: foster line: 0`)
  }
  return true
}

/** Does it, again and again where the server wants to know first who is asking. */
async function attempted(ctl: Ctl, work: () => void | Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Trouble) || error.status !== 401) throw error
    }
    ctl.output('Server requires authentication')
    if (!ctl.isInteractive) {
      ctl.exitStatus = statuses.generic
      return work()
    }
    const username = await ctl.around.ask('Username:')
    const password = username === undefined ? undefined : await ctl.around.ask('Password:', true)
    if (username === undefined || password === undefined) throw new Trouble('EOFError', 'EOF when reading a line')
    ctl.output('')
    ctl.access = { ...ctl.access, username, password }
  }
}
