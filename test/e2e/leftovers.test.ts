/** What a program's process leaves behind when it ends. */
import assert from 'node:assert/strict'
import { e2e, type Puppet } from './rig.ts'
import { answering, ask, controlled } from './rig-cli.ts'
import { isAlive } from './rig-proc.ts'
import { eventually } from './rig-wait.ts'

const service = ({ command }: Puppet, more: object = {}) => ({ command, start_seconds: '0s', ...more })
const again = { restart: 'always', backoff: { delay: '10ms' } }

e2e('what is left of a program in its session is gone before it is started again', async rig => {
  // A job of its own process group, as a shell with job control makes it, and one in the program's group.
  const web = rig.puppet('web', 'set -m', 'sleep 1000 &', 'set +m', 'sleep 1000 &')
  const foster = await rig.start({ programs: { web: service(web, again) } })
  const first = await rig.facts(foster, await web.up())
  // One that is dead and about to be reaped holds nothing.
  const left = () =>
    foster.others().filter(it => it.session === first.pid && it.state !== 'Z' && !it.argv.includes('web'))
  await eventually('both jobs are there', () => left().length === 2)
  web.start('exit 3')
  await web.up()
  assert.deepEqual(
    left().map(it => it.argv),
    [],
  )
})

e2e('what is left and ignores TERM is killed, and the run keeps its own ending', async rig => {
  const web = rig.puppet('web')
  const foster = await rig.start({ programs: { web: service(web, again) } })
  const first = await rig.facts(foster, await web.up())
  web.start(`sh -c "trap '' TERM; echo web 0 left >$dir/home; while :; do sleep 1000; done" &`)
  await web.call('left')
  web.start('exit 3')
  await web.up()
  assert.deepEqual(
    foster.others().filter(it => it.session === first.pid && it.state !== 'Z'),
    [],
  )
  await foster.line(/web: exited with code 3/)
})

e2e('a process that has ended starts nobody, whatever it has left behind', async rig => {
  const [web, api] = [rig.puppet('web'), rig.puppet('api')]
  const startup = { file: `${rig.dir}/go`, period: '50ms', failure_threshold: 1000 }
  const foster = await rig.start({
    programs: {
      web: { command: web.command, start_retries: 0, probes: { startup } },
      api: service(api, { depends_on: { web: 'started' } }),
    },
  })
  const first = await rig.facts(foster, await web.up())
  web.start(`sh -c "trap '' TERM; echo web 0 left >$dir/home; while :; do sleep 1000; done" &`)
  await web.call('left')
  web.start('exit 3')
  await rig.gone(first.pid)
  // For two seconds there is only what it has left, which does not make it a program that has started.
  rig.file('go', '')
  assert.equal((await foster.exit()).code, 3)
  assert.doesNotMatch(foster.output.stderr, /api: started/)
})

e2e('a daemon that has gone into a session of its own outlives its program', async rig => {
  const web = rig.puppet('web')
  const foster = await rig.start({ programs: { web: service(web, again) } })
  await web.up()
  web.start('setsid sleep 1000 &')
  const daemon = await eventually('the daemon is there', () =>
    foster.others().find(it => it.argv.join(' ') === 'sleep 1000'),
  )
  web.start('exit 3')
  await web.up()
  assert.equal(isAlive(daemon.pid), true)
  foster.kill('SIGTERM')
  await foster.exit()
  assert.equal(isAlive(daemon.pid), false)
})

e2e('a level of the stop is over when nothing is left of its programs', async rig => {
  const db = rig.puppet('db', "trap 'home TERM; exit 0' TERM")
  const api = rig.puppet('api')
  const foster = await rig.start({ programs: { db: service(db), api: service(api, { depends_on: ['db'] }) } })
  await api.up()
  const clean = "trap 'echo api 0 cleaned >$dir/home; exit 0' TERM"
  api.start(`sh -c "${clean}; echo api 0 worker >$dir/home; while :; do sleep 0.01; done" &`)
  await api.call('worker')
  const began = performance.now()
  foster.kill('SIGTERM')
  await db.call('TERM')
  const told = rig.calls.filter(it => /cleaned|TERM/.test(it))
  // It has two seconds, which a busy machine may not give it.
  if (performance.now() - began < 2000 || told.length > 1) assert.deepEqual(told, ['api cleaned', 'db TERM'])
  assert.equal((await foster.exit()).code, 0)
})

e2e('a stop_command that outlives its program does not run beside the next run', async rig => {
  const [web, db] = [rig.puppet('web', "trap 'exit 0' TERM"), rig.puppet('db', "trap 'exit 0' TERM")]
  const wait = `while [ ! -e ${rig.dir}/go ]; do sleep 0.02; done`
  const programs = {
    web: service(web, { stop_command: ['sh', '-c', `kill $MAINPID; ${wait}`], stop_grace_period: '60s' }),
    db: service(db, {
      ...{ stop_command: ['sh', '-c', 'kill $MAINPID; sleep 1001; :'], stop_grace_period: '300ms', critical: false },
    }),
  }
  const foster = await rig.start(controlled(rig, { programs }))
  const first = await rig.facts(foster, await web.up())
  await db.up()
  await answering(rig)
  await ask(rig, ['restart', '--no-wait', 'web', 'db'])
  await rig.gone(first.pid)
  // Its group is killed at the end of the grace, and only then is the other one started again.
  await db.up()
  // What is killed may take a moment to be dead.
  await eventually('its command is gone', () => foster.others().every(it => !it.argv.includes('1001')))
  await foster.line(/db: stop_command failed: it took too long/)
  assert.match((await ask(rig, ['status', 'web'])).stdout, /STOPPING/)
  assert.equal(rig.calls.filter(it => it === 'web up').length, 1)
  rig.file('go', '')
  assert.notEqual(await web.up(), first.innerPid)
  assert.doesNotMatch(foster.output.stderr, /web: (stop_command failed|did not end)/)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})
