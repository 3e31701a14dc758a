/** Asks foster over its control socket, as curl does, and as whom a test wants. */
import { spawn } from 'node:child_process'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  ActionAnswer,
  Failure,
  GraphAnswer,
  HealthAnswer,
  LogLine,
  ProcessStatus,
  ReloadAnswer,
  StatusAnswer,
} from '../../src/api/answers.ts'
import type { Rig } from './rig.ts'
import { patience, Record as Story } from './rig-wait.ts'

/** All that a JSON answer may hold. */
export type Body = StatusAnswer & ActionAnswer & HealthAnswer & GraphAnswer & ReloadAnswer & Failure & LogLine

/** All that a line may hold. */
export interface Line {
  readonly type: string
  readonly seq: number
  readonly process: string
  readonly to: string
  readonly cause: string
  readonly code: number
  readonly signal: string | null
  readonly uptime: number
  readonly uid: number
  readonly verb: string
  readonly names: readonly string[]
  readonly status: number
  readonly message: string
  readonly whole: boolean
  readonly missed: number
  readonly lines: number
  readonly results: ActionAnswer['results']
}

/** An answer. */
export interface Answer {
  readonly status: number
  readonly body: Body
  readonly text: string
}

/** Somebody who asks. */
export interface Who {
  readonly uid: number
  readonly gid?: number
  readonly groups?: readonly number[]
}

/** The socket of a test's foster, and questions to it. */
export class Api {
  readonly path: string

  constructor(rig: Rig, name = 'control.sock') {
    this.path = join(rig.dir, name)
  }

  /** `METHOD /path`; the method may be left out. */
  async ask(what: string, who?: Who): Promise<Answer> {
    const [target = '', method = 'GET'] = what.split(' ').reverse()
    const as = who === undefined ? [] : asSomebody(who)
    const text = await run([...as, ...curl, '--unix-socket', this.path, '-X', method, `http://foster${target}`])
    const end = text.lastIndexOf('\n')
    const body = text.slice(0, end)
    return { status: Number(text.slice(end + 1)), body: parsed(body) as Body, text: body }
  }

  /** Waits until foster answers. */
  async open(): Promise<this> {
    await soon('the control socket', async () => (await this.ask('/v1/health')).status >= 200)
    return this
  }

  /** The status of one process. */
  async process(name: string): Promise<ProcessStatus> {
    const { body, text } = await this.ask(`/v1/programs/${name}`)
    const [found] = body.programs
    if (found === undefined) throw new Error(text)
    return found
  }

  /** Follows lines of JSON. */
  follow(target: string): Followed {
    return new Followed(this.path, target)
  }
}

/** Waits for a fact that has to be asked for. */
export async function soon(what: string, find: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + patience
  while (performance.now() < end) {
    if (await find()) return
    await sleep(10)
  }
  throw new Error(`waited in vain: ${what}`)
}

const curl = ['curl', '-sS', '--max-time', '60', '-w', '\n%{http_code}']

function asSomebody({ uid, gid = uid, groups = [] }: Who): readonly string[] {
  const more = groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, more]
}

/** Runs a command; what it writes, also where it fails. */
export async function run([file = '', ...args]: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', more => (text += more))
    child.stderr.setEncoding('utf8').on('data', more => (text += more))
    child.on('error', reject)
    child.on('close', () => resolve(text))
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Lines that come. */
export class Followed {
  readonly lines = new Story<Line>()
  readonly request: ClientRequest
  response: IncomingMessage | undefined
  isOver = false

  constructor(socketPath: string, path: string) {
    this.request = request({ socketPath, path, agent: false }, response => {
      this.response = response
      let rest = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        this.lines.add(...lines.map(line => parsed(line) as Line))
      })
      response.on('close', () => this.#end())
    })
    this.request.on('error', () => this.#end())
    this.request.end()
  }

  #end(): void {
    this.isOver = true
    this.lines.add()
  }

  /** Waits for a line. */
  async line(what: string, fits: (line: Line) => boolean): Promise<Line> {
    return this.lines.until(
      what,
      () => this.lines.all.find(fits),
      () => JSON.stringify(this.lines.all.slice(-20)),
    )
  }

  /** Waits for the end of the stream. */
  async end(): Promise<void> {
    await this.lines.until(
      'the end of the stream',
      () => this.isOver || undefined,
      () => `${this.lines.all.length} lines`,
    )
  }

  close(): void {
    this.request.destroy()
  }
}
