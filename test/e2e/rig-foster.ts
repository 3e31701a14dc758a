/** One run of the built foster: what it writes, how it ends, and a way to send it signals. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { resolve } from 'node:path'
import { childrenOf, executing, type ProcessFacts, processesWith, processFacts } from './rig-proc.ts'
import { eventually, Record as Story } from './rig-wait.ts'

/** The executable under test. */
export const binary = resolve(process.env.FOSTER_BIN ?? 'dist/foster')

type Descriptor = 'ignore' | 'inherit' | 'pipe' | number | undefined

/** How foster is started. */
export interface Start {
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** What stands between the namespace and foster and executes the rest of its arguments: `['setpriv', '--nnp']`. */
  readonly via?: readonly string[]
  /** What stands before the namespace and is given the whole command: a terminal. */
  readonly around?: readonly string[]
  /** Foster is the child of a shell that is PID 1 and does this; `"$@"` is foster. See `belowShell`. */
  readonly below?: string
  readonly binary?: string
  /** Descriptors from 0 on; those of 1 and 2 that are left out are pipes that the rig reads. */
  readonly stdio?: readonly Descriptor[]
}

/** How it ended. */
export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const isRoot = process.getuid?.() === 0
/** What runs a command as PID 1 of a namespace of its own. */
export const namespace = [
  'unshare',
  ...(isRoot ? [] : ['--map-root-user']),
  '--pid',
  '--fork',
  '--mount-proc',
  '--kill-child',
]

/** The control sockets of fosters that are tested at the same time must not meet. */
const privateRun = ['sh', resolve(import.meta.dirname, '../fixtures/private-run.sh')]

/** For `below`, PID 1 in place of foster: waits for it and passes its code on. The `exit` keeps sh from exec. */
export const belowShell = '"$@"; exit $?'

export class Foster {
  /** The rig's side of its stdout and stderr; `pause` stops reading. */
  readonly readers: Partial<Record<'stdout' | 'stderr', Socket>> = {}
  readonly output = { stdout: '', stderr: '' }
  /** Whole lines of both, in the order of arrival. */
  readonly #lines = new Story<string>()
  readonly #child: ChildProcess
  readonly #binary: string
  #pid: number | undefined
  #end: End | undefined
  #open = 0

