/**
 * The rig of the end-to-end tests: the built foster as PID 1 of a namespace of its own, and puppets as its programs,
 * which call home and do what the test says. Whatever a test starts is dead after it.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { binary, Foster, type Start } from './rig-foster.ts'
import { type ProcessFacts, processFacts } from './rig-proc.ts'
import { eventually, patience, Record as Story } from './rig-wait.ts'

const fixtures = resolve(import.meta.dirname, '../fixtures')

/** The path of a file in test/fixtures. */
export const fixture = (name: string): string => join(fixtures, name)

type Needs = 'namespace' | 'root' | 'machine' | 'strace' | 'zsh' | 'fish'

/** Why this machine cannot run such tests; false: it can. */
const lacks: Readonly<Record<Needs, string | false>> = {
  namespace: tries('unshare', '--pid', '--fork', '--mount-proc', ...(isRoot() ? [] : ['--map-root-user']), 'true')
    ? false
    : 'needs PID namespaces (unshare)',
  root: isRoot() ? false : 'needs root',
  machine:
    isRoot() && tries('prlimit', '--nofile=1000:2000', 'prlimit', '--nofile=1000:2001', 'true')
      ? false
      : 'needs root of the machine itself (CAP_SYS_RESOURCE)',
  strace: isRoot() && tries('strace', '-o', '/dev/null', 'true') ? false : 'needs root and strace, to inject a fault',
  zsh: tries('zsh', '-c', 'true') ? false : 'needs zsh',
  fish: tries('fish', '-c', 'true') ? false : 'needs fish',
}

/** A test with a rig. */
export function e2e(name: string, body: (rig: Rig, context: TestContext) => Promise<void>, needs?: Needs): void {
  const skip = lacks.namespace || (needs !== undefined && lacks[needs])
  test(name, { skip, timeout: patience * 6 }, async context => {
    const rig = new Rig()
    try {
      await body(rig, context)
    } finally {
      await rig.destroy()
    }
  })
}

export type Options = Partial<Omit<Start, 'args'>>

export class Rig {
  /** The test's own directory. Everybody may enter it. */
  readonly dir = mkdtempSync(join(tmpdir(), 'foster-e2e-'))
  /** What all puppets told, in order: `web up`, `web TERM`. */
  readonly #calls = new Story<string>()
  /** Who told it, by the number of the call. */
  readonly #callers: number[] = []
  readonly #fds: number[] = []
  readonly #fosters: Foster[] = []
  readonly #home: Socket
  readonly #strings: number[] = []
  readonly #nudging: NodeJS.Timeout

