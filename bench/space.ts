/**
 * One init in a PID namespace of its own, and what its programs say over a FIFO: lines called marks, timed as they
 * arrive. Every measurement starts here, so that all inits are measured alike.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { children } from './proc.ts'

/** Everything that runs, so that nothing is left behind however the bench ends. */
const running = new Set<Space>()

export class Space {
  readonly dir = mkdtempSync(join(tmpdir(), 'foster-bench-'))
  /** Programs write their marks here. */
  readonly marks = join(this.dir, 'marks')
  /** Whoever reads this waits until `release`. */
  readonly hold = join(this.dir, 'hold')
  readonly #log = join(this.dir, 'log')
  readonly #sockets: Socket[] = []
  readonly #times = new Map<string, number[]>()
  #waiting: { mark: string; count: number; done: (time: number) => void } | undefined
  #holder: number | undefined
  #child: ChildProcess | undefined
  #exited: Promise<number> | undefined
  #pid = 0

  constructor() {
    running.add(this)
    execFileSync('mkfifo', [this.marks, this.hold, this.#log])
    this.#holder = openSync(this.hold, constants.O_RDWR)
    let rest = ''
    this.#drain(this.marks, chunk => {
      const time = performance.now()
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#note(line, time)
    })
  }

  /** Reads a FIFO for as long as the space lives; writers never wait for a reader and never see it go. */
  #drain(path: string, take: (text: string) => void): number {
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
    const socket = new Socket({ fd, readable: true, writable: false })
    socket.setEncoding('utf8').on('data', chunk => take(String(chunk)))
    this.#sockets.push(socket)
    return fd
  }

  #note(mark: string, time: number): void {
    const times = this.#times.get(mark) ?? []
    times.push(time)
    this.#times.set(mark, times)
    const waiting = this.#waiting
    if (waiting?.mark !== mark || times.length < waiting.count) return
    this.#waiting = undefined
    waiting.done(time)
  }

  /** When a mark came for the nth time, in milliseconds; waits for it. */
  async mark(mark: string, count = 1, timeout = 30_000): Promise<number> {
    const known = this.#times.get(mark)?.[count - 1]
    if (known !== undefined) return known
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const timer = setTimeout(() => reject(new Error(`no mark "${mark}" (${count}) within ${timeout} ms`)), timeout)
    this.#waiting = { mark, count, done: resolve }
    try {
      return await promise
    } finally {
      clearTimeout(timer)
    }
  }

  /** How often a mark has come. */
  count(mark: string): number {
    return this.#times.get(mark)?.length ?? 0
  }

  /**
   * Starts an init as PID 1. A shell is there first: it writes the mark `exec` and then becomes the init, so that both
   * ends of a time are marks, and the cost of unshare is in none. Gives the time of that mark.
   */
  async start(argv: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<number> {
    const log = openSync(this.#log, constants.O_RDWR)
    this.#drain(this.#log, () => undefined)
    const shell = ['/bin/sh', '-c', 'echo exec > "$0"; exec "$@"', this.marks, ...argv]
    const env = { PATH: process.env.PATH ?? '', HOME: this.dir, ...environment }
    const child = spawn('unshare', ['--pid', '--fork', '--mount-proc', '--kill-child', ...shell], {
      stdio: ['ignore', log, log],
      cwd: this.dir,
      env,
    })
    closeSync(log)
    this.#child = child
    this.#exited = new Promise(resolve => {
      child.on('exit', () => resolve(performance.now()))
      child.on('error', () => resolve(performance.now()))
    })
    const time = await this.mark('exec', 1, 5000)
    this.#pid = children(child.pid ?? 0)[0] ?? 0
    return time
  }

  /** The init's pid, seen from here. */
  get pid(): number {
    return this.#pid
  }

  /** Signals the init; gives the time just before. */
  signal(signal: NodeJS.Signals): number {
    const time = performance.now()
    if (this.#child?.exitCode === null && this.#child.signalCode === null && this.#pid > 0)
      process.kill(this.#pid, signal)
    return time
  }

  /** The time of the init's exit; rejects if it does not come. */
  async exited(timeout = 30_000): Promise<number> {
    const { promise, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new Error(`no exit within ${timeout} ms`)), timeout)
    try {
      return await Promise.race([this.#exited ?? promise, promise])
    } finally {
      clearTimeout(timer)
    }
  }

  get hasExited(): boolean {
    return this.#child !== undefined && (this.#child.exitCode !== null || this.#child.signalCode !== null)
  }

  /** Runs a client of the init to its end, from its exec on; gives the time it took and what it wrote. */
  async run(argv: readonly string[]): Promise<{ readonly time: number; readonly output: string }> {
    const shell = ['-c', 'echo client > "$0"; exec "$@"', this.marks, ...argv]
    const before = this.count('client')
    const child = spawn('/bin/sh', shell, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
    const exit = new Promise<number>((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', () => resolve(performance.now()))
    })
    const closed = new Promise(resolve => child.on('close', resolve))
    const from = await this.mark('client', before + 1)
    const time = (await exit) - from
    await closed
    return { time, output }
  }

  /** Lets everybody go who reads `hold`; gives the time just before. */
  release(): number {
    const time = performance.now()
    if (this.#holder !== undefined) closeSync(this.#holder)
    this.#holder = undefined
    return time
  }

  /** Ends all that runs in it and removes its files. */
  async close(): Promise<void> {
    this.kill()
    await this.#exited
    for (const socket of this.#sockets) socket.destroy()
    this.release()
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 3 })
    running.delete(this)
  }

  /** The kernel ends everything in the namespace with its PID 1, and PID 1 with unshare. */
  kill(): void {
    if (!this.hasExited) this.#child?.kill('SIGKILL')
  }
}

/** Runs work in a space and closes it, whatever happens. */
export async function inSpace<T>(work: (space: Space) => Promise<T>): Promise<T> {
  const space = new Space()
  try {
    return await work(space)
  } finally {
    await space.close()
  }
}

/** To be called when the bench is interrupted. */
export function killAll(): void {
  for (const space of running) {
    space.kill()
    rmSync(space.dir, { recursive: true, force: true })
  }
}
