/** Ten programs that write a lot, and a reader that checks every byte of it. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lineOf } from '../fixtures/volume-lines.ts'
import { fixture, type Rig } from './rig.ts'
import { binary, namespace } from './rig-foster.ts'
import { childrenOf } from './rig-proc.ts'
import { patience } from './rig-wait.ts'

export type Format = 'raw' | 'prefix' | 'json'

export interface Volume {
  readonly format: Format
  /** Of each program; a line has some 130 bytes. */
  readonly lines: number
  /** How often each program is started. */
  readonly runs?: number
  /** What foster's stdout is. */
  readonly kind?: 'pipe' | 'file' | 'terminal' | 'socket' | 'foreign'
  /** How it is read. */
  readonly reader?: 'fast' | 'slow' | 'pausing'
  /** A TERM comes when so many bytes have been read, and something of each program: it knows what to do at a TERM then. */
  readonly stopAt?: number
  /** Foster goes on until this is true, then it gets a TERM. */
  readonly until?: () => boolean
  /** Where the programs' stdout goes. */
  readonly stdout?: unknown
}

const names = Array.from({ length: 10 }, (_, index) => `p${index}`)

/** Checks lines as they come: each is the next one of its program. */
export class Checker {
  readonly counts = new Map(names.map(name => [name, 0]))
  bytes = 0
  /** Programs of which a line has come. */
  begun = 0
  readonly #format: Format
  readonly #isTerminal: boolean
  #rest: Buffer = Buffer.alloc(0)

  constructor(format: Format, isTerminal = false) {
    this.#format = format
    this.#isTerminal = isTerminal
  }

  feed(chunk: Buffer): void {
    this.bytes += chunk.length
    const all = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let from = 0
    for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10, from)) {
      this.#line(all.subarray(from, end + 1))
      from = end + 1
    }
    this.#rest = Buffer.from(all.subarray(from))
  }

  /** Nothing came twice, nothing is missing, nothing is cut off. */
  end(written: ReadonlyMap<string, number>): void {
    assert.equal(this.#rest.length, 0, 'the last line is cut')
    assert.deepEqual(this.counts, written)
  }

  #line(line: Buffer): void {
    // On a terminal stderr is there as well.
    if (this.#isTerminal && line.indexOf('foster') === 0) return
    const text =
      this.#format === 'json' ? (JSON.parse(String(line)) as { program: string; message: string }) : undefined
    const name = text?.program ?? line.toString('latin1', 0, 2)
    const index = this.counts.get(name)
    assert.ok(index !== undefined, `a line of nobody: ${line.subarray(0, 200)}`)
    const expected = lineOf(name, index)
    if (text === undefined) {
      const start = this.#format === 'prefix' ? `${name.padEnd('foster'.length)} | `.length : 0
      const said = this.#isTerminal ? Buffer.concat([line.subarray(0, -2), line.subarray(-1)]) : line
      if (!said.subarray(start).equals(expected)) assert.deepEqual(String(said.subarray(start)), String(expected))
    } else {
      assert.equal(text.message, expected.toString('utf8', 0, expected.length - 1).replace(/\r$/, ''))
    }
    this.counts.set(name, index + 1)
    if (index === 0) this.begun++
  }
}

