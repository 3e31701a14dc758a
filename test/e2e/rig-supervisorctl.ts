/** Two clients and two servers: Debian's supervisorctl and foster's, foster and supervisord. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { e2e, type Rig } from './rig.ts'
import { run } from './rig-api.ts'
import { binary } from './rig-foster.ts'
import { eventually } from './rig-wait.ts'
import { assertSame, masked, type Peer, peer, supervisorVersion } from './supervisor-peer.ts'

/** Programs of every kind that a client meets. */
export const basics = `
[program:cat]
command=/bin/cat
startsecs=0
[program:file]
command=/bin/sh -c 'for i in 0 1 2 3 4 5; do echo "line $i 89"; done; exec /bin/sleep 1000'
stdout_logfile=DIR/file.log
redirect_stderr=true
startsecs=0
[program:none]
command=/bin/sleep 999
startsecs=0
stdout_logfile=NONE
stderr_logfile=NONE
[program:missing]
command=/nowhere/at-all
autostart=false
[program:quick]
command=/bin/false
autostart=false
startsecs=600
startretries=0
[program:a]
command=/bin/sleep 1000
autostart=false
startsecs=0
priority=3
`

/** What all servers run. */
export const programs = `${basics}
[program:b]
command=/bin/sleep 1000
autostart=false
startsecs=0
[group:g]
programs=a,b
priority=7
`

/** How the clients are called. */
export const clients = { debian: ['supervisorctl'], own: [binary, 'supervisorctl'] } as const
/** Which client. */
export type Client = keyof typeof clients

/** A server and a client. */
export interface Pair {
  readonly name: string
  readonly server: Peer
  readonly client: Client
}

/** A client's command line, after which its exit code is shown. */
const exits = ['sh', '-c', 'timeout 300 "$@"; echo "exit $?"', 'sh']

/** All these command lines, one after the other; the output and exit code of each. */
export async function oneByOne({ server, client }: Pair, lines: readonly (readonly string[])[]): Promise<string> {
  let text = ''
  for (const args of lines) {
    text += `${args.join(' ')}:\n${await run([...exits, ...clients[client], '-c', server.config, ...args])}`
  }
  return text
}

/** The same with lines on its standard input. */
export const piped = (
  { server, client }: Pair,
  lines: readonly string[],
  ...args: readonly string[]
): Promise<string> => {
  const script = 'lines=$1; shift; printf "%s" "$lines" | timeout 300 "$@"; echo "exit $?"'
  const text = lines.map(line => `${line}\n`).join('')
  return run(['sh', '-c', script, 'sh', text, ...clients[client], '-c', server.config, ...args])
}

/** What does not matter: where in the Python a failure was noticed. */
const told = (text: string, { server }: Pair): string =>
  masked(text, server)
    .replace(/: file: .* line: \d+$/gm, ': file: F line: N')
    .replace(/use \S*supervisorctl -h/g, 'use supervisorctl -h')
    .replace(/(supervisor> )\d+$/gm, '$1N')

/** All four, each pair with a server of its own. */
export async function four(rig: Rig, body: (all: readonly Pair[]) => Promise<void>): Promise<void> {
  const pairs: Pair[] = []
  try {
    for (const who of ['supervisord', 'foster'] as const) {
      for (const client of ['debian', 'own'] as const) {
        const name = `${who}-${client}`
        pairs.push({ name, client, server: await peer(rig, who, programs, name) })
      }
    }
    await body(pairs)
  } finally {
    await Promise.all(pairs.map(({ server }) => server.end()))
  }
}

/** The same of all. */
export async function same(
  what: string,
  pairs: readonly Pair[],
  ask: (pair: Pair) => Promise<string>,
  wanted?: RegExp,
): Promise<void> {
  const texts = await Promise.all(pairs.map(async pair => told(await ask(pair), pair)))
  if (wanted !== undefined) assert.match(texts[0] ?? '', wanted, what)
  for (const [at, text] of texts.entries()) assertSame(text, texts[0] ?? '', `${what}: ${pairs[at]?.name}`)
}

const installed = supervisorVersion()

/** A test that needs Debian's package. */
export function withSupervisor(name: string, body: Parameters<typeof e2e>[1]): void {
  if (installed === '4.2.5') e2e(name, body)
  else test(name, { skip: `needs Debian's package supervisor 4.2.5; there is ${installed ?? 'none'}` }, () => {})
}

/** Waits until the program `file` has written what it writes. */
export async function written({ dir }: Peer): Promise<void> {
  const path = join(dir, 'file.log')
  await eventually('the file is written', () => existsSync(path) && readFileSync(path, 'utf8').includes('line 5'))
}
