/** The control socket of the built foster as a file: where it stands, whose it is, and who may do what there. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { e2e } from './rig.ts'
import { Api, soon } from './rig-api.ts'

const quick = { start_seconds: 0, backoff: { delay: '10ms' } }

e2e(
  'others may do what the rules say, and nothing else',
  async rig => {
    const api = new Api(rig)
    const web = rig.puppet('web')
    const access = [
      { user: 4711, allow: ['status', 'restart', 'logs', 'events'], programs: ['web'] },
      { group: 4800, allow: ['all'] },
    ]
    const programs = { web: { ...quick, command: web.command }, db: { ...quick, command: 'sleep inf' } }
    await rig.start({ programs, control: { socket: api.path, access } })
    await web.up()
    await api.open()
    assert.equal(statSync(api.path).mode & 0o777, 0o666)
    const deploy = { uid: 4711 }
    const seen = (await api.ask('/v1/status', deploy)).body.programs
    assert.deepEqual(
      seen.map(it => it.name),
      ['web'],
    )
    assert.equal((await api.ask('POST /v1/programs/web/restart', deploy)).status, 200)
    await web.up()
    const refused = await api.ask('POST /v1/programs/db/restart', deploy)
    assert.deepEqual([refused.status, refused.body.message], [403, 'uid 4711 may not restart "db"'])
    assert.match(refused.text, /allow: \[restart\], programs: \[db\]/)
    assert.equal((await api.ask('POST /v1/programs/nothing/restart', deploy)).status, 403)
    assert.equal((await api.ask('POST /v1/programs/web/stop', deploy)).status, 403)
    assert.equal((await api.ask('/v1/config', deploy)).status, 403)
    const changed = { web: { ...programs.web, critical: false }, db: { ...programs.db, critical: false } }
    writeFileSync(
      join(rig.dir, 'plan.yaml'),
      JSON.stringify({ programs: changed, control: { socket: api.path, access } }),
    )
    assert.match((await api.ask('POST /v1/reload')).text, /"db"/)
    const told = (await api.ask('/v1/events', deploy)).text
    assert.match(told, /"changes":\["updated web"\]/)
    assert.ok(told.includes('"web"') && !told.includes('"db"') && !told.includes('"request"'), told)
    assert.equal((await api.ask('/v1/logs?program=db', deploy)).status, 403)
    const member = { uid: 5000, groups: [1, 4800] }
    assert.equal((await api.ask('POST /v1/programs/db/stop', member)).status, 200)
    assert.equal((await api.ask('POST /v1/shutdown', member)).status, 403)
    for (const path of ['/v1/status', '/v1/nothing', '/v1/openapi.json']) {
      // Strangers who take more than two seconds to ask are not waited for.
      await soon('it is answered', async () => {
        const { status, body } = await api.ask(path, { uid: 5000 })
        assert.ok(status === 403 ? body.code === 'not-allowed' : !(status > 0), `${path}: ${status}`)
        return status === 403
      })
    }
  },
  'root',
)

e2e(
  "without rules the socket is root's and foster's own user's",
  async rig => {
    mkdirSync(join(rig.dir, 'own'))
    const api = new Api(rig, 'own/control.sock')
    await rig.start({ programs: { web: { command: 'sleep inf' } }, control: { socket: api.path } })
    await api.open()
    assert.equal(statSync(api.path).mode & 0o777, 0o600)
    assert.match((await api.ask('/v1/status', { uid: 4711 })).text, /connect|permission/i)
  },
  'root',
)

e2e(
  'a reload brings rules, and the socket is open to those that they are for',
  async rig => {
    const api = new Api(rig)
    const plan = (access: readonly object[]) => ({
      programs: { web: { command: 'sleep inf' } },
      control: { socket: api.path, access },
    })
    await rig.start(plan([]))
    await api.open()
    assert.equal(statSync(api.path).mode & 0o777, 0o600)
    writeFileSync(join(rig.dir, 'plan.yaml'), JSON.stringify(plan([{ user: 4711, allow: ['status'] }])))
    assert.equal((await api.ask('POST /v1/reload')).status, 200)
    assert.equal((await api.ask('/v1/status', { uid: 4711 })).status, 200)
    writeFileSync(join(rig.dir, 'plan.yaml'), JSON.stringify(plan([])))
    assert.equal((await api.ask('POST /v1/reload')).status, 200)
    assert.equal(statSync(api.path).mode & 0o777, 0o600)
  },
  'root',
)

e2e('a stale socket is replaced, a live one is an error, what is no socket stays', async rig => {
  const api = new Api(rig)
  const plan = { programs: { web: { command: 'sleep inf' } }, control: { socket: api.path } }
  const first = await rig.start(plan)
  await api.open()
  const second = await rig.start(plan)
  assert.equal((await second.exit()).code, 2)
  await second.line(/the control socket .* is in use: foster is running already/)
  first.kill('SIGKILL')
  await first.exit()
  assert.equal(existsSync(api.path), true)
  const third = await rig.start(plan)
  await api.open()
  third.kill('SIGTERM')
  assert.equal((await third.exit()).code, 0)
  assert.equal(existsSync(api.path), false)
  writeFileSync(api.path, 'mine')
  const fourth = await rig.start(plan)
  await fourth.line(/there is no control socket: .* is no socket of foster's/)
  await fourth.line(/web: started/)
})

e2e('a socket that has been replaced by another foster is left to it', async rig => {
  const api = new Api(rig)
  const plan = { programs: { web: { command: 'sleep inf' } }, control: { socket: api.path } }
  const first = await rig.start(plan)
  await api.open()
  renameSync(api.path, `${api.path}.old`)
  await rig.start(plan)
  await api.open()
  first.kill('SIGTERM')
  assert.equal((await first.exit()).code, 0)
  assert.equal((await api.ask('/v1/status')).status, 200)
})

e2e('no place for it: said once, and foster runs without; off: nothing is there', async rig => {
  const nowhere = { programs: { web: { command: 'sleep inf' } }, control: { socket: '/proc/here/foster.sock' } }
  const foster = await rig.start(nowhere)
  await foster.line(/there is no control socket: no socket can be made in \/proc\/here/)
  await foster.line(/web: started/)
  const web = rig.puppet('web')
  await rig.start({ programs: { web: { command: web.command } }, control: { socket: false } })
  await web.up()
  assert.equal(await web.tells('ls /run; env | grep -c FOSTER_SOCKET'), '0')
})

e2e('programs reach the usual socket by FOSTER_SOCKET', async rig => {
  const web = rig.puppet('web')
  await rig.start({ programs: { web: { ...quick, command: web.command } } })
  await web.up()
  const ask = 'curl -sS --retry 20 --retry-all-errors --retry-delay 0 --unix-socket "$FOSTER_SOCKET" http://f/v1/status'
  assert.match(await web.tells(ask), /"name":"web"/)
})