/** Runs ten writers under foster, reads all they write, and gives what each has written and what foster said. */
export async function runVolume(rig: Rig, volume: Volume, checker: Checker): Promise<string> {
  const { format, lines, runs = 1, kind = 'pipe', stopAt = Number.POSITIVE_INFINITY } = volume
  const command = (name: string) => [
    ...[process.execPath, '--no-warnings', fixture('volume-writer.ts'), rig.dir, name, String(lines), String(runs)],
  ]
  const log = { format, ...(volume.stdout !== undefined && { stdout: volume.stdout }) }
  const program = (name: string) => ({
    ...{
      kind: 'task',
      command: command(name),
      restart: 'on-failure',
      start_retries: 10,
      backoff: { delay: '5ms' },
      log,
    },
  })
  const programs = {
    ...Object.fromEntries(names.map(name => [name, program(name)])),
    ...(volume.until && { stays: { command: 'sleep 100000', log } }),
  }
  // A slow reader has all the time that it takes.
  const patient = { shutdown: { timeout: '10m' }, defaults: { stop_grace_period: '5m' } }
  const plan = rig.file('volume.yaml', JSON.stringify({ programs, ...patient, control: { socket: false } }))
  const via = kind === 'foreign' ? ['sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh'] : []
  const words = [...namespace, ...via, binary, '-c', plan]
  const around = kind === 'terminal' ? ['sh', '-c', 'exec script -qefc "exec $*" /dev/null </dev/null', 'sh'] : []
  const { write, source } = openOutput(rig, kind)
  const child = spawn([...around, ...words][0] as string, [...around, ...words].slice(1), {
    env: { PATH: process.env.PATH ?? '', NO_COLOR: '1' },
    ...{ timeout: patience * 5, killSignal: 'SIGKILL' },
    stdio: ['ignore', write ?? 'pipe', openSync(join(rig.dir, 'said'), 'w')],
  })
  if (write !== undefined) closeSync(write)
  try {
    const over = once(child, 'exit')
    if (volume.until !== undefined) void stopWhen(child, volume.until)
    const from = source ?? (child.stdout as Socket)
    if (kind === 'file') await over
    else
      await readAll(from, volume, checker, () => {
        if (stopAt <= checker.bytes && checker.begun === names.length) stop(child)
      })
    const [code] = (await over) as [number]
    const said = readFileSync(join(rig.dir, 'said'), 'utf8')
    assert.equal(code, 0, said)
    if (kind === 'file') for (const chunk of chunksOf(join(rig.dir, 'out'))) checker.feed(chunk)
    return said
  } finally {
    for (const pid of [...childrenOf(child.pid ?? 0), child.pid ?? 0])
      if (child.exitCode === null) process.kill(pid, 'SIGKILL')
  }
}

/** How many lines each program has written, as it says itself. */
export function writtenIn(rig: Rig): ReadonlyMap<string, number> {
  const files = readdirSync(rig.dir).filter(it => it.startsWith('written.'))
  const counts = files.map(
    file => [file.slice(8), JSON.parse(readFileSync(join(rig.dir, file), 'utf8')).count] as const,
  )
  return new Map(counts.sort())
}

/** A file in pieces. */
export function* chunksOf(path: string): Generator<Buffer> {
  const all = readFileSync(path)
  for (let at = 0; at < all.length; at += 65_536) yield all.subarray(at, at + 65_536)
}

function openOutput(rig: Rig, kind: Volume['kind']): { write: number | undefined; source: Socket | undefined } {
  if (kind === 'socket') return { write: undefined, source: undefined }
  const path = join(rig.dir, 'out')
  if (kind === 'file') return { write: openSync(path, 'w'), source: undefined }
  execFileSync('mkfifo', [path])
  const source = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), writable: false })
  return { write: openSync(path, constants.O_WRONLY), source }
}

async function readAll(from: Socket, { reader = 'fast' }: Volume, checker: Checker, look: () => void): Promise<void> {
  let next = 10_000_000
  for await (const chunk of from) {
    checker.feed(chunk as Buffer)
    look()
    if (reader === 'slow' && checker.bytes % 7 === 0) await sleep(1)
    if (reader === 'pausing' && checker.bytes > next) {
      next += 10_000_000
      await sleep(300)
    }
  }
}

async function stopWhen(child: ChildProcess, until: () => boolean): Promise<void> {
  while (!until() && child.exitCode === null) await sleep(50)
  stop(child)
}

const stopped = new WeakSet<ChildProcess>()

/** Sends foster, which is the only child of the namespace's unshare, a TERM. */
function stop(child: ChildProcess): void {
  if (stopped.has(child)) return
  stopped.add(child)
  const [foster] = childrenOf(child.pid ?? 0)
  if (foster !== undefined) process.kill(foster, 'SIGTERM')
}
