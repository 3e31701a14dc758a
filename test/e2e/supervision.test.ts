/** Replicas, restarted dependants, and what a signal is configured to mean. */
import assert from 'node:assert/strict'
import { e2e, type Puppet } from './rig.ts'

const service = ({ command }: Puppet) => ({ command, start_seconds: '0s', backoff: { delay: '0s' } })

e2e('replicas are processes with a number each; a dependant waits for all of them', async rig => {
  const api = rig.puppet('api')
  const web = {
    command: ['/bin/sh', '-c', 'echo "I am %(name) %(replica) $FOSTER_REPLICA $FOSTER_GROUP"; exec sleep 1000'],
    ...{ replicas: 3, group: 'front', start_seconds: '0s', backoff: { delay: '0s' } },
  }
  const foster = await rig.start({ programs: { api: { ...service(api), depends_on: { web: 'started' } }, web } })
  await api.up()
  const pids = []
  for (const replica of [0, 1, 2]) {
    await foster.line(new RegExp(`web:${replica} +\\| I am web ${replica} ${replica} front`))
    const started = await foster.line(new RegExp(`web:${replica}: started \\(pid (\\d+)\\)`))
    pids.push(Number(started[1]))
  }
  assert.ok(foster.output.stderr.indexOf('api: started') > foster.output.stderr.indexOf('web:2: started'))
  const victim = await rig.facts(foster, pids[1] ?? 0)
  process.kill(victim.pid, 'SIGKILL')
  await foster.line(/web:1: killed by SIGKILL/)
  await foster.line(new RegExp(`web:1: started \\(pid (?!${pids[1]}\\))`))
  foster.kill('SIGTERM')
  assert.deepEqual(await foster.exit(), { code: 0, signal: null })
})

e2e('a dependency that has been started again takes along those that ask for it', async rig => {
  const [db, api, web, log] = ['db', 'api', 'web', 'log'].map(name => rig.puppet(name, "trap 'home TERM; exit 0' TERM"))
  assert.ok(db && api && web && log)
  const foster = await rig.start({
    programs: {
      db: service(db),
      api: { ...service(api), depends_on: { db: { condition: 'started', restart: true } } },
      web: { ...service(web), depends_on: { api: { condition: 'started', restart: true }, db: { restart: true } } },
      log: { ...service(log), depends_on: { db: { condition: 'started' } } },
    },
  })
  for (const puppet of [db, api, web, log]) await puppet.up()
  db.start('exit 3')
  await db.up()
  await api.call('TERM')
  await api.up()
  await web.call('TERM')
  await web.up()
  // Both of its dependencies were started again; the second one finds it stopping, or waiting, already.
  foster.kill('SIGTERM')
  assert.deepEqual(await foster.exit(), { code: 0, signal: null })
  assert.equal(rig.calls.filter(it => it === 'api up').length, 2)
  assert.equal(rig.calls.filter(it => it === 'log up').length, 1)
})

e2e('a signal means what is configured', async rig => {
  const nginx = rig.puppet('nginx', "trap 'home HUP' HUP", "trap 'home USR1' USR1", "trap 'home QUIT' QUIT")
  const api = rig.puppet('api', "trap 'home HUP' HUP", "trap 'home USR1' USR1", "trap 'home QUIT' QUIT")
  const foster = await rig.start({
    programs: { nginx: service(nginx), api: service(api) },
    signals: { USR1: { to: ['nginx'], as: 'HUP' }, QUIT: 'forward', USR2: 'ignore', WINCH: 'stop' },
    shutdown: { exit_code: 'signal' },
  })
  await nginx.up()
  await api.up()
  foster.kill('SIGUSR2')
  foster.kill('SIGUSR1')
  await nginx.call('HUP')
  foster.kill('SIGQUIT')
  await nginx.call('QUIT')
  await api.call('QUIT')
  foster.kill('SIGWINCH')
  assert.deepEqual(await foster.exit(), { code: 128 + 28, signal: null })
  assert.deepEqual(rig.calls.slice(2).sort(), ['api QUIT', 'nginx HUP', 'nginx QUIT'])
  assert.doesNotMatch(foster.output.stderr, /SIGUSR2/)
})
