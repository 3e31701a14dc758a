/**
 * Foster on the image's own Node, as the npm package has it: Node was started as the image likes it, and foster needs it
 * otherwise. So the process executes Node once more, in its own place: no second process, the same pid.
 */
import { isBuiltin } from 'node:module'
import { covered, isSwayed } from './covers.ts'
import { errnoName } from './errno.ts'
import { setCloseOnExec } from './libc.ts'
import { executing } from './spawn.ts'
import { ownArguments, presentEnvironment } from './verbatim.ts'

/**
 * What Node is to be started with: SIGUSR1 is the programs', Node's remark that node:ffi is experimental nobody's; a
 * small young generation and one thread for V8 keep what many starts leave behind from staying resident.
 */
const wanted = ['--disable-sigusr1', '--no-warnings', '--max-semi-space-size=1', '--v8-pool-size=1'] as const

/** Comes back at once where Node runs as foster needs it; else executes it anew, or says why that cannot be. */
export function startFresh(): string | undefined {
  if (!isBuiltin('node:ffi')) return `Node ${process.version} has no node:ffi; foster needs Node 26.10 or later`
  const missing = wanted.filter(option => !process.execArgv.includes(option))
  const environment = presentEnvironment()
  if (missing.length === 0 && !isSwayed(environment)) return undefined
  const [, script = ''] = process.argv
  const argv = [process.execPath, ...process.execArgv, ...missing, script, ...ownArguments()]
  const env = Object.entries(covered(environment)).map(([name, value]) => `${name}=${value}`)
  keepDescriptors(environment)
  const { result } = executing([process.execPath], argv, env)()
  return `cannot start ${process.execPath} as it has to be: ${errnoName(-result)}`
}

/** Node marks what it was started with close-on-exec, of descriptors from 3 up those that a socket activation handed us. */
function keepDescriptors({ LISTEN_FDS = '', LISTEN_PID }: Readonly<Record<string, string>>): void {
  const isActivated = LISTEN_PID === String(process.pid) && /^\d{1,3}$/.test(LISTEN_FDS)
  const count = 3 + (isActivated ? Number(LISTEN_FDS) : 0)
  for (let fd = 0; fd < count; fd++) setCloseOnExec(fd, false)
}
