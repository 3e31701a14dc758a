/** Supervisor's own clients, with foster and with supervisord: the same answers. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { e2e, fixture } from './rig.ts'
import { run } from './rig-api.ts'
import { basics, written } from './rig-supervisorctl.ts'
import { eventually } from './rig-wait.ts'
import { assertSame, fileFor, masked, type Peer, peer, supervisorVersion, withBoth } from './supervisor-peer.ts'

const programs = `${basics}
[program:deaf]
command=/bin/sh -c 'exec <&-; echo deaf; exec /bin/sleep 999'
startsecs=0
[program:joined]
command=/bin/sh -c 'echo joined >&2; exec /bin/sleep 999'
stdout_logfile=DIR/joined.log
stderr_logfile=DIR/joined.log
startsecs=0
[program:directory]
command=/usr/bin
autostart=false
[program:b]
command=/bin/sleep 1000
autostart=false
startsecs=1
exitcodes=0,3
[group:g]
programs=a,b
priority=7
[eventlistener:l]
command=/bin/cat
process_name=%(program_name)s_%(process_num)d
numprocs=2
events=TICK_3600
startsecs=0
`

const installed = supervisorVersion()

/** A test that needs Debian's package. */
function withSupervisor(name: string, body: Parameters<typeof e2e>[1]): void {
  if (installed === '4.2.5') e2e(name, body)
  else test(name, { skip: `needs Debian's package supervisor 4.2.5; there is ${installed ?? 'none'}` }, () => {})
}

