/** sd_notify: what programs say of themselves, by systemd's own client, by Python's sockets and by real servers. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { e2e, fixture, type Options, type Puppet, type Rig } from './rig.ts'
import { daemon } from './rig-daemon.ts'
import { binary } from './rig-foster.ts'
import { isAlive } from './rig-proc.ts'
import { eventually } from './rig-wait.ts'

const atOnce = { start_seconds: '0s' }
const readiness = { notify: true }
const py = `/usr/bin/python3 ${fixture('notify.py')}`

const has = (file: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${file}`])
    return true
  } catch {
    return false
  }
}
const lacksPython = !has('/usr/bin/python3') && 'needs /usr/bin/python3'
const lacksSystemd = !has('systemd-notify') && 'needs systemd-notify'

for (const [how, options] of [
  ['waits until it is heard', ''],
  ['has ended by then', '--no-block '],
] as const) {
  e2e(`READY=1 from a script, by systemd-notify that ${how}, lets a dependant start`, async (rig, context) => {
    if (lacksSystemd) return context.skip(lacksSystemd)
    const [db, api] = [rig.puppet('db'), rig.puppet('api')]
    const foster = await rig.start({
      programs: {
        db: { ...atOnce, command: db.command, probes: { readiness } },
        api: { ...atOnce, command: api.command, depends_on: { db: 'ready' } },
      },
    })
    await db.up()
    await db.does(`systemd-notify ${options}--status="Loading"`)
    assert.ok(!rig.calls.includes('api up'))
    await db.does(`systemd-notify ${options}--ready --status="Here"`)
    await api.up()
    await foster.line(/db: ready/)
    foster.kill('SIGTERM')
    assert.equal((await foster.exit()).code, 0)
    assert.doesNotMatch(foster.output.stderr, /refused/)
  })
}

e2e('descriptors that are passed along are closed at once, whatever they are for', async (rig, context) => {
  if (lacksPython) return context.skip(lacksPython)
  const web = rig.puppet('web')
  const foster = await rig.start({ programs: { web: { ...atOnce, command: web.command, probes: { readiness } } } })
  await web.up()
  // The sender waits for the end of a pipe that it has passed, which comes when nobody has it any more.
  await web.does(`${py} --fd FDSTORE=1 BARRIER=1 'STATUS=three at once'`)
  await web.does(`${py} --fd 'READY=1\\nBARRIER=1'`)
  await foster.line(/web: ready/)
})

e2e('what is too long, has a NUL inside, or is no word of the protocol changes nothing', async (rig, context) => {
  if (lacksPython) return context.skip(lacksPython)
  const web = rig.puppet('web')
  const foster = await rig.start({ programs: { web: { ...atOnce, command: web.command, probes: { readiness } } } })
  await web.up()
  await web.does(`${py} 'READY=1\\0X=1' "$(printf 'READY=1\\\\n%09000d' 0)" '' READY=2 MAINPID=x WATCHDOG=trigger`)
  await web.does(`${py} 'STATUS=well\\nX_UNKNOWN=1\\nREADY=1'`)
  await foster.line(/web: ready/)
  assert.equal(foster.lines.filter(line => /web: ready/.test(line)).length, 1)
  await foster.line(/web: a notification was refused: it is longer than 8 KiB/)
})

e2e('STOPPING=1 takes the readiness back, RELOADING=1 does not', async (rig, context) => {
  if (lacksPython) return context.skip(lacksPython)
  const web = rig.puppet('web')
  const foster = await rig.start({ programs: { web: { ...atOnce, command: web.command, probes: { readiness } } } })
  await web.up()
  await web.does(`${py} READY=1 'RELOADING=1\\nMONOTONIC_USEC=1' READY=1`)
  await web.does(`${py} STOPPING=1`)
  await foster.line(/web: not ready: it says that it stops/)
  assert.deepEqual(
    foster.lines.filter(line => /ready/.test(line)).map(line => line.replace(/^.*web: /, '')),
    ['ready', 'not ready: it says that it stops'],
  )
})

e2e('a watchdog that is not fed any more kills; WATCHDOG=trigger does at once', async (rig, context) => {
  if (lacksPython) return context.skip(lacksPython)
  // On a slow machine one is killed before it can do more than that.
  const web = rig.puppet('web', 'home "has $WATCHDOG_USEC:$WATCHDOG_PID"')
  const calm = rig.puppet('calm')
  const program = ({ command }: Puppet, period: string) => ({
    ...{ ...atOnce, command, restart: 'always', start_retries: -1, backoff: { delay: '10ms', factor: 1 } },
    probes: { liveness: { notify: true, period, failure_threshold: 2 } },
  })
  const env = { WATCHDOG_PID: '1', WATCHDOG_USEC: '5' }
  const foster = await rig.start({ programs: { web: program(web, '700ms'), calm: program(calm, '1h') } }, { env })
  assert.equal(await web.call(/^has/), 'has 1400000:')
  const first = await web.up()
  web.start(`${py} WATCHDOG=1`)
  // Not fed any more.
  await foster.line(/web: its liveness probe has failed, stopping it: no notification within 1\.4s/)
  assert.notEqual(await web.up(), first)
  await calm.up()
  calm.start(`${py} WATCHDOG=trigger`)
  await foster.line(/calm: its liveness probe has failed, stopping it: it says so itself/)
  await calm.up()
})

e2e('EXTEND_TIMEOUT_USEC gives a start more time', async (rig, context) => {
  if (lacksPython) return context.skip(lacksPython)
  // One that could not say it in time is started again; without what it says none would be up.
  const late = [`${py} EXTEND_TIMEOUT_USEC=600000000`, 'sleep 2.5', `${py} READY=1`]
  const [web, api] = [rig.puppet('web', ...late), rig.puppet('api')]
  const probes = { startup: { notify: true, period: '2s', failure_threshold: 1 } }
  const again = { start_retries: -1, backoff: { delay: '10ms', factor: 1 } }
  const foster = await rig.start({
    programs: {
      web: { ...atOnce, ...again, command: web.command, probes },
      api: { ...atOnce, command: api.command, depends_on: { web: 'started' } },
      quick: { ...atOnce, command: 'sleep 1000', critical: false, restart: 'never', probes },
    },
  })
  // The one that has not asked for more is given up.
  await foster.line(/quick: its startup probe has failed/)
  await api.up()
})

e2e('MAINPID names the successor, which is followed when the process ends', async (rig, context) => {
  if (lacksPython) return context.skip(lacksPython)
  const [web, next] = [rig.puppet('web'), rig.puppet('next')]
  const foster = await rig.start({ programs: { web: { ...atOnce, command: web.command, probes: { readiness } } } })
  await web.up()
  web.start(`env -i PATH="$PATH" setsid ${next.command.map(it => `'${it}'`).join(' ')} &`)
  const pid = await next.up()
  await web.does(`${py} MAINPID=${pid} READY=1`)
  web.start('exit 1')
  await foster.line(new RegExp(`web: its main process is pid ${pid} now`))
  assert.doesNotMatch(foster.output.stderr, /exited/)
  next.start('exit 5')
  await foster.line(/web: exited with code 5/)
})

e2e('what a daemon says before it has forked away is not forgotten', async (rig, context) => {
  if (lacksPython) return context.skip(lacksPython)
  const { puppet, pidFile, program } = daemon(rig, 'web', { probes: { readiness } }, false)
  // Its environment was taken from it, so it is told where to speak.
  const command = ['/bin/sh', '-c', `echo $NOTIFY_SOCKET >${rig.dir}/where; exec "$@"`, 'sh']
  const launcher = [...command, ...(program as { command: readonly string[] }).command]
  const foster = await rig.start({ programs: { web: { ...program, command: launcher } } })
  await puppet.up()
  await puppet.does(`${py} --to $(cat ${rig.dir}/where) READY=1`)
  await puppet.does(`echo $$ >${pidFile}`)
  await foster.line(/web: its main process is pid/)
  await foster.line(/web: ready/)
})

/** Foster as somebody who has no place but this, which the test can see after its end. */
function elsewhere(rig: Rig): Options & { readonly place: string } {
  const place = join(rig.dir, 'runtime')
  mkdirSync(place)
  chownSync(place, 4711, 4712)
  const via = ['setpriv', '--reuid=4711', '--regid=4712', '--clear-groups']
  return { place, via, binary: rig.reachable(), env: { XDG_RUNTIME_DIR: place } }
}

