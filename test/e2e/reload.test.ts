/** SIGHUP: the configuration is read again, judged, and only what changed is touched. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { e2e, type Rig } from './rig.ts'
import type { Foster } from './rig-foster.ts'
import { descriptorsOf } from './rig-proc.ts'
import { eventually } from './rig-wait.ts'

const usual = { start_seconds: '0s', backoff: { delay: '0s' } }
const sleeper = (more: object = {}) => ({ command: ['sleep', '1000'], ...usual, ...more })

function write(rig: Rig, plan: object): void {
  rig.file('plan.yaml', JSON.stringify(plan, undefined, 2))
}

/** Writes a plan, has it reloaded, and waits for the words about it. */
async function reload(rig: Rig, foster: Foster, plan: object, words: RegExp): Promise<void> {
  write(rig, plan)
  foster.kill('SIGHUP')
  await foster.line(words)
}

const pidOf = async (foster: Foster, name: string): Promise<number> =>
  Number((await foster.line(new RegExp(`${name}: started \\(pid (\\d+)\\)`)))[1])

const starts = (foster: Foster, name: string): number =>
  foster.output.stderr.split('\n').filter(line => line.includes(`${name}: started`)).length

e2e('a change of one program among twenty restarts that one only', async rig => {
  const names = Array.from({ length: 20 }, (_, i) => `p${i}x`)
  const plan = Object.fromEntries(names.map(name => [name, sleeper()]))
  const foster = await rig.start({ programs: plan })
  for (const name of names) await pidOf(foster, name)
  const programs = { ...plan, p7x: sleeper({ environment: { A: 'b' } }) }
  await reload(rig, foster, { programs }, /configuration reloaded: p7x restarted \(environment\)$/)
  await foster.line(/p7x: killed by SIGTERM/)
  await foster.lineCount(/p7x: started/, 2)
  await reload(rig, foster, { programs }, /configuration reloaded: nothing has changed/)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  assert.deepEqual(
    names.map(name => starts(foster, name)),
    names.map(name => (name === 'p7x' ? 2 : 1)),
  )
})

e2e('programs come, go and return; the container goes on without any', async rig => {
  const foster = await rig.start({ programs: { web: sleeper(), old: sleeper() } })
  await pidOf(foster, 'old')
  await reload(rig, foster, { programs: { web: sleeper(), api: sleeper() } }, /reloaded: api added, old removed$/)
  await foster.line(/old: killed by SIGTERM/)
  await pidOf(foster, 'api')
  await reload(rig, foster, { programs: { old: sleeper() } }, /reloaded: old added, web removed, api removed$/)
  await foster.line(/api: killed by SIGTERM/)
  await foster.lineCount(/old: started/, 2)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  assert.equal(starts(foster, 'old'), 2)
})

e2e('a program that waits when it is removed leaves no pipes behind', async rig => {
  const db = rig.puppet('db')
  const dbs = { db: { ...usual, command: db.command, probes: { readiness: { log: '^ready$' } }, critical: false } }
  const api = rig.puppet('api')
  const apis = { api: { ...usual, command: api.command, depends_on: ['db'], critical: false } }
  const foster = await rig.start({ programs: { ...dbs, ...apis, web: sleeper() } })
  await db.up()
  const pipes = (): number => Object.values(descriptorsOf(foster.pid)).filter(it => it.startsWith('pipe:')).length
  await pidOf(foster, 'web')
  const before = pipes()
  db.start('echo ready')
  await api.up()
  await eventually('its pipes are there', () => pipes() === before + 4)
  db.start('exit 3')
  await db.up()
  api.start('exit 3')
  await foster.line(/api: exited with code 3/)
  await reload(rig, foster, { programs: { ...dbs, web: sleeper() } }, /reloaded: api removed$/)
  await eventually('its pipes are closed', () => pipes() === before)
})

e2e('replicas come and go by their numbers', async rig => {
  const foster = await rig.start({ programs: { web: sleeper() } })
  await pidOf(foster, 'web')
  const scaled = { programs: { web: sleeper({ replicas: 3 }) } }
  await reload(rig, foster, scaled, /reloaded: web:0 updated \(replica\), web:1 added, web:2 added$/)
  await pidOf(foster, 'web:2')
  await reload(rig, foster, { programs: { web: sleeper({ replicas: 2 }) } }, /reloaded: web:2 removed$/)
  await foster.line(/web:2: killed by SIGTERM/)
  foster.kill('SIGTERM')
  await foster.line(/web:0: killed by SIGTERM/)
  assert.equal((await foster.exit()).code, 0)
  assert.equal(starts(foster, 'web:1'), 1)
})

