/** A foster that is none: an HTTP server at a socket in a directory of its own, that answers what the test says. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ActionResult, ProcessStatus, StatusAnswer } from '../../src/api/answers.ts'
import { parseArguments } from '../../src/cli/arguments.ts'
import type { Surroundings } from '../../src/cli/around.ts'
import { runClient } from '../../src/cli/client.ts'
import { connected } from '../../src/os/sockets.ts'

/** What is answered: a value as JSON, several as lines, or whatever the function does. */
export type Reply =
  | { readonly status?: number; readonly value: unknown }
  | { readonly lines: readonly unknown[] }
  | ((response: ServerResponse, request: IncomingMessage) => void)

/** By method and target: `GET /v1/status`. */
export type Replies = Readonly<Record<string, Reply>>

/** What a command wrote, and its exit code. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** What was asked, in order. */
  readonly asked: readonly string[]
}

export type Changes = Partial<Surroundings> & {
  readonly replies?: Replies
  /** Is given each piece of output; false: the reader has gone. */
  readonly onWrite?: (output: 1 | 2, text: string) => boolean
}

/** Runs a command line against a fake foster. */
export async function foster(line: string, { replies = {}, onWrite, ...around }: Changes = {}): Promise<Outcome> {
  const dir = mkdtempSync(join(tmpdir(), 'foster-cli-'))
  const asked: string[] = []
  const server = createServer((request, response) => {
    const what = `${request.method} ${request.url}`
    asked.push(what)
    answer(response, request, replies[what] ?? unknown)
  })
  const socket = join(dir, 's')
  await listening(server, socket)
  const written = { 1: '', 2: '' }
  const surroundings: Surroundings = {
    ...quiet,
    environment: { FOSTER_SOCKET: socket },
    write: (output, what) => {
      const text = Buffer.from(what).toString()
      written[output] += text
      return onWrite?.(output, text) ?? true
    },
    ...around,
  }
  try {
    const given = parseArguments(line.split(' '), surroundings.version)
    if (given.command !== 'client') throw new Error(`no request: ${JSON.stringify(given)}`)
    const code = await runClient(given.request, given.socket?.replace('DIR', dir), surroundings)
    return { code, stdout: written[1], stderr: written[2].replaceAll(dir, 'DIR'), asked }
  } finally {
    server.closeAllConnections()
    server.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

const quiet: Surroundings = {
  uid: 0,
  environment: {},
  version: '1.0.0',
  configuredSocket: () => undefined,
  initUid: () => 0,
  connect: connected,
  peerUid: () => 0,
  write: () => true,
  isUnread: () => false,
  columns: () => undefined,
  isColoured: () => false,
  colourOf: index => 31 + index,
  now: () => 0,
  every: () => () => {},
  onInterrupt: () => () => {},
}

const unknown: Reply = { status: 404, value: { code: 'unknown-path', message: 'there is nothing', hint: null } }

function answer(response: ServerResponse, request: IncomingMessage, reply: Reply): void {
  response.setHeader('Server', 'foster/1.0.0')
  if (typeof reply === 'function') return reply(response, request)
  response.setHeader('Content-Type', 'application/json')
  if ('lines' in reply) {
    for (const line of reply.lines) response.write(`${JSON.stringify(line)}\n`)
    response.end()
  } else {
    response.statusCode = reply.status ?? 200
    response.end(JSON.stringify(reply.value))
  }
}

function listening(server: Server, socket: string): Promise<void> {
  return new Promise((resolve, reject) => server.on('error', reject).listen(socket, resolve))
}

/** A process that runs, and what is to be different. */
export function processAs(changes: Partial<ProcessStatus> & { readonly name: string }): ProcessStatus {
  return {
    program: changes.name,
    group: changes.name,
    replica: null,
    kind: 'service',
    critical: true,
    state: 'RUNNING',
    state_code: 20,
    ready: true,
    pid: 12,
    since: '2026-11-26T12:00:00.000Z',
    uptime: 100,
    restarts: 0,
    failures: 0,
    waiting_for: [],
    retry_in: null,
    reason: null,
    status_text: null,
    reloading: false,
    last_exit: null,
    probes: [],
    ...changes,
  }
}

/** What `GET /v1/status` answers. */
export function statusAs(...programs: readonly ProcessStatus[]): StatusAnswer {
  return {
    version: '1.0.0',
    pid: 1,
    started: '2026-11-26T12:00:00.000Z',
    uptime: 100,
    phase: 'serving',
    ready: true,
    programs: [...programs],
  }
}

/** What came of an action on a process. */
export function resultAs(changes: Partial<ActionResult> & { readonly name: string }): ActionResult {
  const { name } = changes
  return {
    ok: true,
    code: 'started',
    message: `${name}: started`,
    hint: null,
    process: processAs({ name }),
    ...changes,
  }
}