e2e(
  'each run has a socket of its own, and none is left at the end',
  async (rig, context) => {
    if (lacksPython) return context.skip(lacksPython)
    const web = rig.puppet('web')
    const more = { restart: 'always', backoff: { delay: '10ms' }, probes: { readiness } }
    const options = elsewhere(rig)
    const foster = await rig.start({ programs: { web: { ...atOnce, command: web.command, ...more } } }, options)
    await web.up()
    const first = await web.tells('echo $NOTIFY_SOCKET')
    assert.equal(existsSync(first), true)
    assert.ok(first.startsWith(`${options.place}/foster/`))
    web.start('exit 1')
    await web.up()
    const second = await web.tells('echo $NOTIFY_SOCKET')
    assert.notEqual(second, first)
    assert.deepEqual([existsSync(first), existsSync(second)], [false, true])
    await web.does(`${py} READY=1`)
    await foster.line(/web: ready/)
    foster.kill('SIGTERM')
    await foster.exit()
    assert.equal(existsSync(dirname(second)), false)
  },
  'root',
)

e2e('a program without such a probe finds no socket', async rig => {
  const web = rig.puppet('web')
  await rig.start({ programs: { web: { ...atOnce, command: web.command } } })
  await web.up()
  assert.equal(await web.tells('printenv NOTIFY_SOCKET || echo none'), 'none')
})

