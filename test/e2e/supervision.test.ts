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
  await foster.line(/api: restarting it, since db has been started again/)
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

e2e('a thousand programs with a random graph start and stop in the order of their dependencies', async rig => {
  const random = generator(7)
  const names = Array.from({ length: 1000 }, (_, i) => `p${i}`)
  const below = names.map((_, i) => [
    ...new Set(Array.from({ length: Math.min(i, 3) }, () => Math.floor(random() * i))),
  ])
  const programs = names.map((name, i) => {
    const depends_on = Object.fromEntries((below[i] ?? []).map(on => [names[on], 'started']))
    return [name, { command: ['sleep', '1000'], start_seconds: '0s', depends_on }] as const
  })
  // In an order that says nothing.
  const shuffled = programs.map(it => [random(), it] as const).sort(([a], [b]) => a - b)
  const plan = { programs: Object.fromEntries(shuffled.map(([, it]) => it)), shutdown: { timeout: '10m' } }
  const foster = await rig.start(plan)
  await foster.lineCount(/: started \(pid/, 1000, 90_000)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  const lines = foster.output.stderr.split('\n')
  const at = (pattern: RegExp): ReadonlyMap<string, number> =>
    new Map(lines.map((line, i) => [pattern.exec(line)?.[1] ?? '', i]))
  const [started, ended] = [at(/(p\d+): started/), at(/(p\d+): killed by SIGTERM/)]
  // One more entry: all other lines.
  assert.equal(ended.size, 1001)
  for (const [i, on] of below.flatMap((list, index) => list.map(it => [index, it] as const))) {
    const [one, other] = [names[i] ?? '', names[on] ?? '']
    assert.ok((started.get(one) ?? 0) > (started.get(other) ?? 0), `${one} was started before ${other}`)
    assert.ok((ended.get(one) ?? 0) < (ended.get(other) ?? 0), `${other} was stopped before ${one}`)
  }
})

/** Numbers in [0, 1), the same ones at every run. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