  constructor(start: Start) {
    this.#binary = start.binary ?? binary
    const pipes = { stdout: this.#pipe(start, 'stdout'), stderr: this.#pipe(start, 'stderr') }
    const [stdin = 'ignore', stdout = pipes.stdout, stderr = pipes.stderr, ...more] = start.stdio ?? []
    const [file = '', ...args] = [
      ...(start.around ?? []),
      ...namespace,
      // A CMD alone has no control socket.
      ...(start.args[0] === '--' ? [] : privateRun),
      ...(start.below === undefined ? [] : ['sh', '-c', start.below, 'sh']),
      ...(start.via ?? []),
      this.#binary,
    ]
    this.#child = spawn(file, [...args, ...start.args], {
      cwd: start.cwd,
      env: { ...cleanEnvironment(), ...start.env },
      stdio: [stdin, stdout ?? 'ignore', stderr ?? 'ignore', ...more],
    })
    for (const fd of Object.values(pipes)) if (fd !== undefined) closeSync(fd)
    for (const stream of ['stdout', 'stderr'] as const) {
      if (start.stdio?.[stream === 'stdout' ? 1 : 2] === 'pipe') this.#read(stream, this.#child[stream] as Socket)
    }
    this.#child.on('error', error => this.#lines.add(String(error)))
    this.#child.on('exit', (code, signal) => {
      this.#end = { code, signal }
      this.#lines.add()
    })
  }

  /** A named pipe, so that it is a pipe as a container has one; Node's own are sockets. The write end. */
  #pipe({ stdio, cwd }: Start, stream: 'stdout' | 'stderr'): number | undefined {
    const given = stdio?.[stream === 'stdout' ? 1 : 2]
    if (given !== undefined) return undefined
    const path = `${cwd}/${stream}.${count++}`
    execFileSync('mkfifo', [path])
    this.#read(stream, new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), writable: false }))
    return openSync(path, constants.O_WRONLY)
  }

  #read(stream: 'stdout' | 'stderr', socket: Socket): void {
    let rest = ''
    this.#open++
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.output[stream] += text
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      this.#lines.add(...lines)
    })
    socket.on('close', () => {
      this.#open--
      this.#lines.add()
    })
    this.readers[stream] = socket
  }

  /** Waits until foster itself has been executed, or all is over. */
  async executed(): Promise<this> {
    await eventually('foster was executed', () => {
      this.#pid ??= executing(this.#child.pid ?? 0, this.#binary)
      return this.#pid !== undefined || this.#end !== undefined
    })
    return this
  }

  /** Foster's pid, as the test sees it. */
  get pid(): number {
    if (this.#pid === undefined) throw new Error(`foster does not run\n${this.story()}`)
    return this.#pid
  }

  get lines(): readonly string[] {
    return this.#lines.all
  }

  get isOver(): boolean {
    return this.#end !== undefined
  }

  /** Waits for a line of output, from the beginning of its life on; gives the match. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    let seen = 0
    const find = (): RegExpExecArray | undefined => {
      for (let match: RegExpExecArray | null; seen < this.lines.length; seen++) {
        match = pattern.exec(this.lines[seen] ?? '')
        if (match !== null) return match
      }
      return undefined
    }
    return this.#lines.until(
      `a line like ${pattern}`,
      () => find() ?? this.#failIfOver(pattern),
      () => this.story(),
    )
  }

  /** Waits for so many lines like this. */
  async lineCount(pattern: RegExp, count: number, millis?: number): Promise<void> {
    await this.#lines.until(
      `${count} lines like ${pattern}`,
      () => this.lines.filter(line => pattern.test(line)).length >= count || this.#failIfOver(pattern),
      () => this.story(),
      millis,
    )
  }

  #failIfOver(pattern: RegExp): undefined {
    if (this.#end !== undefined && this.#open === 0) throw new Error(`no line like ${pattern}\n${this.story()}`)
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal)
  }

  /** Waits until foster has taken every signal sent to it so far. */
  async taken(): Promise<void> {
    await eventually('foster took its signals', () => {
      const status = processFacts(this.pid)?.status
      return status === undefined || (Number(`0x${status.ShdPnd}`) === 0 && Number(`0x${status.SigPnd}`) === 0)
    })
  }

  /** Whether foster catches this signal by now. */
  catches(signal: number): boolean {
    return (BigInt(`0x${processFacts(this.pid)?.status.SigCgt ?? 0}`) & (1n << BigInt(signal - 1))) !== 0n
  }

  /** Waits for its end and for all that it wrote. */
  async exit(): Promise<End> {
    const isRead = () => this.#open === 0 || Object.values(this.readers).some(it => it.isPaused())
    return this.#lines.until(
      'the end of foster',
      () => (isRead() ? this.#end : undefined),
      () => this.story(),
    )
  }

  /** All processes of its namespace. */
  processes(): readonly ProcessFacts[] {
    return processesWith(this.pid)
  }

  /** The processes of its namespace that it does not count among: programs, orphans, zombies. */
  others(): readonly ProcessFacts[] {
    return this.processes().filter(it => it.innerPid !== 1)
  }

  /** What is known, for a test that fails. */
  story(): string {
    const end = this.#end === undefined ? 'foster has not ended' : `foster ended: ${JSON.stringify(this.#end)}`
    return `${end}; it wrote:\n${this.lines.slice(-60).join('\n')}`
  }

  /** Kills what is left of it, PID 1 first and with it all the rest. */
  async destroy(): Promise<void> {
    const { pid } = this.#child
    if (pid === undefined) return
    for (const reader of Object.values(this.readers)) reader.resume()
    if (this.#end !== undefined) return
    for (const child of [...childrenOf(pid), pid]) {
      try {
        process.kill(child, 'SIGKILL')
      } catch {
        // Gone meanwhile.
      }
    }
    await eventually('the namespace ended', () => this.#end !== undefined)
  }
}

let count = 0

/** The test runner's environment without what would change foster's or a program's behaviour. */
function cleanEnvironment(): Record<string, string> {
  const { PATH = '/usr/bin:/bin' } = process.env
  return { PATH, LANG: 'C.UTF-8' }
}