  constructor() {
    chmodSync(this.dir, 0o755)
    this.#nudging = setInterval(() => this.#nudge(), 100)
    this.#home = new Socket({ fd: this.#pipe('home'), writable: false })
    let rest = ''
    this.#home.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#take(line)
    })
  }

  #take(line: string): void {
    const [name = '', pid, ...words] = line.split(' ')
    this.#callers.push(Number(pid))
    this.#calls.add([name, ...words].join(' '))
  }

  /** A puppet hears of a signal that comes right before it reads its next line when that line has come. */
  #nudge(): void {
    for (const strings of this.#strings) {
      try {
        writeSync(strings, '\n')
      } catch {
        // It has read nothing for so long that there is no room: it will find lines enough.
      }
    }
  }

  /** A named pipe that anybody may use, open at both ends here. */
  #pipe(name: string): number {
    const path = join(this.dir, name)
    execFileSync('mkfifo', ['--mode=666', path])
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
    this.#fds.push(fd)
    return fd
  }

  get calls(): readonly string[] {
    return this.#calls.all
  }

  /** A puppet: its `command` goes into a configuration. The lines of shell are done before it calls home. */
  puppet(name: string, ...lines: readonly string[]): Puppet {
    const strings = this.#pipe(name)
    this.#strings.push(strings)
    const start = (line: string): void => void writeSync(strings, `${line}\n`)
    let seen = 0
    const next = async (pattern: RegExp | string): Promise<number> => {
      const fits = (text: string) => (typeof pattern === 'string' ? text === pattern : pattern.test(text))
      const find = () => {
        const index = this.calls.findIndex(
          (it, i) => i >= seen && it.startsWith(`${name} `) && fits(it.slice(name.length + 1)),
        )
        return index === -1 ? undefined : index
      }
      const index = await this.#calls.until(`the call "${pattern}" of ${name}`, find, () => this.story())
      seen = index + 1
      return index
    }
    const call = async (pattern: RegExp | string): Promise<string> =>
      this.calls[await next(pattern)]?.slice(name.length + 1) ?? ''
    return {
      command: ['/bin/sh', fixture('puppet.sh'), this.dir, name, ...lines],
      call,
      start,
      up: async () => this.#callers[await next('up')] ?? 0,
      does: async line => {
        start(`${line}\nhome done`)
        await call('done')
      },
      tells: async line => {
        start(`home "answer $(${line} | tr '\\n' ' ')"`)
        return (await call(/^answer /)).slice('answer '.length).trimEnd()
      },
    }
  }

  /** Writes a file into the test's directory; its path. */
  file(name: string, text: string, mode = 0o644): string {
    const path = join(this.dir, name)
    writeFileSync(path, text)
    chmodSync(path, mode)
    return path
  }

  /** Starts foster with a configuration (JSON is YAML) or with these arguments. */
  async start(what: object | readonly string[], options: Options = {}): Promise<Foster> {
    const args = Array.isArray(what) ? what : ['-c', this.file('plan.yaml', JSON.stringify(what, undefined, 2))]
    const foster = new Foster({ args, cwd: this.dir, ...options })
    this.#fosters.push(foster)
    return foster.executed()
  }

  /** `foster -- CMD`. */
  async command(argv: readonly string[], options: Options = {}): Promise<Foster> {
    return this.start(['--', ...argv], options)
  }

  /** What /proc says of the process that calls itself `innerPid`, once it is there. */
  async facts(foster: Foster, innerPid: number): Promise<ProcessFacts> {
    return eventually(`process ${innerPid} is there`, () => foster.processes().find(it => it.innerPid === innerPid))
  }

  /** Waits until a process, by the pid the test sees, is gone and reaped. */
  async gone(pid: number): Promise<void> {
    await eventually(`process ${pid} is gone`, () => processFacts(pid) === undefined)
  }

  /** The executable under test, where any user may execute it. */
  reachable(): string {
    if (tries('setpriv', '--reuid=4711', '--regid=4712', '--clear-groups', 'test', '-x', binary)) return binary
    const path = join(this.dir, 'foster')
    copyFileSync(binary, path)
    chmodSync(path, 0o755)
    return path
  }

  /** What is known, for a test that fails. */
  story(): string {
    return [`calls: ${this.calls.join(', ')}`, ...this.#fosters.map(it => it.story())].join('\n')
  }

  async destroy(): Promise<void> {
    clearInterval(this.#nudging)
    for (const foster of this.#fosters) await foster.destroy()
    this.#home.destroy()
    for (const fd of this.#fds.slice(1)) closeSync(fd)
    rmSync(this.dir, { recursive: true, force: true })
  }
}

/** A program on strings. */
export interface Puppet {
  readonly command: readonly string[]
  /** Waits for a call that no earlier wait has been given. */
  call(pattern: RegExp | string): Promise<string>
  /** Waits until it is up; its pid, as it calls itself. */
  up(): Promise<number>
  /** Has it do a line of shell, and waits until it is done. */
  does(line: string): Promise<void>
  /** Has it begin a line of shell that it may not survive: `exit 3`. */
  start(line: string): void
  /** What a command writes when the puppet runs it. */
  tells(line: string): Promise<string>
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function tries(file: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(file, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
