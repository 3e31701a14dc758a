/** status, pid, signal, shutdown, health, config, names: what is asked, what is printed, how it ends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProcessStatus } from '../../src/api/answers.ts'
import { foster, processAs, resultAs, statusAs } from './fake.ts'

const web = processAs({ name: 'web' })
const stopped = processAs({ name: 'db', state: 'STOPPED', pid: null, uptime: null, since: null, ready: false })

const all = (...programs: readonly ProcessStatus[]) => ({ 'GET /v1/status': { value: statusAs(...programs) } })

test('status prints a line for each process, and 3 if one of them is down', async () => {
  const up = await foster('status', { replies: all(web) })
  assert.deepEqual(up, {
    code: 0,
    stdout: 'web  RUNNING   pid 12, uptime 0:01:40\n',
    stderr: '',
    asked: ['GET /v1/status'],
  })
  const down = await foster('status', { replies: all(web, stopped) })
  assert.equal(down.code, 3)
  assert.equal(down.stdout, 'web  RUNNING   pid 12, uptime 0:01:40\ndb   STOPPED   Not started\n')
})

const ended = (code: number) => ({
  ...{ how: 'exited' as const, code, signal: null, core: false, reason: `exited with code ${code}` },
  ...{ at: '2026-11-26T12:00:00.000Z', uptime: 1, success: code === 0 || code === 9 },
})

for (const [what, changes, code] of [
  ['a service that has exited', { state: 'EXITED', last_exit: ended(0) }, 3],
  ['a fatal service', { state: 'FATAL', reason: 'not found' }, 3],
  ['a service in backoff', { state: 'BACKOFF', reason: 'exited with code 1' }, 0],
  ['a service that waits', { state: 'WAITING' }, 0],
  ['a task that has done its work', { state: 'EXITED', kind: 'task', last_exit: ended(0) }, 0],
  ['a task whose code 9 is a success', { state: 'EXITED', kind: 'task', last_exit: ended(9) }, 0],
  ['a task that has failed', { state: 'EXITED', kind: 'task', last_exit: ended(4) }, 3],
] as const) {
  test(`status of ${what}: ${code}`, async () => {
    const given = processAs({ name: 'it', pid: null, ready: false, ...changes })
    assert.equal((await foster('status', { replies: all(given) })).code, code)
  })
}

const unknown = {
  status: 404,
  value: { code: 'unknown-program', message: 'there is no program "wbe"', hint: 'did you mean "web"?' },
}

test('status of names: each process once, in the order of the names; 4 for one that is not there', async () => {
  const replies = {
    'GET /v1/programs/web': { value: { programs: [web] } },
    'GET /v1/programs/all': { value: { programs: [processAs({ name: 'db' }), web] } },
    'GET /v1/programs/wbe': unknown,
  }
  const both = await foster('status web all', { replies })
  assert.equal(both.stdout, 'web  RUNNING   pid 12, uptime 0:01:40\ndb   RUNNING   pid 12, uptime 0:01:40\n')
  assert.equal(both.code, 0)
  const wrong = await foster('status wbe web', { replies })
  assert.equal(wrong.stdout, 'web  RUNNING   pid 12, uptime 0:01:40\n')
  assert.equal(wrong.stderr, 'foster: there is no program "wbe"\n  did you mean "web"?\n')
  assert.equal(wrong.code, 4)
})

test('status --json is what the server says', async () => {
  const answer = statusAs(web)
  const { stdout } = await foster('status --json', { replies: { 'GET /v1/status': { value: answer } } })
  assert.deepEqual(JSON.parse(stdout), answer)
  const replies = { 'GET /v1/programs/web': { value: { programs: [web] } } }
  assert.deepEqual(JSON.parse((await foster('status --json web', { replies })).stdout), { programs: [web] })
})

test('status of a container that is being stopped says so, and not among the results', async () => {
  const replies = { 'GET /v1/status': { value: { ...statusAs(web), phase: 'stopping' } } }
  assert.match((await foster('status', { replies })).stderr, /is being stopped/)
})

test('pid: of foster, of programs, 0 and 7 for one that is down, 1 for one that is not there', async () => {
  const replies = {
    ...all(web),
    'GET /v1/programs/all': { value: { programs: [web, stopped] } },
    'GET /v1/programs/web': { value: { programs: [web] } },
    'GET /v1/programs/wbe': unknown,
  }
  const of = async (line: string) => {
    const { stdout, code } = await foster(line, { replies })
    return [stdout, code]
  }
  assert.deepEqual(await of('pid'), ['1\n', 0])
  assert.deepEqual(await of('pid web'), ['12\n', 0])
  assert.deepEqual(await of('pid all'), ['12\n0\n', 7])
  assert.deepEqual(await of('pid web wbe'), ['12\n', 1])
  assert.deepEqual(await of('pid --json web'), ['{\n  "pids": {\n    "web": 12\n  }\n}\n', 0])
})

test('signal: one line for each process; 7 where one does not run', async () => {
  const fine = resultAs({ name: 'web', code: 'signalled', message: 'web: signalled' })
  const down = resultAs({ name: 'db', ok: false, code: 'not-running', message: 'db is not running' })
  const conflict = { status: 409, value: { code: 'not-running', message: 'db is not running', hint: null } }
  const replies = {
    'POST /v1/programs/web/signal?signal=HUP': { value: { results: [fine] } },
    'POST /v1/programs/db/signal?signal=HUP': conflict,
    'POST /v1/programs/all/signal?signal=HUP': { value: { results: [fine, down] } },
    'POST /v1/programs/web/signal?signal=NO': {
      ...{ status: 400, value: { code: 'bad-query', message: 'signal: there is no signal "NO"', hint: null } },
    },
  }
  for (const [line, expected] of [
    ['signal HUP all', 'web: signalled\ndb is not running\n'],
    ['signal HUP db web', 'db is not running\nweb: signalled\n'],
  ] as const) {
    const { stdout, code } = await foster(line, { replies })
    assert.deepEqual([stdout, code], [expected, 7])
  }
  const wrong = await foster('signal NO web', { replies })
  assert.match(wrong.stderr, /there is no signal "NO"/)
  assert.equal(wrong.code, 2, 'the running foster is of our version: it is the usage that is wrong')
})

test('an empty name is usage, and is not asked for', async () => {
  const { stderr, code, asked } = await foster('restart ')
  assert.deepEqual([stderr, code, asked], ['foster: the name of a program is empty\n', 2, []])
})

test('shutdown', async () => {
  const { stdout, code } = await foster('shutdown', {
    replies: { 'POST /v1/shutdown': { value: { phase: 'stopping' } } },
  })
  assert.deepEqual([stdout, code], ['Shut down\n', 0])
})

test('health: 0 or 1, and why not', async () => {
  const bad = { kind: 'ready', ok: false, reasons: [{ name: 'web', reason: 'not ready: HTTP 503' }] }
  const replies = {
    'GET /v1/health?kind=ready': { status: 503, value: bad },
    'GET /v1/health?kind=live': { value: { kind: 'live', ok: true, reasons: [] } },
    'GET /v1/health?kind=startup': { value: { kind: 'startup', ok: true, reasons: [] } },
  }
  const of = async (line: string) => {
    const { stdout, code } = await foster(line, { replies })
    return [stdout, code]
  }
  assert.deepEqual(await of('health'), ['not ready\n  web: not ready: HTTP 503\n', 1])
  assert.deepEqual(await of('health --live'), ['live\n', 0])
  assert.deepEqual(await of('health --startup'), ['started\n', 0])
  const json = await foster('health --ready --json', { replies })
  assert.deepEqual([JSON.parse(json.stdout), json.code], [bad, 1])
  assert.equal((await foster('health --socket DIR/none')).code, 1)
})

test('config --running is printed as it comes', async () => {
  const replies = { 'GET /v1/config': (response: { end(text: string): void }) => void response.end('programs: {}\n') }
  assert.equal((await foster('config --running', { replies })).stdout, 'programs: {}\n')
})

test('names to complete: processes, groups of several, all; without a word where there is no foster', async () => {
  const grouped = processAs({ name: 'api', group: 'backend' })
  const replies = { 'GET /v1/programs': { value: { programs: [web, grouped] } } }
  assert.equal((await foster('completion names', { replies })).stdout, 'web\napi\nbackend:*\nall\n')
  const none = await foster('completion names --socket DIR/none')
  assert.deepEqual([none.stdout, none.stderr, none.code], ['', '', 7])
})
