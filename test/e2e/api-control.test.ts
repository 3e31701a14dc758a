/** The control socket of the built foster: what can be seen and done there. */
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import type { ActionResult } from '../../src/api/answers.ts'
import { e2e } from './rig.ts'
import { type Answer, Api, type Line, soon } from './rig-api.ts'

/** The result of an action on one process. */
function only({ body, text }: Answer): ActionResult {
  const [result, ...others] = body.results ?? []
  assert.ok(result !== undefined && others.length === 0, text)
  return result
}

const quick = { start_seconds: 0, backoff: { delay: '10ms' } }

e2e('status, programs, graph and health tell what runs', async rig => {
  const api = new Api(rig)
  const db = rig.puppet('db')
  const web = rig.puppet('web')
  const programs = {
    db: { ...quick, command: db.command, replicas: 2 },
    web: { ...quick, command: web.command, group: 'front', depends_on: ['db'] },
    once: { ...quick, kind: 'task', command: 'true', critical: false },
  }
  const foster = await rig.start({ programs, control: { socket: api.path } })
  await web.up()
  await api.open()
  const { status, body } = await api.ask('/v1/status')
  assert.equal(status, 200)
  assert.equal(body.phase, 'serving')
  assert.equal(body.pid, 1)
  const names = body.programs.map(it => it.name)
  assert.deepEqual(names, ['db:0', 'db:1', 'web', 'once'])
  const one = await api.process('web')
  assert.deepEqual([one.state, one.ready, one.group, one.replica], ['RUNNING', true, 'front', null])
  assert.equal(
    foster.processes().some(it => it.innerPid === one.pid),
    true,
  )
  assert.equal((await api.ask('/v1/programs/db')).body.programs.length, 2)
  assert.equal((await api.ask('/v1/programs/front:*')).body.programs[0]?.name, 'web')
  const { edges } = (await api.ask('/v1/graph')).body
  assert.deepEqual(
    edges.map(it => `${it.from} ${it.to}`),
    ['web db:0', 'web db:1'],
  )
  await soon('it is ready', async () => (await api.ask('/v1/health')).status === 200)
  assert.equal((await api.ask('/v1/health?kind=live')).body.ok, true)
  assert.equal((await api.ask('/v1/health?kind=startup')).body.ok, true)
})

e2e('start, stop, restart and signal, each waited for', async rig => {
  const api = new Api(rig)
  const web = rig.puppet('web', "trap 'home USR1' USR1")
  const programs = { web: { ...quick, command: web.command, start_seconds: '100ms' }, other: { command: 'sleep inf' } }
  await rig.start({ programs, control: { socket: api.path } })
  const first = await web.up()
  await api.open()
  const stopped = only(await api.ask('POST /v1/programs/web/stop'))
  assert.deepEqual([stopped.message, stopped.process.state], ['web: stopped', 'STOPPED'])
  const again = await api.ask('POST /v1/programs/web/stop')
  assert.deepEqual([again.status, again.body.code, again.body.message], [409, 'not-running', 'web is not running'])
  const started = only(await api.ask('POST /v1/programs/web/start'))
  assert.deepEqual([started.code, started.process.state], ['started', 'RUNNING'])
  const second = await web.up()
  assert.notEqual(second, first)
  const conflict = await api.ask('POST /v1/programs/web/start')
  assert.deepEqual([conflict.status, conflict.body.message], [409, 'web is already started'])
  const lines = (await api.ask('POST /v1/programs/web/restart?progress=1')).text.trim().split('\n')
  const last = JSON.parse(lines.at(-1) ?? '') as Line
  assert.equal(last.type, 'result')
  assert.equal(last.results[0]?.code, 'restarted')
  assert.ok(lines.length >= 2, lines.join('\n'))
  assert.notEqual(await web.up(), second)
  await api.ask('POST /v1/programs/web/signal?signal=USR1')
  await web.call('USR1')
  assert.equal((await api.ask('POST /v1/programs/web/signal?signal=NOPE')).status, 400)
  const all = (await api.ask('POST /v1/programs/all/stop')).body.results
  assert.deepEqual(
    all.map(it => it.code),
    ['stopped', 'stopped'],
  )
  assert.equal((await api.process('other')).reason, 'stopped by an operator')
})