e2e(
  'a foster that was killed leaves a socket, and the next one removes it',
  async rig => {
    const [web, api] = [rig.puppet('web'), rig.puppet('api')]
    const options = elsewhere(rig)
    const plan = ({ command }: Puppet) => ({ programs: { web: { ...atOnce, command, probes: { readiness } } } })
    const killed = await rig.start(plan(web), options)
    await web.up()
    const left = await web.tells('echo $NOTIFY_SOCKET')
    killed.kill('SIGKILL')
    await killed.exit()
    assert.equal(existsSync(left), true)
    await rig.start(plan(api), options)
    await api.up()
    assert.equal(existsSync(dirname(left)), false)
  },
  'root',
)

e2e('redis says that it is ready', async (rig, context) => {
  if (!has('redis-server')) return context.skip('needs redis-server')
  const [socket, control] = [join(rig.dir, 'redis.sock'), join(rig.dir, 'control.sock')]
  const command = `redis-server --port 0 --unixsocket ${socket} --dir ${rig.dir} --supervised systemd`
  const api = rig.puppet('api')
  const foster = await rig.start({
    programs: {
      redis: { ...atOnce, command, stop_grace_period: '50s', probes: { readiness } },
      api: { ...atOnce, command: api.command, depends_on: { redis: 'ready' } },
    },
    control: { socket: control },
    shutdown: { timeout: '1m' },
  })
  await api.up()
  await foster.line(/redis: ready/)
  await eventually('there is a control socket', () => existsSync(control))
  const asked = execFileSync(binary, ['status', '--socket', control, 'redis'], { encoding: 'utf8' })
  assert.match(asked, /^redis +RUNNING +pid \d+, uptime .*, ready, Ready to accept connections/)
  assert.equal(await api.tells(`redis-cli -s ${socket} ping`), 'PONG')
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

const postgres = '/usr/lib/postgresql/15/bin'
const lacksPostgres = !existsSync(`${postgres}/postgres`) && `needs ${postgres}/postgres`

e2e(
  'PostgreSQL, as its own user, says that it is ready, and is a daemon by pg_ctl',
  async (rig, context) => {
    if (lacksPostgres) return context.skip(lacksPostgres)
    const dir = join(rig.dir, 'pg')
    execFileSync('install', ['-d', '-o', 'postgres', '-m', '700', dir])
    const initdb = [`${postgres}/initdb`, '-D', `${dir}/data`, '--no-sync', '-A', 'trust']
    execFileSync('setpriv', ['--reuid=postgres', '--regid=postgres', '--init-groups', ...initdb], { stdio: 'ignore' })
    const options = `-h "" -k ${dir}`
    const user = 'postgres'
    // It writes everything to the disk first.
    const stop = { stop_signal: 'INT', stop_grace_period: '50s' }
    const shutdown = { timeout: '1m' }
    const direct = { ...atOnce, user, command: `${postgres}/postgres -D ${dir}/data ${options}`, ...stop }
    const first = await rig.start({ programs: { db: { ...direct, probes: { readiness } } }, shutdown })
    await first.line(/db: ready/)
    first.kill('SIGTERM')
    assert.equal((await first.exit()).code, 0)
    assert.doesNotMatch(first.output.stderr, /refused/)

    const pid_file = `${dir}/data/postmaster.pid`
    const command = [`${postgres}/pg_ctl`, '-D', `${dir}/data`, '-o', options, '-l', `${dir}/log`, '-w', 'start']
    const forked = { ...atOnce, kind: 'daemon', user, command, pid_file, ...stop }
    const second = await rig.start({ programs: { db: { ...forked, probes: { readiness } } }, shutdown })
    await second.line(/db: its main process is pid/)
    await second.line(/db: ready/)
    const main = await eventually('it is there', () => second.others().find(it => it.argv[0]?.endsWith('/postgres')))
    assert.equal(isAlive(main.pid), true)
    second.kill('SIGTERM')
    assert.equal((await second.exit()).code, 0)
    assert.match(readFileSync(`${dir}/log`, 'utf8'), /database system is shut down\n$/)
  },
  'root',
)
