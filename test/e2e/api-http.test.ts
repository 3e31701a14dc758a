/** Health and metrics over TCP: what everybody is told, and what only some. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { e2e } from './rig.ts'
import { Api, run, soon } from './rig-api.ts'
import { freePort } from './rig-net.ts'

/** Asks by curl: the status and the body. */
async function ask(url: string, ...options: readonly string[]): Promise<{ status: number; text: string }> {
  const text = await run(['curl', '-sS', '--max-time', '60', '-w', '\n%{http_code}', ...options, url])
  const end = text.lastIndexOf('\n')
  return { status: Number(text.slice(end + 1)), text: text.slice(0, end) }
}

async function listening(base: string): Promise<void> {
  await soon('it listens', async () => (await ask(`${base}/livez`)).status === 200)
}

e2e('livez, readyz and startupz follow the programs, and readyz falls when the stop begins', async rig => {
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  const api = new Api(rig)
  const gate = rig.puppet('gate')
  const web = rig.puppet('web')
  const programs = {
    gate: { kind: 'task', command: gate.command },
    web: { command: web.command, start_seconds: 0, depends_on: ['gate'], backoff: { delay: '1h' } },
    side: { command: 'false', critical: false, start_retries: 0 },
  }
  const foster = await rig.start({
    ...{ programs, http: { listen: port }, control: { socket: api.path } },
    shutdown: { delay: '1h', timeout: '2h' },
  })
  await gate.up()
  await listening(base)
  assert.deepEqual(await ask(`${base}/readyz`), { status: 503, text: 'readyz check failed\n' })
  assert.equal((await ask(`${base}/startupz`)).status, 503)
  gate.start('exit 0')
  await web.up()
  await soon('it is ready', async () => (await ask(`${base}/readyz`)).status === 200)
  assert.deepEqual(await ask(`${base}/startupz`, '-H', 'Host: anything.example'), { status: 200, text: 'ok\n' })
  web.start('exit 1')
  await soon('it is not ready', async () => (await ask(`${base}/readyz`)).status === 503)
  assert.equal((await ask(`${base}/startupz`)).status, 200)
  await api.ask('POST /v1/programs/web/start')
  await web.up()
  await soon('it is ready again', async () => (await ask(`${base}/readyz`)).status === 200)
  foster.kill('SIGTERM')
  await foster.line(/SIGTERM received/)
  assert.equal((await ask(`${base}/readyz`)).status, 503)
  assert.equal((await ask(`${base}/livez`)).status, 200)
  // Nothing is left that the delay would be for.
  web.start('exit 0')
  assert.equal((await foster.exit()).code, 0)
})

e2e('details on a loopback address are for a known Host and for no other site', async rig => {
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  await rig.start({
    programs: { web: { command: 'sleep inf', start_seconds: 0 } },
    http: { listen: `127.0.0.1:${port}` },
  })
  await listening(base)
  assert.equal((await ask(`${base}/metrics`)).status, 200)
  assert.equal((await ask(`${base}/metrics`, '-H', 'Host: localhost')).status, 200)
  assert.equal((await ask(`${base}/readyz?verbose`)).status, 200)
  const elsewhere = await ask(`${base}/metrics`, '-H', 'Host: evil.example')
  assert.equal(elsewhere.status, 403)
  assert.match(elsewhere.text, /Host is none of this machine/)
  assert.equal((await ask(`${base}/metrics`, '-H', 'Origin: http://evil.example')).status, 403)
  assert.equal((await ask(`${base}/readyz?verbose`, '-H', 'Host: evil.example')).status, 403)
  assert.equal((await ask(`${base}/v1/status`)).status, 404)
  assert.equal((await ask(`${base}/readyz`, '-X', 'POST', '-d', 'x')).status, 405)
})

