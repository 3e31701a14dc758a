/** foster and the oracle, with the same file and its clients. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Rig } from './rig.ts'
import { run, soon } from './rig-api.ts'
import type { Foster } from './rig-foster.ts'

/** Somebody who runs a file, and how to reach him. */
export interface Peer {
  readonly who: 'foster' | 'supervisord'
  readonly dir: string
  readonly config: string
  readonly url: string
  /** What foster itself is; undefined for the oracle. */
  readonly foster: Foster | undefined
  /** What Debian's supervisorctl prints and, in the last line, its exit code. */
  ctl(...args: readonly string[]): Promise<string>
  /** What it prints for all these commands, read from its standard input. */
  session(commands: readonly string[]): Promise<string>
  /** Sends an event. */
  remote(type: string, data: string): Promise<void>
  /** Ends it, however far it is. */
  end(): Promise<void>
}

/** What both run; `programs` are the lines behind the servers. */
export const fileFor = (dir: string, programs: string): string => `
[unix_http_server]
file=${dir}/s.sock
username=user
password=secret
[supervisord]
nodaemon=true
logfile=${dir}/main.log
pidfile=${dir}/s.pid
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${dir}/s.sock
username=user
password=secret
${programs.replaceAll('DIR', dir)}
`

/** Starts one of the two in a directory of its own, and waits until it answers. */
export async function peer(
  rig: Rig,
  who: Peer['who'],
  programs: string,
  name: string = who,
  env: Readonly<Record<string, string>> = {},
): Promise<Peer> {
  const dir = join(rig.dir, name)
  mkdirSync(dir)
  const config = rig.file(`${name}/supervisord.conf`, fileFor(dir, programs))
  const foster = who === 'foster' ? await rig.start(['-c', config], { env }) : undefined
  // One supervisord removes at its start what another has in the same directory for AUTO logs.
  const own = { cwd: dir, env: { ...process.env, TMPDIR: dir } }
  const oracle = who === 'foster' ? undefined : spawn('supervisord', ['-n', '-c', config], { ...own, stdio: 'ignore' })
  // supervisord's file is there before it listens.
  await soon(`${who} listens`, () => connects(join(dir, 's.sock')))
  return {
    ...{ who, dir, config, url: `unix://${dir}/s.sock`, foster },
    ctl: (...args) => run(['sh', '-c', 'timeout 300 supervisorctl "$@"; echo "exit $?"', 'sh', '-c', config, ...args]),
    session: commands =>
      run(['sh', '-c', `printf '%s\\n' "$@" | timeout 300 supervisorctl -c '${config}'`, 'sh', ...commands]),
    remote: async (type, data) => {
      assert.equal(await run(['/usr/bin/python3', '-c', sending, `unix://${dir}/s.sock`, type, data]), 'True\n')
    },
    end: () => ended(oracle),
  }
}

const connects = (path: string): Promise<boolean> =>
  new Promise(done => {
    const socket = connect(path, () => done(true))
    socket.on('error', () => done(false)).on('connect', () => socket.destroy())
  })

const sending = `
import sys, xmlrpc.client
from supervisor.xmlrpc import SupervisorTransport
url, type, data = sys.argv[1:]
server = xmlrpc.client.ServerProxy('http://127.0.0.1', transport=SupervisorTransport('user', 'secret', url))
print(server.supervisor.sendRemoteCommEvent(type, data))
`

async function ended(oracle: ChildProcess | undefined): Promise<void> {
  if (oracle === undefined || oracle.exitCode !== null) return
  const gone = new Promise(done => oracle.once('exit', done))
  oracle.kill('SIGTERM')
  await gone
}

/** Both, of which the oracle is ended whatever happens. */
export async function withBoth(
  rig: Rig,
  programs: string,
  body: (foster: Peer, oracle: Peer) => Promise<void>,
): Promise<void> {
  const oracle = await peer(rig, 'supervisord', programs)
  try {
    await body(await peer(rig, 'foster', programs), oracle)
  } finally {
    await oracle.end()
  }
}

/** Lines without what differs from run to run. */
export function masked(text: string, { dir }: Pick<Peer, 'dir'>): string {
  return text
    .replaceAll(dir, 'DIR')
    .replace(/pid \d+, uptime \d+:\d\d:\d\d/g, 'pid N, uptime T')
    .replace(/[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M/g, 'TIME')
    .replace(/^\d+$/gm, 'N')
}

/** Asserts that two texts are the same, line by line, so that the difference can be seen. */
export function assertSame(actual: string, wanted: string, what: string): void {
  assert.deepEqual(actual.split('\n'), wanted.split('\n'), what)
}

/** Whether Debian's package is installed, and its version. */
export function supervisorVersion(): string | undefined {
  try {
    return execFileSync('supervisord', ['--version'], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}

/** What is in a file of a peer. */
export const textIn = ({ dir }: Peer, name: string): string => readFileSync(join(dir, name), 'utf8')
