/** `kind: daemon`: what forks away is followed, and nobody else is ever taken for it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { e2e } from './rig.ts'
import { daemon } from './rig-daemon.ts'
import { belowShell } from './rig-foster.ts'
import { freePort } from './rig-net.ts'
import { isAlive } from './rig-proc.ts'
import { eventually } from './rig-wait.ts'

const again = { restart: 'always', backoff: { delay: '10ms' } }

e2e('a daemon is followed: its end is the end of the run, with its own code', async rig => {
  const { puppet, program } = daemon(rig, 'web', again)
  const foster = await rig.start({ programs: { web: program } })
  const pid = await puppet.up()
  await foster.line(new RegExp(`web: its main process is pid ${pid} now`))
  puppet.start('exit 3')
  await foster.line(/web: exited with code 3/)
  const next = await puppet.up()
  assert.notEqual(next, pid)
  await foster.line(new RegExp(`web: its main process is pid ${next} now`))
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e('a daemon is asked to stop with its own signal and in its own time', async rig => {
  const lines = ["trap 'home USR1; exit 0' USR1"]
  const { puppet, program } = daemon(rig, 'web', { stop_signal: 'USR1' }, true, lines)
  const foster = await rig.start({ programs: { web: program } })
  await foster.line(/its main process is pid/)
  foster.kill('SIGTERM')
  await puppet.call('USR1')
  assert.equal((await foster.exit()).code, 0)
})

e2e('a daemon is stopped when foster has no descriptor left to look at it', async rig => {
  const { puppet, program } = daemon(rig, 'web', {}, true, ["trap 'home TERM; exit 0' TERM"])
  const foster = await rig.start({ programs: { web: program } })
  await foster.line(/its main process is pid/)
  execFileSync('prlimit', ['--pid', String(foster.pid), '--nofile=3:'])
  foster.kill('SIGTERM')
  await puppet.call('TERM')
  assert.equal((await foster.exit()).code, 0)
  // What it is sent as a stray, at the very end, is no stop of its own.
  assert.doesNotMatch(foster.output.stderr, /did not end in time|not gone/)
})

e2e('a daemon is followed where foster is not PID 1', async rig => {
  const { puppet, program } = daemon(rig, 'web')
  const foster = await rig.start({ programs: { web: program } }, { below: belowShell })
  const pid = await puppet.up()
  await foster.line(new RegExp(`web: its main process is pid ${pid} now`))
  puppet.start('exit 6')
  await foster.line(/web: exited with code 6/)
})

e2e('a pid file that comes late, in a directory that is not there yet, is seen', async rig => {
  const pidFile = join(rig.dir, 'run/web/web.pid')
  const { puppet, program } = daemon(rig, 'web', { pid_file: pidFile }, false)
  const foster = await rig.start({ programs: { web: program } })
  const pid = await puppet.up()
  await eventually('the launcher was reaped', () => foster.others().length === 1)
  await puppet.does(`mkdir ${rig.dir}/run; echo 1 >${rig.dir}/run/web.pid`)
  await puppet.does(`mkdir ${rig.dir}/run/web; : >${pidFile}`)
  await puppet.does(`echo $$ >${pidFile}`)
  await foster.line(new RegExp(`web: its main process is pid ${pid} now`))
})

e2e('a launcher that fails is the failure of the run, and what it started is not left behind', async rig => {
  const { puppet, pidFile, program } = daemon(rig, 'web', { ...again, start_retries: -1 })
  const wait = `while ! [ -s ${pidFile} ]; do sleep 0.01; done; rm ${pidFile}; exit 4`
  const command = ['/bin/sh', '-c', `setsid "$@" & ${wait}`, 'sh', ...puppet.command]
  const foster = await rig.start({ programs: { web: { ...program, command } } })
  await foster.line(/web: exited with code 4/)
  await eventually('it was started again', () => foster.lines.filter(line => /web: started/.test(line)).length > 1)
  const puppets = foster.others().filter(({ argv }) => argv[1]?.endsWith('puppet.sh'))
  assert.ok(puppets.length <= 1, JSON.stringify(puppets.map(({ argv }) => argv)))
})

e2e('a daemon that has not forked away yet can be stopped', async rig => {
  const { puppet, program } = daemon(rig, 'web', {}, false, ["trap 'home TERM; exit 0' TERM"])
  const foster = await rig.start({ programs: { web: program } })
  await puppet.up()
  await eventually('the launcher was reaped', () => foster.others().length === 1)
  foster.kill('SIGTERM')
  await puppet.call('TERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e('a daemon that is stopped before its pid file is there has its grace', async rig => {
  const lines = ["trap 'home TERM; sleep 3; home cleaned; exit 0' TERM"]
  const { puppet, program } = daemon(rig, 'web', { stop_grace_period: '8s' }, false, lines)
  const foster = await rig.start({ programs: { web: program } })
  await puppet.up()
  await eventually('the launcher was reaped', () => foster.others().length === 1)
  foster.kill('SIGTERM')
  await puppet.call('TERM')
  await puppet.call('cleaned')
  assert.equal((await foster.exit()).code, 0)
  assert.doesNotMatch(foster.output.stderr, /SIGKILL/)
})

e2e('a daemon that never forks away, or never names itself, is given up after its time', async rig => {
  const late = { start_timeout: '300ms', start_retries: 1, backoff: { delay: '10ms' }, critical: false }
  const stays = { kind: 'daemon', command: ['sleep', '1000'], pid_file: join(rig.dir, 'stays.pid'), ...late }
  const hides = daemon(rig, 'hides', { ...late, start_retries: 0 }, false)
  const main = rig.puppet('main')
  const foster = await rig.start({ programs: { stays, hides: hides.program, main: { command: main.command } } })
  await foster.line(/stays: has not forked away within 0.3s, stopping it/)
  await foster.line(/stays: killed by SIGTERM after it had not forked away within 0.3s .*retry 1 of 1/)
  await foster.line(/stays: killed by SIGTERM after it had not forked away within 0.3s .*given up after 2 attempts/)
  // Its launcher may be slower than that, too.
  await foster.line(/hides: (exited with code 0|killed by SIGTERM) after it had not forked away within 0.3s/)
  await eventually('nothing of them is left', () => foster.others().length === 1)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e('what a daemon leaves behind, in whatever session, is gone before it is started again', async rig => {
  const { puppet, program } = daemon(rig, 'web', again)
  const foster = await rig.start({ programs: { web: program } })
  await puppet.up()
  await foster.line(/its main process is pid/)
  await puppet.does('setsid sleep 1000 & sleep 1000 &')
  const left = () => foster.others().filter(it => it.argv[0] === 'sleep')
  const before = await eventually('both are there', () => (left().length === 2 ? left() : undefined))
  puppet.start('kill -KILL $$')
  await puppet.up()
  for (const { pid } of before) assert.equal(isAlive(pid), false)
  assert.deepEqual(left(), [])
})

e2e('when the pid file names another process of the run, that one is followed', async rig => {
  const { puppet, pidFile, program } = daemon(rig, 'web')
  const next = rig.puppet('next', `echo $$ >${pidFile}`)
  const foster = await rig.start({ programs: { web: program } })
  await puppet.up()
  await foster.line(/its main process is pid/)
  puppet.start(`setsid ${next.command.map(it => `'${it}'`).join(' ')} &`)
  const pid = await next.up()
  puppet.start('exit 0')
  await foster.line(new RegExp(`web: its main process is pid ${pid} now`))
  assert.doesNotMatch(foster.output.stderr, /exited/)
  next.start('exit 5')
  await foster.line(/web: exited with code 5/)
})

e2e('redis forks away, is followed, and saves its data at the stop', async rig => {
  const pidFile = join(rig.dir, 'redis.pid')
  const socket = join(rig.dir, 'redis.sock')
  const command = [
    'redis-server',
    '--port',
    '0',
    '--unixsocket',
    socket,
    '--dir',
    rig.dir,
    '--daemonize',
    'yes',
    '--pidfile',
    pidFile,
  ]
  const redis = { kind: 'daemon', command, pid_file: pidFile, start_seconds: '0s', stop_grace_period: '60s' }
  const foster = await rig.start({ programs: { redis }, shutdown: { timeout: '70s' } })
  await foster.line(/redis: its main process is pid/)
  const cli = rig.puppet('cli')
  const client = await rig.start({ programs: { cli: { command: cli.command } } })
  await cli.up()
  assert.equal(await cli.tells(`redis-cli -s ${socket} set a b`), 'OK')
  await cli.does(`redis-cli -s ${socket} config set save "3600 1"`)
  client.kill('SIGTERM')
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  assert.equal(existsSync(join(rig.dir, 'dump.rdb')), true)
})

e2e('nginx forks away; killed, it is started again beside nothing; replaced (USR2), it is followed', async rig => {
  const pidFile = join(rig.dir, 'nginx.pid')
  const conf = rig.file(
    'nginx.conf',
    `pid ${pidFile}; error_log ${rig.dir}/error.log; events {} http { access_log off; server { listen 127.0.0.1:${await freePort()}; } }`,
  )
  // It executes this path again at USR2, without looking along PATH.
  const command = ['/usr/sbin/nginx', '-c', conf]
  const web = { kind: 'daemon', command, pid_file: pidFile, start_seconds: '0s', ...again }
  const foster = await rig.start({ programs: { web } })
  const main = async () => Number((await foster.line(/web: its main process is pid (\d+) now/))[1])
  const outer = (innerPid: number) => foster.others().find(it => it.innerPid === innerPid)
  const first = outer(await main())
  assert.ok(first)
  await eventually('it has a worker', () => foster.others().length === 2)
  process.kill(first.pid, 'SIGKILL')
  /** The process that the pid file names, which comes and goes. */
  const named = () => {
    try {
      return outer(Number(readFileSync(pidFile, 'utf8')))
    } catch {
      return undefined
    }
  }
  const second = await eventually('it was started again', () => {
    const it = named()
    return it !== undefined && it.pid !== first.pid ? it : undefined
  })
  await foster.line(new RegExp(`its main process is pid ${second.innerPid} now`))
  // Before it has a worker it may miss the signal.
  await eventually('it has a worker', () => foster.others().some(it => it.parent === second.pid))
  process.kill(second.pid, 'SIGUSR2')
  const third = await eventually('it has started its successor', () => {
    const it = named()
    return it !== undefined && it.pid !== second.pid ? it : undefined
  })
  process.kill(second.pid, 'SIGQUIT')
  await foster.line(new RegExp(`its main process is pid ${third.innerPid} now`))
  await eventually('it has a worker, too', () => foster.others().some(it => it.parent === third.pid))
  assert.equal(foster.lines.filter(line => /web: (exited|killed)/.test(line)).length, 1)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})
