/** The inits that foster replaces, for cases in which they and foster must do the same: the peer proves the case. */
import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { test } from 'node:test'
import { e2e, type Options, type Rig } from './rig.ts'
import { binary, type Foster, namespace } from './rig-foster.ts'

/** An init, and what stands between it and the command. */
export interface Init {
  readonly name: string
  readonly binary: string | undefined
  readonly flags: readonly string[]
}

function init(name: string): Init {
  const path = (process.env.PATH ?? '').split(':').find(dir => existsSync(`${dir}/${name}`))
  return { name, binary: path === undefined ? undefined : realpathSync(`${path}/${name}`), flags: [] }
}

export const foster: Init = { name: 'foster', binary, flags: [] }
export const tini = init('tini')
export const dumbInit = init('dumb-init')
export const catatonit = init('catatonit')

/** An init with flags of its own. */
export const flagged = (it: Init, ...flags: readonly string[]): Init => ({ ...it, flags })

/** An init in one case: as PID 1, or below a shell where the options say so. */
export interface Replayed {
  readonly name: string
  /** `INIT -- CMD`. */
  command(argv: readonly string[], options?: Options): Promise<Foster>
  /** The exit codes of many `INIT ARG...`, several at a time, in silence. */
  codes(lines: readonly (readonly string[])[]): Promise<readonly (number | null)[]>
  /** The exit code of `INIT ARG...`, nothing added. */
  code(args: readonly string[], options?: Options): Promise<number | null>
}

/** One case for several inits, a test each. An init that this machine does not have is left out. */
export function replay(
  name: string,
  inits: readonly Init[],
  body: (rig: Rig, init: Replayed) => Promise<void>,
  always: Options = {},
): void {
  for (const it of inits) {
    const title = `${name}: ${[it.name, ...it.flags].join(' ')}`
    const { binary: path } = it
    if (path === undefined) {
      test(title, { skip: `${it.name} is not installed` }, () => {})
      continue
    }
    e2e(title, rig => {
      const start = (args: readonly string[], options?: Options) =>
        rig.start(args, { ...always, ...options, binary: path })
      return body(rig, {
        name: it.name,
        command: (argv, options) => start([...it.flags, '--', ...argv], options),
        codes: lines => inTurns(lines, args => exitCode([...namespace, path, ...args])),
        code: async (args, options) => (await (await start(args, options)).exit()).code,
      })
    })
  }
}

/** Gives each its result, a few at a time. */
async function inTurns<T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  const queue = [...items.entries()]
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next[0]] = await each(next[1])
  }
  await Promise.all(Array.from({ length: 4 }, worker))
  return results
}

function exitCode([file = '', ...args]: readonly string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    // Without it tini's getopt takes options of CMD for its own.
    const env = { ...process.env, POSIXLY_CORRECT: '1' }
    spawn(file, args, { stdio: 'ignore', env }).on('error', reject).on('exit', resolve)
  })
}

/** Words as a line of shell that has them again. */
export function quoted(words: readonly string[]): string {
  return words.map(it => `'${it.replaceAll("'", "'\\''")}'`).join(' ')
}
