/** Commands that talk to a foster that runs: one run of the built executable each, from outside of the namespace. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Rig } from './rig.ts'
import { binary } from './rig-foster.ts'
import { patience, Record as Story } from './rig-wait.ts'

/** How a command ended, and what it wrote. */
export interface Said {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface AskOptions {
  /** What stands before the executable: `['setpriv', '--reuid=4711']`. */
  readonly via?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly binary?: string
  /** Descriptors from 0 on; what is left out of 1 and 2 is a pipe that the rig reads. */
  readonly stdio?: readonly (number | 'ignore' | 'pipe')[]
}

/** The socket of the foster of this test. */
export const socketOf = (rig: Rig): string => join(rig.dir, 'control.sock')

/** A configuration with a socket in the test's directory. */
export const controlled = (rig: Rig, plan: object, control: object = {}): object => ({
  control: { socket: socketOf(rig), ...control },
  ...plan,
})

/** A command that runs. */
export class Ask {
  readonly child: ChildProcess
  readonly #written = { stdout: '', stderr: '' }
  readonly #changes = new Story<string>()
  #end: Said | undefined

  constructor(rig: Rig, args: readonly string[], { via = [], env = {}, stdio = [], ...options }: AskOptions = {}) {
    const [file = '', ...rest] = [...via, options.binary ?? binary, ...args]
    const { PATH = '/usr/bin:/bin' } = process.env
    this.child = spawn(file, rest, {
      cwd: rig.dir,
      env: { PATH, LANG: 'C.UTF-8', FOSTER_SOCKET: socketOf(rig), ...env },
      stdio: [stdio[0] ?? 'ignore', stdio[1] ?? 'pipe', stdio[2] ?? 'pipe'],
    })
    for (const stream of ['stdout', 'stderr'] as const) {
      this.child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        this.#written[stream] += text
        this.#changes.add(text)
      })
    }
    this.child.on('error', error => this.#changes.add(String(error)))
    this.child.on('close', (code, signal) => {
      this.#end = { code, signal, ...this.#written }
      this.#changes.add('')
    })
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** Waits until it has written this. */
  async writes(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<void> {
    const find = () => {
      if (pattern.test(this.#written[stream])) return true
      if (this.#end !== undefined) throw new Error(`it ended without ${pattern}\n${this.#story()}`)
      return undefined
    }
    await this.#changes.until(`${pattern}`, find, () => this.#story())
  }

  /** Waits for its end. */
  async end(): Promise<Said> {
    return this.#changes.until(
      'the end of a command',
      () => this.#end,
      () => this.#story(),
    )
  }

  #story(): string {
    return `${this.child.spawnargs.join(' ')}: ${JSON.stringify(this.#end ?? this.#written, undefined, 2)}`
  }
}

/** Runs a command to its end. */
export async function ask(rig: Rig, args: readonly string[], options: AskOptions = {}): Promise<Said> {
  const command = new Ask(rig, args, options)
  try {
    return await command.end()
  } finally {
    command.child.kill('SIGKILL')
  }
}

/** Waits until the foster answers. */
export async function answering(rig: Rig): Promise<void> {
  for (const end = performance.now() + patience; ; ) {
    const { code, stderr } = await ask(rig, ['health', '--live'])
    if (code === 0) return
    if (performance.now() > end) throw new Error(`foster does not answer: ${stderr}\n${rig.story()}`)
  }
}