e2e('a start that fails says why; one that takes too long can be left alone', async rig => {
  const api = new Api(rig)
  const programs = {
    bad: {
      ...quick,
      command: 'sh -c "exit 3"',
      autostart: false,
      start_retries: 1,
      critical: false,
      start_seconds: '1h',
    },
    slow: { ...quick, command: 'sleep inf', autostart: false, start_seconds: '1h' },
    keep: { command: 'sleep inf' },
  }
  await rig.start({ programs, control: { socket: api.path } })
  await api.open()
  const bad = only(await api.ask('POST /v1/programs/bad/start'))
  assert.deepEqual([bad.ok, bad.code], [false, 'failed'])
  assert.match(bad.message, /bad did not start: exited with code 3/)
  const slow = only(await api.ask('POST /v1/programs/slow/start?timeout=0.1'))
  assert.deepEqual([slow.ok, slow.code, slow.process.state], [false, 'timeout', 'STARTING'])
  const none = only(await api.ask('POST /v1/programs/slow/restart?wait=none'))
  assert.equal(none.ok, true)
})

e2e('events tell every change in order, and are followed', async rig => {
  const api = new Api(rig)
  const web = rig.puppet('web')
  await rig.start({ programs: { web: { ...quick, command: web.command } }, control: { socket: api.path } })
  await web.up()
  await api.open()
  const followed = api.follow('/v1/events?follow=1')
  await followed.line('it runs', it => it.type === 'state' && it.to === 'RUNNING')
  web.start('exit 7')
  const exit = await followed.line('its exit', it => it.type === 'exit')
  assert.deepEqual([exit.process, exit.code, exit.signal, exit.cause], ['web', 7, null, 'self'])
  assert.ok(exit.uptime > 0)
  await web.up()
  await api.ask('POST /v1/programs/web/restart')
  const asked = await followed.line('the request', it => it.type === 'request' && it.verb === 'restart')
  assert.deepEqual([asked.uid, asked.names, asked.status], [0, ['web'], 202])
  const restart = await followed.line('the second exit', it => it.type === 'exit' && it.seq > exit.seq)
  assert.deepEqual([restart.cause, restart.signal], ['restart', 'TERM'])
  const numbers = followed.lines.all.map(it => it.seq)
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  )
  const since = (await api.ask(`/v1/events?since=${restart.seq}`)).text.trim().split('\n')
  assert.equal(JSON.parse(since[0] ?? '').seq, restart.seq + 1)
  followed.close()
})

e2e('logs are what was written, and go on over restarts', async rig => {
  const api = new Api(rig)
  const web = rig.puppet('web')
  await rig.start({ programs: { web: { ...quick, command: web.command } }, control: { socket: api.path } })
  await web.up()
  await api.open()
  await web.does('echo one; echo two; echo oops >&2; printf part')
  const followed = api.follow('/v1/logs?program=web&follow=1&lines=2')
  await followed.line('what was there', it => it.message === 'oops')
  web.start('echo; exit 1')
  await followed.line('the rest of a line', it => it.message === 'part' && it.whole)
  await web.up()
  await web.does('echo after')
  await followed.line('what the next run says', it => it.message === 'after')
  followed.close()
  const { text } = await api.ask('/v1/logs?program=web&stream=stdout&raw=1')
  assert.equal(text, 'one\ntwo\npart\nafter\n')
  const last = await api.ask('/v1/logs?program=web&stream=stdout&lines=1')
  assert.equal(last.body.message, 'after')
})

e2e('shutdown stops the container in order', async rig => {
  const api = new Api(rig)
  const web = rig.puppet('web')
  const foster = await rig.start({
    programs: { web: { ...quick, command: web.command } },
    control: { socket: api.path },
    shutdown: { exit_code: 'signal' },
  })
  await web.up()
  await api.open()
  const answer = await api.ask('POST /v1/shutdown')
  assert.equal(answer.status, 202)
  assert.equal((await foster.exit()).code, 143)
  await foster.line(/asked over the control socket, stopping/)
  assert.equal(existsSync(api.path), false)
})