/** What foster cannot do, and says so, or what it does better. */
const different: readonly RegExp[] = [/^\["supervisor\.readMainLog"/]

withSupervisor('every method, by xmlrpc.client', rig =>
  withBoth(rig, programs, async (foster, oracle) => {
    const calls = async (peer: Peer): Promise<readonly string[]> => {
      const text = await run(['/usr/bin/python3', fixture('supervisor_calls.py'), peer.url, peer.config])
      return masked(text, peer)
        .split('\n')
        .filter(line => !different.some(it => it.test(line)))
    }
    const [ours, theirs] = await Promise.all([calls(foster), calls(oracle)])
    assert.ok(theirs.length > 200, theirs.join('\n'))
    assert.deepEqual(ours, theirs)
    assert.deepEqual(await foster.foster?.exit(), { code: 0, signal: null })
    assert.ok(!existsSync(join(foster.dir, 's.sock')))
  }),
)

/** One after the other in one session, so that Python starts once. */
const session: readonly string[] = [
  ...['status', 'status cat g:*', 'status nope', 'status g:nope', 'avail', 'version', 'pid nope', 'start missing'],
  ...['start directory', 'start quick', 'start nope', 'start', 'stop cat', 'stop cat', 'stop nope', 'start cat'],
  ...['restart cat', 'start g:a', 'signal CONT cat', 'signal BOGUS cat', 'signal HUP quick', 'signal CONT nope'],
  ...['pid quick', 'stop g:a', 'tail file', 'tail -20 file', 'tail file stderr', 'tail nope', 'tail none'],
  ...['tail joined', 'tail joined stderr', 'clear joined', 'tail joined stderr'],
  ...['clear file', 'clear nope', 'reread', 'update', 'add cat', 'add nope', 'remove cat', 'remove nope', 'stop cat'],
  ...['remove cat', 'status cat', 'avail', 'reread', 'update', 'status cat', 'nonsense'],
]

/** One by one, for their exit codes. */
const single: readonly (readonly string[])[] = [
  ...[['status', 'cat'], ['status'], ['status', 'nope'], ['start', 'cat'], ['start', 'missing'], ['pid', 'none']],
]

/** Waits for what is shown of log files. */
async function writtenBy(peer: Peer): Promise<void> {
  await written(peer)
  const path = join(peer.dir, 'joined.log')
  await eventually('the joined file is written', () => existsSync(path) && readFileSync(path, 'utf8') === 'joined\n')
}

withSupervisor('every command of supervisorctl', rig =>
  withBoth(rig, programs, async (foster, oracle) => {
    const both = async (what: string, ask: (peer: Peer) => Promise<string>): Promise<void> => {
      const [ours, theirs] = await Promise.all([ask(foster), ask(oracle)])
      assertSame(masked(ours, foster), masked(theirs, oracle), what)
    }
    for (const peer of [foster, oracle]) await writtenBy(peer)
    await both('a session', it => it.session(session))
    for (const command of single) await both(command.join(' '), it => it.ctl(...command))
    for (const { config } of [foster, oracle]) {
      const text = readFileSync(config, 'utf8')
      writeFileSync(
        config,
        text.replace('[program:cat]', '[program:more]\ncommand=/bin/cat\nstartsecs=600\n[program:cat]\npriority=5'),
      )
    }
    await both('after a change', it => it.session(['reread', 'update', 'status more cat', 'avail', 'update']))
    assert.match(await foster.ctl('maintail'), /foster +\| cat: started/)
    await both('shutdown', it => it.ctl('shutdown'))
    assert.deepEqual(await foster.foster?.exit(), { code: 0, signal: null })
  }),
)

/** What a command writes until something is in it; then it is ended. */
async function follows(
  peer: Peer,
  args: readonly string[],
  begin: (text: () => string) => Promise<void>,
): Promise<void> {
  const child = spawn('supervisorctl', ['-c', peer.config, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', more => (text += more))
  const gone = new Promise(done => child.once('exit', done))
  try {
    await begin(() => text)
  } finally {
    child.kill('SIGKILL')
    await gone
  }
}

withSupervisor('tail -f follows memory, files through a rotation, and foster itself', async rig => {
  const puppet = rig.puppet('loud')
  const command = puppet.command.map(word => `'${word.replaceAll("'", `'"'"'`)}'`).join(' ')
  const more = `[program:loud]\ncommand=${command}\nstderr_logfile=DIR/err.log\n`
  const foster = await peer(rig, 'foster', more)
  await puppet.up()
  await puppet.does('echo before')
  await follows(foster, ['tail', '-f', 'loud'], async text => {
    await eventually('what was there', () => text().includes('before\n'))
    await puppet.does('echo after')
    await eventually('what comes', () => text().includes('after\n'))
  })
  await puppet.does('echo one >&2')
  await follows(foster, ['tail', '-f', 'loud', 'stderr'], async text => {
    await eventually('what was in the file', () => text().includes('one\n'))
    await puppet.does('echo two >&2')
    await eventually('what comes to it', () => text().includes('two\n'))
    await foster.ctl('clear', 'loud')
    await puppet.does('echo three >&2')
    await eventually('what comes to the next file', () => text().includes('three\n'))
  })
  await follows(foster, ['maintail', '-f'], async text => {
    await eventually('what it has said', () => text().includes('loud: started'))
    assert.match(await foster.ctl('stop', 'loud'), /loud: stopped/)
    await eventually('what it says', () => text().includes('loud: killed by SIGTERM'))
  })
})

/** A request as it is; its status. */
async function ask(
  path: string,
  options: { method?: string; auth?: string; headers?: object; body?: string },
): Promise<number> {
  const { method = 'POST', auth = 'user:secret', headers = {}, body = '' } = options
  return new Promise((done, failed) => {
    const length = { 'Content-Length': Buffer.byteLength(body) }
    const to = { socketPath: path, path: '/RPC2', method, auth, agent: false, headers: { ...length, ...headers } }
    const asked = request(to, response => {
      response.resume()
      done(response.statusCode ?? 0)
    })
    asked.on('error', failed)
    asked.end(body)
  })
}

const call = '<methodCall><methodName>supervisor.getPID</methodName></methodCall>'

e2e('strangers, other sites and harmful bodies are turned away, and foster goes on', async rig => {
  const dir = join(rig.dir, 'own')
  mkdirSync(dir)
  const foster = await rig.start([
    '-c',
    rig.file('own/supervisord.conf', fileFor(dir, '[program:cat]\ncommand=/bin/cat')),
  ])
  const path = join(dir, 's.sock')
  await eventually('it listens', () => existsSync(path))
  assert.equal(statSync(path).mode & 0o777, 0o700)
  assert.equal(await ask(path, { body: call }), 200)
  assert.equal(await ask(path, { body: call, auth: 'user:wrong' }), 401)
  assert.equal(await ask(path, { body: call, auth: 'other:secret' }), 401)
  assert.equal(await ask(path, { body: call, headers: { Authorization: 'Basic !' } }), 400)
  assert.equal(await ask(path, { body: call, headers: { Origin: 'http://elsewhere' } }), 403)
  assert.equal(await ask(path, { method: 'GET' }), 400)
  assert.equal(await ask(path, { body: 'no XML' }), 400)
  assert.equal(await ask(path, { body: `<!DOCTYPE a [<!ENTITY b "c">]>${call}` }), 400)
  assert.equal(await ask(path, { body: '<a>'.repeat(100_000) }), 400)
  assert.equal(await ask(path, { body: 'a'.repeat(10_000_000) }), 413)
  assert.equal(await ask(path, { body: 'a'.repeat(10_000_000), auth: 'user:wrong' }), 413)
  assert.equal(await ask(path, { body: call }), 200)
  foster.kill('SIGTERM')
  assert.deepEqual(await foster.exit(), { code: 0, signal: null })
  assert.ok(!existsSync(path))
})
