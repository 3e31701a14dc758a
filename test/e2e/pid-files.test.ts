/** What a pid file may say: foster is never made to take a stranger for the program, or to signal one. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { e2e, type Rig } from './rig.ts'
import { daemon, never } from './rig-daemon.ts'
import { isAlive } from './rig-proc.ts'
import { eventually } from './rig-wait.ts'

/** A program whose launcher writes this into its pid file, and that has nothing else. */
function liar(rig: Rig, line: string, more: object = {}): object {
  const path = join(rig.dir, 'liar.pid')
  const command = ['/bin/sh', '-c', line.replaceAll('FILE', path)]
  return { kind: 'daemon', command, pid_file: path, critical: false, ...never, ...more }
}

const lies: ReadonlyArray<[what: string, line: string, reason: RegExp]> = [
  ['foster itself', 'echo 1 >FILE', /it names process 1: it is foster itself/],
  ['everybody', 'echo -1 >FILE', /it does not begin with a number/],
  ['nobody', 'echo 99999 >FILE', /it names process 99999: there is no such process/],
  ['words', 'echo web >FILE', /it does not begin with a number/],
  ['nothing', ': >FILE', /it is empty/],
  ['itself, when it has ended', 'echo $$ >FILE', /there is no such process/],
  ['a directory', 'mkdir FILE', /it is not a regular file/],
  ['what it cannot wait for', 'mkfifo FILE', /it is not a regular file/],
]
for (const [what, line, reason] of lies) {
  e2e(`a pid file that names ${what} starts nothing`, async rig => {
    const web = rig.puppet('web')
    const foster = await rig.start({ programs: { web: { command: web.command }, liar: liar(rig, line) } })
    await web.up()
    const [said] = await foster.line(/cannot start liar: .*/)
    assert.match(said, reason)
    assert.match(said, /nothing of it is left/)
    foster.kill('SIGTERM')
    assert.equal((await foster.exit()).code, 0)
  })
}

e2e('a pid file cannot name another program: neither its process, nor its child, nor its daemon', async rig => {
  const web = rig.puppet('web')
  const other = daemon(rig, 'other')
  const depends_on = ['web', 'other']
  const foster = await rig.start({
    programs: {
      web: { command: web.command, start_seconds: '0s' },
      other: other.program,
      liar: liar(rig, `cat ${rig.dir}/victim >FILE`, {
        depends_on,
        restart: 'always',
        start_retries: -1,
        backoff: { delay: '10ms', factor: 1 },
      }),
    },
  })
  const pid = await web.up()
  const daemonPid = await other.puppet.up()
  await web.does(`sleep 1000 & echo $! >${rig.dir}/child`)
  const child = readFileSync(join(rig.dir, 'child'), 'utf8').trim()
  const reasons: ReadonlyArray<[victim: string | number, reason: string]> = [
    [pid, 'it belongs to web'],
    [child, 'it belongs to web'],
    [daemonPid, 'it belongs to other'],
  ]
  for (const [victim, reason] of reasons) {
    writeFileSync(join(rig.dir, 'victim'), `${victim}\n`)
    await foster.line(new RegExp(`cannot start liar: .* it names process ${victim}: ${reason}`))
  }
  const victims = foster.others().filter(({ innerPid }) => [pid, Number(child), daemonPid].includes(innerPid))
  assert.equal(victims.filter(it => isAlive(it.pid)).length, 3)
})

e2e('a pid file cannot name who stands beside foster, and foster leaves it alone', async rig => {
  const stranger = join(rig.dir, 'stranger')
  const below = `sleep 1000 & echo $! >${stranger}; "$@"; kill -0 $! && echo alive; exit 0`
  const programs = { liar: liar(rig, `cp ${stranger} FILE`, { critical: true }) }
  const foster = await rig.start({ programs }, { below })
  await foster.line(/cannot start liar: .*it does not descend from foster/)
  await foster.line(/^alive$/)
})

e2e('a pid file cannot name an orphan that is not its own', async rig => {
  const task = rig.puppet('task', `setsid sh -c 'echo $$ >${rig.dir}/orphan; exec sleep 1000' &`)
  const programs = {
    idle: { command: 'sleep 2000' },
    task: { kind: 'task', command: task.command },
    liar: liar(rig, `cp ${rig.dir}/orphan FILE`, { depends_on: ['task'] }),
  }
  const foster = await rig.start({ programs })
  await task.up()
  await task.does(`while ! [ -s ${rig.dir}/orphan ]; do sleep 0.01; done`)
  task.start('exit 0')
  await foster.line(/cannot start liar: .*it does not descend from liar/)
  await eventually('it is still there', () => foster.others().some(({ argv }) => argv.join(' ') === 'sleep 1000'))
})

e2e(
  'a pid file is no way to what the program itself cannot read',
  async rig => {
    const secret = rig.file('secret.pid', '1\n', 0o600)
    const dir = join(rig.dir, 'run')
    mkdirSync(dir)
    chmodSync(dir, 0o777)
    symlinkSync(secret, join(dir, 'linked.pid'))
    const base = { kind: 'daemon', command: 'true', user: 'nobody', critical: false, ...never }
    const foster = await rig.start({
      programs: {
        web: { command: 'sleep 1000' },
        linked: { ...base, pid_file: join(dir, 'linked.pid') },
        hidden: { ...base, pid_file: secret },
      },
    })
    await foster.line(/cannot start linked: .*it is a symbolic link/)
    await foster.line(/cannot start hidden: .*permission denied/)
  },
  'root',
)