e2e('the configuration is shown without what may be secret', async rig => {
  const api = new Api(rig)
  const programs = {
    web: { command: `sh -c "exec sleep inf" $\{TOKEN}`, environment: { PASSWORD: 'hunter2' } },
  }
  const http = { listen: '127.0.0.1:1', token: 'hunter5' }
  await rig.start({ programs, control: { socket: api.path }, http }, { env: { TOKEN: 'hunter3', OTHER: 'hunter4' } })
  await api.open()
  const { text, status } = await api.ask('/v1/config')
  assert.equal(status, 200)
  assert.match(text, /PASSWORD: "\*\*\*"/)
  for (const path of ['/v1/config', '/v1/status', '/v1/events', '/v1/graph']) {
    assert.doesNotMatch((await api.ask(path)).text, /hunter/)
  }
})

e2e('what is asked wrongly is answered with what is wrong', async rig => {
  const api = new Api(rig)
  await rig.start({ programs: { web: { command: 'sleep inf' } }, control: { socket: api.path } })
  await api.open()
  const cases: readonly [string, number, RegExp][] = [
    ['/v1/programs/wbe', 404, /did you mean \\"web\\"/],
    ['/v1/nothing', 404, /there is nothing at/],
    ['/', 404, /openapi/],
    ['GET /v1/programs/web/start', 405, /asked by POST/],
    ['DELETE /v1/status', 405, /asked by GET/],
    ['POST /v1/programs/web/restart?wiat=none', 400, /did you mean \\"wait\\"/],
    ['POST /v1/programs/web/restart?wait=never', 400, /ready or started or none/],
    ['POST /v1/programs/web/signal', 400, /signal is missing/],
    ['/v1/programs/%ff', 400, /well-formed/],
    ['/v1/logs?raw=1&program=web&lines=-1', 400, /whole number/],
  ]
  for (const [what, status, pattern] of cases) {
    const answer = await api.ask(what)
    assert.equal(answer.status, status, `${what}: ${answer.text}`)
    assert.deepEqual(Object.keys(answer.body), ['code', 'message', 'hint'], what)
    assert.match(answer.text, pattern)
  }
})

e2e('reload says what changes, or what is wrong, and changes only that', async rig => {
  const api = new Api(rig)
  const web = rig.puppet('web')
  const db = rig.puppet('db')
  const plan = (environment: object) => ({
    programs: { web: { ...quick, command: web.command, environment }, db: { ...quick, command: db.command } },
    control: { socket: api.path },
  })
  await rig.start(plan({ A: '1' }))
  const first = await web.up()
  const other = await db.up()
  await api.open()
  writeFileSync(`${rig.dir}/plan.yaml`, JSON.stringify(plan({ A: '2' })))
  const tried = await api.ask('POST /v1/reload?dry_run=1')
  assert.deepEqual(tried.body.changes, [{ name: 'web', change: 'restarted', options: ['environment'] }], tried.text)
  assert.equal((await api.process('web')).pid, first)
  assert.equal((await api.ask('POST /v1/reload')).status, 200)
  assert.notEqual(await web.up(), first)
  assert.equal((await api.process('db')).pid, other)
  writeFileSync(`${rig.dir}/plan.yaml`, JSON.stringify({ programs: { web: { comand: 'x' } } }))
  const faulty = await api.ask('POST /v1/reload')
  assert.deepEqual([faulty.status, faulty.body.code], [422, 'faulty-configuration'])
  assert.match(faulty.body.hint ?? '', /did you mean "command"/)
  const { text } = await api.ask('/v1/events')
  assert.match(text, /"type":"reload","ok":true,"changes":\["restarted web"\]/)
  assert.match(text, /"type":"reload","ok":false/)
  const removed = { programs: { db: { ...quick, command: db.command } }, control: { socket: api.path } }
  writeFileSync(`${rig.dir}/plan.yaml`, JSON.stringify(removed))
  assert.equal((await api.ask('POST /v1/reload')).body.changes[0]?.change, 'removed')
  await soon('web is gone', async () => (await api.ask('/v1/programs/web')).status === 404)
  assert.deepEqual(
    (await api.ask('/v1/status')).body.programs.map(it => it.name),
    ['db'],
  )
})