e2e('a faulty file changes nothing, and says why', async rig => {
  const foster = await rig.start({ programs: { web: sleeper() } })
  await pidOf(foster, 'web')
  rig.file('plan.yaml', 'programs:\n  web: {comand: sleep 1}\n')
  foster.kill('SIGHUP')
  await foster.line(/plan.yaml:2:9: error: unknown key "comand"/)
  await foster.line(/the configuration was not reloaded: nothing has changed/)
  rig.file('plan.yaml', 'programs: {a: {command: x, depends_on: [b]}, b: {command: y, depends_on: [a]}}')
  foster.kill('SIGHUP')
  await foster.line(/form a cycle/)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  assert.equal(starts(foster, 'web'), 1)
})

e2e('what concerns no process is changed in place: policy, grace, order of the stop', async rig => {
  const web = rig.puppet('web', "trap 'home TERM' TERM")
  const plan = (more: object) => ({ programs: { web: { command: web.command, ...usual, ...more } } })
  const foster = await rig.start(plan({ restart: 'always', stop_grace_period: '8s' }))
  await web.up()
  const changed = plan({ restart: 'never', critical: false, stop_grace_period: '8s' })
  await reload(rig, foster, changed, /reloaded: web updated \(critical, restart\)$/)
  web.start('exit 3')
  await foster.line(/web: exited with code 3/)
  assert.equal((await foster.exit()).code, 0)
  assert.equal(starts(foster, 'web'), 1)
})

e2e('a program that runs is given its first probes in place', async rig => {
  const web = rig.puppet('web')
  const plan = (more: object) => ({ programs: { web: { command: web.command, ...usual, ...more } } })
  const foster = await rig.start(plan({}))
  const pid = await web.up()
  const asked = rig.file('asked', '')
  const probes = {
    readiness: { log: '^ready$' },
    liveness: { exec: ['sh', '-c', `echo >>${asked}`], period: '30ms', timeout: '1h', failure_threshold: 1 },
  }
  await reload(rig, foster, plan({ probes }), /reloaded: web updated \(probes\)$/)
  await eventually('it is asked', () => readFileSync(asked).length > 2)
  await web.does('echo ready')
  await foster.line(/web: ready/)
  assert.equal(await web.tells('echo $$'), String(pid))
  write(rig, plan({}))
  foster.kill('SIGHUP')
  await foster.lineCount(/reloaded: web updated \(probes\)$/, 2)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  assert.doesNotMatch(foster.output.stderr, /internal error/)
})

e2e('a process is stopped by the rules that it was started with', async rig => {
  const web = rig.puppet('web', "trap 'home INT; exit 0' INT", "trap 'home TERM; exit 0' TERM")
  const plan = (more: object) => ({ programs: { web: { command: web.command, ...usual, ...more } } })
  const foster = await rig.start(plan({ stop_signal: 'INT' }))
  await web.up()
  await reload(rig, foster, plan({ stop_signal: 'TERM', environment: { A: 'b' } }), /web restarted/)
  await web.call('INT')
  await web.up()
  foster.kill('SIGTERM')
  await web.call('TERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e('a secret that has changed restarts its program, others stay', async rig => {
  const secret = rig.file('secret', 'one')
  const plan = { programs: { db: sleeper({ secrets: { PASSWORD: secret } }), web: sleeper() } }
  const foster = await rig.start(plan)
  await pidOf(foster, 'db')
  await pidOf(foster, 'web')
  await reload(rig, foster, plan, /reloaded: nothing has changed/)
  rig.file('secret', 'two')
  await reload(rig, foster, plan, /reloaded: db restarted \(secrets\)$/)
  await foster.line(/db: killed by SIGTERM/)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  assert.equal(starts(foster, 'web'), 1)
})

e2e('what is FATAL tries again when it, or what it depends on, has changed', async rig => {
  const broken = { command: ['/nowhere'], critical: false, start_retries: 0, ...usual }
  const web = { ...sleeper({ critical: false }), depends_on: { db: 'started' } }
  const foster = await rig.start({ programs: { db: broken, web, log: sleeper() } })
  await foster.line(/cannot start web: it depends on db/)
  await reload(rig, foster, { programs: { db: sleeper(), web, log: sleeper() } }, /reloaded: db restarted/)
  await pidOf(foster, 'db')
  await pidOf(foster, 'web')
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  assert.equal(starts(foster, 'log'), 1)
})
