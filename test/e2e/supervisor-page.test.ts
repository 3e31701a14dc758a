/** The page of the servers for Supervisor's clients, and these servers over TCP, with a hashed password and an owner. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { e2e } from './rig.ts'
import { soon } from './rig-api.ts'
import { freePort } from './rig-net.ts'
import { eventually } from './rig-wait.ts'

const sha = (text: string): string => createHash('sha1').update(text).digest('hex')

e2e('pages, buttons with a token, a {SHA} password over TCP, a socket of another owner', async rig => {
  const port = await freePort()
  const file = rig.file(
    'supervisord.conf',
    `[unix_http_server]
file=${rig.dir}/s.sock
chmod=0760
chown=daemon:daemon
[inet_http_server]
port=127.0.0.1:${port}
username=user
password={SHA}${sha('a:secret')}
[supervisord]
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:cat]
command=/bin/sh -c 'echo "<b>hello"; exec cat'
startsecs=0
`,
  )
  const foster = await rig.start(['-c', file])
  const socket = join(rig.dir, 's.sock')
  await eventually('it listens', () => existsSync(socket))
  const { mode, uid } = statSync(socket)
  assert.equal(mode & 0o777, 0o760)
  assert.equal(uid, 1)
  const login = (password: string) => ({ Authorization: `Basic ${btoa(`user:${password}`)}` })
  const ask = (path: string, options: { method?: string; body?: string; headers?: Record<string, string> } = {}) => {
    const headers = { ...login('a:secret'), Connection: 'close', ...options.headers }
    return fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...options, headers })
  }
  const page = async (path = '/') => (await ask(path)).text()
  let first = ''
  await soon('the port answers', async () => {
    first = await page().catch(() => '')
    return first !== ''
  })
  // It is stopped below, which must not come before it has written.
  await foster.line(/<b>hello/)
  const found = /name="token" value="([0-9a-f]{64})"/.exec(first)
  assert.ok(found !== null, first)
  assert.match(first, /RUNNING/)
  for (const [path, headers] of [
    ['/', login('wrong')],
    ['/', login(sha('a:secret'))],
    ['/RPC2', login('')],
  ] as const) {
    assert.equal((await ask(path, { method: 'POST', body: 'action=stopall', headers })).status, 401)
  }
  const answer = await ask('/')
  assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/)
  const post = (fields: Record<string, string>, headers = {}) =>
    ask('/', { method: 'POST', body: new URLSearchParams(fields).toString(), headers })
  const stop = { action: 'stop', processname: 'cat:cat' }
  assert.equal((await post(stop)).status, 403)
  assert.equal((await post({ ...stop, token: '0'.repeat(64) })).status, 403)
  const token = found[1] ?? ''
  assert.equal((await post({ ...stop, token }, { Origin: 'http://elsewhere' })).status, 403)
  await ask(`/?action=stop&processname=cat&token=${token}`)
  assert.match(await page(), /RUNNING/)
  const done = await post({ ...stop, token }, { Origin: `http://127.0.0.1:${port}` })
  assert.equal(done.status, 303)
  const after = await page(done.headers.get('location') ?? '')
  assert.match(after, /cat:cat: stopped/)
  assert.match(after, /STOPPED/)
  for (const action of ['start', 'restart', 'restartall', 'nonsense', 'stop']) {
    assert.equal((await post({ action, processname: 'cat:cat', token })).status, 303, action)
  }
  const again = await post({ action: 'stop', processname: 'cat:cat', token })
  assert.match(await page(again.headers.get('location') ?? ''), /stop of cat:cat: NOT_RUNNING/)
  assert.match(await page('/tail.html?processname=cat'), /&#60;b&#62;hello/)
  assert.equal((await ask('/tail.html?processname=%3Cb%3E')).status, 404)
  await post({ action: 'clearlog', processname: 'cat:cat', token })
  assert.doesNotMatch(await page('/tail.html?processname=cat'), /hello/)
  foster.kill('SIGTERM')
  assert.deepEqual(await foster.exit(), { code: 0, signal: null })
})
