/** What probes do to a program's life: they gate, restart, count, and end with it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { e2e } from './rig.ts'
import { eventually } from './rig-wait.ts'

const atOnce = { start_seconds: '0s', backoff: { delay: '10ms' } }
/** A machine may be slow: that alone makes no try fail. */
const often = { period: '30ms', timeout: '1h' }
/** Only the first try counts, and there is no second. */
const once = { period: '1h', timeout: '1h', failure_threshold: 1 }

const started = (lines: readonly string[], name: string): number =>
  lines.filter(line => line.includes(`${name}: started`)).length

e2e('a failed liveness probe stops the process, and it is started again', async rig => {
  // The next one would not live for long without the file either.
  const web = rig.puppet('web', "trap ': >$dir/alive; home TERM; exit 0' TERM")
  const liveness = { file: `${rig.dir}/alive`, ...often, failure_threshold: 2 }
  rig.file('alive', '')
  const foster = await rig.start({ programs: { web: { ...atOnce, command: web.command, probes: { liveness } } } })
  const first = await web.up()
  rmSync(`${rig.dir}/alive`)
  await web.call('TERM')
  const second = await web.up()
  assert.notEqual(second, first)
  await foster.line(/web: its liveness probe has failed, stopping it: no such file/)
  await foster.line(/web: exited with code 0 after its liveness probe had failed \(no such file .*retry 1 of 3/)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e('what foster cannot ask for want of descriptors is no failure, and is asked again', async rig => {
  const asked = rig.file('asked', '')
  const tries = (): number => readFileSync(asked).length
  const exec = ['sh', '-c', `echo >>${asked}`]
  const probes = { liveness: { exec, ...often, failure_threshold: 1 } }
  const foster = await rig.start({ programs: { web: { ...atOnce, command: 'sleep 1000', probes } } })
  const limit = (soft: number): Buffer => execFileSync('prlimit', ['--pid', String(foster.pid), `--nofile=${soft}:`])
  await eventually('it is asked', () => tries() > 2)
  limit(3)
  await foster.line(/web: its liveness probe could not be tried: .*no more descriptors/)
  limit(1000)
  const before = tries()
  await eventually('it is asked again', () => tries() > before + 2)
  assert.equal(started(foster.lines, 'web'), 1)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e('a process that does not stop when its liveness probe has failed is killed', async rig => {
  const web = rig.puppet('web', "trap '' TERM")
  const alive = rig.file('alive', '')
  const liveness = { file: alive, ...often, failure_threshold: 1 }
  const more = { stop_grace_period: '100ms', start_retries: -1, probes: { liveness } }
  const foster = await rig.start({ programs: { web: { ...atOnce, command: web.command, ...more } } })
  const first = await web.up()
  rmSync(alive)
  await foster.line(/web: killed by SIGKILL after its liveness probe had failed/)
  rig.file('alive', '')
  assert.notEqual(await web.up(), first)
})

e2e('readiness that comes and goes starts nothing again, and stops nothing', async rig => {
  const [db, api] = [rig.puppet('db'), rig.puppet('api')]
  const ready = `${rig.dir}/ready`
  const readiness = { file: ready, ...often, failure_threshold: 1 }
  const programs = {
    db: { ...atOnce, command: db.command, probes: { readiness } },
    api: { ...atOnce, command: api.command, depends_on: ['db'] },
  }
  const foster = await rig.start({ programs })
  const pid = await db.up()
  await foster.line(/db: not ready: no such file/)
  assert.equal(started(foster.lines, 'api'), 0)
  writeFileSync(ready, '')
  await api.up()
  const count = (pattern: RegExp): number => foster.lines.filter(line => pattern.test(line)).length
  for (let turn = 1; turn <= 3; turn++) {
    rmSync(ready)
    await eventually('it is not ready', () => count(/db: not ready/) === turn + 1)
    writeFileSync(ready, '')
    await eventually('it is ready', () => count(/db: ready/) === turn + 1)
  }
  assert.deepEqual([started(foster.lines, 'db'), started(foster.lines, 'api')], [1, 1])
  assert.equal(await db.tells('echo $$'), String(pid))
})

e2e('a failed startup probe is a failed start, and too many of them are the end', async rig => {
  const web = rig.puppet('web')
  const probes = { startup: { exec: ['sh', '-c', 'exit 9'], ...once }, liveness: { file: '/', ...often } }
  const programs = { web: { ...atOnce, command: web.command, start_retries: 2, probes } }
  const foster = await rig.start({ programs })
  const { code } = await foster.exit()
  assert.equal(started(foster.lines, 'web'), 3)
  assert.equal(
    foster.lines.filter(it => /its startup probe has failed, stopping it: exited with code 9/.test(it)).length,
    3,
  )
  assert.match(
    foster.output.stderr,
    /web: killed by SIGTERM after its startup probe had failed .*given up after 3 attempts/,
  )
  assert.equal(code, 143)
})

e2e('a startup probe holds back the other probes, and RUNNING', async rig => {
  const [web, api] = [rig.puppet('web'), rig.puppet('api')]
  const probes = {
    startup: { file: `${rig.dir}/up`, ...often, failure_threshold: 1000 },
    liveness: { exec: ['sh', '-c', `[ -e ${rig.dir}/up ] && touch ${rig.dir}/asked`], ...once },
  }
  const programs = {
    web: { ...atOnce, command: web.command, probes },
    api: { ...atOnce, command: api.command, depends_on: { web: 'started' } },
  }
  const foster = await rig.start({ programs })
  await web.up()
  assert.equal(started(foster.lines, 'api'), 0)
  rig.file('up', '')
  await api.up()
  await eventually('liveness was tried', () => existsSync(`${rig.dir}/asked`))
  assert.equal(started(foster.lines, 'web'), 1)
})

e2e("Compose's health check gates", async rig => {
  const [db, api] = [rig.puppet('db'), rig.puppet('api')]
  const healthcheck = { test: `test -e ${rig.dir}/healthy`, interval: '1h', start_period: '1h', start_interval: '50ms' }
  const programs = {
    db: { ...atOnce, command: db.command, healthcheck },
    api: { ...atOnce, command: api.command, depends_on: { db: { condition: 'service_healthy' } } },
  }
  const foster = await rig.start({ programs })
  await db.up()
  assert.equal(started(foster.lines, 'api'), 0)
  rig.file('healthy', '')
  await api.up()
})

e2e("Compose's health check restarts where it says so", async rig => {
  const db = rig.puppet('db')
  const healthy = rig.file('healthy', '')
  const healthcheck = { test: ['CMD', 'test', '-e', healthy], interval: '50ms', retries: 2, on_unhealthy: 'restart' }
  // The file is missed until the test has made it again.
  const more = { start_retries: -1, healthcheck }
  const foster = await rig.start({ programs: { db: { ...atOnce, command: db.command, ...more } } })
  const first = await db.up()
  await foster.line(/db: ready/)
  rmSync(healthy)
  await foster.line(/db: its liveness probe has failed, stopping it: exited with code 1/)
  rig.file('healthy', '')
  assert.notEqual(await db.up(), first)
})

e2e('stopping ends the tries that are under way', async rig => {
  const web = rig.puppet('web', "trap 'home TERM' TERM")
  const probes = {
    liveness: { exec: ['sh', '-c', `trap '' TERM; touch ${rig.dir}/asking; sleep 1001`], timeout: '1h' },
  }
  const programs = { web: { ...atOnce, command: web.command, stop_grace_period: '10m', probes } }
  const foster = await rig.start({ programs, shutdown: { timeout: '1h' } })
  const pid = await web.up()
  await eventually('it is asked', () => existsSync(`${rig.dir}/asking`))
  foster.kill('SIGTERM')
  await web.call('TERM')
  await eventually('only the program is left', () => foster.others().every(it => it.innerPid === pid))
  web.start('exit 0')
  assert.equal((await foster.exit()).code, 0)
})