e2e('details on every address need the token', async rig => {
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  const programs = { web: { command: 'sleep inf', start_seconds: 0 } }
  await rig.start({ programs, http: { listen: port, token: 's3cret' } })
  await listening(base)
  assert.equal((await ask(`${base}/metrics`)).status, 401)
  for (const token of ['s3cre', 's3cret1', 'S3cret', 's3crets3cret']) {
    assert.equal((await ask(`${base}/metrics`, '-H', `Authorization: Bearer ${token}`)).status, 401, token)
  }
  const mine = await ask(`${base}/metrics`, '-H', 'Authorization: Bearer s3cret', '-H', 'Host: pod.example')
  assert.equal(mine.status, 200)
  assert.doesNotMatch(mine.text, /s3cret/)
  const other = await freePort()
  await rig.start({ programs, http: { listen: other }, control: { socket: false } })
  await listening(`http://127.0.0.1:${other}`)
  assert.match((await ask(`http://127.0.0.1:${other}/metrics`)).text, /http.token/)
})

e2e('a port that somebody has: said, tried again, and nothing else is touched', async rig => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const web = rig.puppet('web')
  const foster = await rig.start({ programs: { web: { command: web.command } }, http: { listen: `127.0.0.1:${port}` } })
  await foster.line(/http does not listen: .*EADDRINUSE/)
  await web.up()
  await new Promise(resolve => server.close(resolve))
  await foster.line(/http listens on port \d+ now/)
  assert.equal((await ask(`http://127.0.0.1:${port}/livez`)).status, 200)
})

const promtool = (() => {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

e2e('the metrics say what is, and promtool accepts them', async (rig, context) => {
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  const web = rig.puppet('web')
  const programs = {
    web: { command: web.command, start_seconds: 0, group: 'a"b\\c'.replace(/["\\]/g, '-'), backoff: { delay: '10ms' } },
    once: { kind: 'task', command: 'sh -c "echo one; echo two; echo three >&2"' },
  }
  await rig.start({ programs, http: { listen: `127.0.0.1:${port}` } })
  await web.up()
  await listening(base)
  web.start('exit 3')
  await web.up()
  const metric = async (pattern: RegExp) => pattern.test((await ask(`${base}/metrics`)).text)
  for (const line of [
    /^foster_process_restarts_total\{process="web",.*\} 1$/m,
    /^foster_process_output_bytes_total\{process="once",.*stream="stdout"\} 8$/m,
    /^foster_process_output_bytes_total\{process="once",.*stream="stderr"\} 6$/m,
  ])
    await soon(`${line}`, () => metric(line))
  const { text } = await ask(`${base}/metrics`)
  const lines: readonly RegExp[] = [
    /^foster_build_info\{version="[^"]+"\} 1$/m,
    /^foster_process_state\{process="web",program="web",group="a-b-c",state="RUNNING"\} 1$/m,
    /^foster_process_state\{process="web",.*state="FATAL"\} 0$/m,
    /^foster_process_exits_total\{process="web",.*cause="self"\} 1$/m,
    /^foster_process_output_lines_total\{process="once",.*stream="stdout"\} 2$/m,
    /^foster_process_output_bytes_total\{process="once",.*stream="stderr"\} 6$/m,
    /^foster_process_resident_memory_bytes\{process="web",.*\} [1-9]\d+$/m,
    /^foster_process_session_processes\{process="web",.*\} [1-9]/m,
    /^foster_event_loop_lag_seconds \d/m,
    /^foster_orphans_reaped_total \d+$/m,
  ]
  for (const line of lines) assert.match(text, line)
  const open = await run([
    'curl',
    '-sSi',
    '-H',
    'Accept: application/openmetrics-text; version=1.0.0',
    `${base}/metrics`,
  ])
  assert.match(open, /Content-Type: application\/openmetrics-text/)
  assert.match(open, /# TYPE foster_process_restarts counter\n/)
  assert.match(open, /# EOF\n$/)
  if (!promtool) return context.skip('promtool is not here (apt-get install prometheus)')
  const checked = execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8', stdio: 'pipe' })
  assert.equal(checked, '')
})

e2e('a connection that is closed in the middle of a scrape troubles nobody', async rig => {
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  const foster = await rig.start({ programs: { web: { command: 'sleep inf' } }, http: { listen: `127.0.0.1:${port}` } })
  await listening(base)
  for (let i = 0; i < 20; i++) {
    const socket = connect(port, '127.0.0.1')
    await new Promise(resolve => socket.once('connect', resolve))
    socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n')
    socket.resetAndDestroy()
  }
  assert.equal((await ask(`${base}/metrics`)).status, 200)
  assert.doesNotMatch(foster.output.stderr, /error/)
})
