/** status, start, stop, restart, signal, pid, health, graph, shutdown: against a foster that runs. */
import assert from 'node:assert/strict'
import { e2e, type Rig } from './rig.ts'
import { Ask, answering, ask, controlled } from './rig-cli.ts'

/** Code and stdout of a command. */
async function says(rig: Rig, ...args: readonly string[]): Promise<readonly [number | null, string]> {
  const { code, stdout } = await ask(rig, args)
  return [code, stdout]
}

e2e('a program is stopped, started and restarted, in the words of supervisorctl', async rig => {
  const web = rig.puppet('web')
  const db = rig.puppet('db')
  await rig.start(controlled(rig, { programs: { web: { command: web.command }, db: { command: db.command } } }))
  await Promise.all([web.up(), db.up()])
  await answering(rig)
  const first = await says(rig, 'pid', 'web')
  assert.deepEqual(await says(rig, 'restart', 'web'), [0, 'web: restarted\n'])
  const pid = await web.up()
  assert.deepEqual(await says(rig, 'pid', 'web'), [0, `${pid}\n`])
  assert.notEqual(first[1], `${pid}\n`)

  assert.deepEqual(await says(rig, 'start', 'web'), [0, 'web is already started\n'])
  assert.deepEqual(await says(rig, 'stop', 'web'), [0, 'web: stopped\n'])
  assert.deepEqual(await says(rig, 'stop', 'web'), [0, 'web is not running\n'])
  assert.deepEqual(await says(rig, 'pid', 'web'), [7, '0\n'])
  const [code, table] = await says(rig, 'status')
  assert.equal(code, 3)
  assert.match(table, /^web {2}STOPPED {3}\w{3} \d\d \d\d:\d\d [AP]M, stopped by an operator\n/)
  assert.match(table, /\ndb {3}RUNNING {3}pid \d+, uptime 0:0\d:\d\d\n$/)

  assert.deepEqual(await says(rig, 'start', 'web'), [0, 'web: started\n'])
  assert.equal((await says(rig, 'status'))[0], 0)
  assert.deepEqual(await says(rig, 'stop', 'all'), [0, 'web: stopped\ndb: stopped\n'])
})

e2e('a start of what runs and cannot be used yet waits until it can', async rig => {
  const readiness = { file: `${rig.dir}/ready`, period: '30ms', timeout: '60s', failure_threshold: 1 }
  const web = { command: ['sleep', '1000'], start_seconds: 0, probes: { readiness } }
  const foster = await rig.start(controlled(rig, { programs: { web } }))
  await foster.line(/web: not ready/)
  await answering(rig)
  assert.deepEqual(await says(rig, 'start', '--no-wait', 'web'), [0, 'web is already started\n'])
  const [code, told] = await says(rig, 'start', '--timeout', '50ms', 'web')
  assert.equal(code, 1)
  assert.match(told, /^web is not ready after 0.05s: not ready: no such file/)
  const start = new Ask(rig, ['start', 'web'])
  await start.writes('stderr', /starting, \d+ s: web RUNNING, .*no such file/)
  rig.file('ready', '')
  const { stdout, ...end } = await start.end()
  assert.deepEqual([end.code, stdout], [0, 'web: ready\n'])
  assert.deepEqual(await says(rig, 'start', 'web'), [0, 'web is already started\n'])
})

e2e('status says why: for what a program waits, of what another one died', async rig => {
  const slow = rig.puppet('slow')
  const programs = {
    slow: { command: slow.command, start_seconds: '1h' },
    web: { command: ['sleep', '1000'], depends_on: ['slow'] },
    gone: { command: '/nowhere/at/all', critical: false, start_retries: 0 },
    again: { command: ['sh', '-c', 'exit 3'], critical: false, start_retries: -1, backoff: { delay: '1h' } },
    work: { kind: 'task', command: ['true'] },
  }
  const foster = await rig.start(controlled(rig, { programs }))
  await slow.up()
  await foster.line(/cannot start gone/)
  await foster.line(/again: exited/)
  await foster.line(/work: exited/)
  await answering(rig)
  const [code, table] = await says(rig, 'status')
  assert.equal(code, 3, 'gone is fatal')
  const line = (name: string) => table.split('\n').find(it => it.startsWith(`${name} `)) ?? ''
  assert.match(line('slow'), /STARTING +pid \d+, uptime 0:0/)
  assert.match(line('web'), /WAITING +waits for slow$/)
  assert.match(line('gone'), /FATAL +.*not found/)
  assert.match(line('again'), /BACKOFF +exited with code 3, again in \d+ s/)
  assert.match(line('work'), /EXITED +.*exited with code 0/)
  assert.equal((await says(rig, 'status', 'work'))[0], 0, 'a task that is done is as it should be')
  const { programs: found } = JSON.parse((await says(rig, 'status', '--json'))[1])
  assert.deepEqual(
    found.map(({ state }: { state: string }) => state),
    ['STARTING', 'WAITING', 'FATAL', 'BACKOFF', 'EXITED'],
  )
})

e2e('a name that is not there: did you mean', async rig => {
  const web = rig.puppet('web')
  const twin = { command: ['sleep', '1000'], replicas: 2 }
  await rig.start(controlled(rig, { programs: { web: { command: web.command }, twin } }))
  await web.up()
  await answering(rig)
  for (const [args, expected] of [
    [['status', 'wbe'], 4],
    [['start', 'wbe'], 1],
    [['pid', 'wbe'], 1],
    [['tail', 'wbe'], 1],
    [['logs', 'wbe'], 1],
    [['signal', 'HUP', 'wbe'], 1],
  ] as const) {
    const { code, stderr } = await ask(rig, args)
    assert.equal(code, expected, args.join(' '))
    assert.match(stderr, /there is no program "wbe"\n {2}did you mean "web"\?/)
  }
  for (const [args, said] of [
    [['signal', 'SIGTRM', 'web'], 'foster: "SIGTRM" is no signal\n  did you mean "TERM"?\n'],
    [
      ['tail', 'all'],
      'foster: raw output is that of one process; this would be 3\n  name one of them: web, twin:0, twin:1\n',
    ],
  ] as const) {
    const { code, stderr } = await ask(rig, args)
    assert.deepEqual([code, stderr], [2, said])
  }
})

e2e('a start that fails says why, and what to do; 7', async rig => {
  const programs = {
    web: { command: ['sleep', '1000'] },
    bad: { command: ['sh', '-c', 'exit 3'], critical: false, autostart: false, start_seconds: '1h', start_retries: 0 },
  }
  await rig.start(controlled(rig, { programs }))
  await answering(rig)
  const { code, stdout, stderr } = await ask(rig, ['start', 'bad'])
  assert.deepEqual([code, stdout], [7, 'bad did not start: exited with code 3\n'])
  assert.match(stderr, /foster tail bad/)
})

e2e('--timeout and Ctrl-C end the waiting, not the start', async rig => {
  const slow = rig.puppet('slow')
  const programs = {
    slow: { command: slow.command, start_seconds: '1h', autostart: false },
    web: { command: ['sleep', '1000'] },
  }
  await rig.start(controlled(rig, { programs }))
  await answering(rig)
  const late = await ask(rig, ['start', 'slow', '--timeout', '100ms'])
  assert.equal(late.code, 1)
  assert.match(late.stdout, /^slow is not ready after 0\.1s/)
  await slow.up()
  const command = new Ask(rig, ['restart', 'slow'])
  await slow.call('up')
  command.child.kill('SIGINT')
  const { code, signal, stderr } = await command.end()
  assert.deepEqual([code, signal], [130, null])
  assert.match(stderr, /not waited for/)
  assert.match((await says(rig, 'status', 'slow'))[1], /STARTING/)
})

e2e('signal, health, graph, config --running, events', async rig => {
  const web = rig.puppet('web', "trap 'home HUP' HUP")
  const plan = { programs: { db: { command: ['sleep', '1000'] }, web: { command: web.command, depends_on: ['db'] } } }
  await rig.start(controlled(rig, plan))
  await web.up()
  await answering(rig)
  assert.deepEqual(await says(rig, 'signal', 'HUP', 'web'), [0, 'web: signalled\n'])
  await web.call('HUP')
  assert.deepEqual(await says(rig, 'restart', 'all'), [0, 'db: restarted\nweb: restarted\n'])
  await web.up()
  assert.deepEqual(await says(rig, 'health'), [0, 'ready\n'])
  assert.equal((await says(rig, 'stop', 'db'))[0], 0)
  assert.deepEqual(await says(rig, 'health'), [1, 'not ready\n  db: STOPPED by an operator\n'])
  assert.match((await says(rig, 'graph'))[1], /^web \w+\n└─ db \w+ \(started\)\n$/)
  assert.match((await says(rig, 'config', '--running'))[1], /^programs:/m)
  const events = (await says(rig, 'events', '--json'))[1].trimEnd().split('\n')
  assert.deepEqual(
    events.map(it => JSON.parse(it).seq),
    events.map((_, index) => index + 1),
  )
})

e2e('shutdown ends the container', async rig => {
  const web = rig.puppet('web', "trap 'exit 0' TERM")
  const foster = await rig.start(controlled(rig, { programs: { web: { command: web.command } } }))
  await web.up()
  await answering(rig)
  assert.deepEqual(await says(rig, 'shutdown'), [0, 'Shut down\n'])
  assert.equal((await foster.exit()).code, 0)
  const { code, stderr } = await ask(rig, ['pid'])
  assert.equal(code, 7, stderr)
})

e2e('shutdown is answered where everything has been stopped before', async rig => {
  const web = rig.puppet('web', "trap 'exit 0' TERM")
  const foster = await rig.start(controlled(rig, { programs: { web: { command: web.command } } }))
  await web.up()
  await answering(rig)
  assert.deepEqual(await says(rig, 'stop', 'all'), [0, 'web: stopped\n'])
  assert.deepEqual(await says(rig, 'shutdown'), [0, 'Shut down\n'])
  assert.equal((await foster.exit()).code, 0)
})

e2e('a program asks about itself by the socket that it was told of', async rig => {
  const web = rig.puppet('web')
  const foster = await rig.start(controlled(rig, { programs: { web: { command: web.command } } }))
  const pid = await web.up()
  await answering(rig)
  assert.equal(await web.tells(`${rig.reachable()} pid web`), String(pid))
  assert.equal(await web.tells(`${rig.reachable()} pid`), '1')
  assert.ok(!foster.isOver)
})

e2e('reload: only what has changed is restarted; a faulty file changes nothing', async rig => {
  const web = rig.puppet('web')
  const db = rig.puppet('db')
  const plan = (more: object) => {
    const programs = { web: { command: web.command, ...more }, db: { command: db.command } }
    return rig.file('plan.yaml', JSON.stringify(controlled(rig, { programs }), undefined, 2))
  }
  await rig.start(['-c', plan({})])
  const [before] = await Promise.all([web.up(), db.up()])
  await answering(rig)
  assert.deepEqual(await says(rig, 'reload'), [0, 'nothing has changed\n'])
  plan({ environment: { A: 'b' } })
  assert.deepEqual(await says(rig, 'reload', '--dry-run'), [0, 'web: would be restarted (environment)\n'])
  assert.deepEqual(await says(rig, 'pid', 'web'), [0, `${before}\n`])
  const dbPid = await says(rig, 'pid', 'db')
  assert.deepEqual(await says(rig, 'reload'), [0, 'web: restarted (environment)\n'])
  assert.equal((await web.up()) === before, false)
  assert.deepEqual(await says(rig, 'pid', 'db'), dbPid)
  plan({ comand: 'x' })
  const { code, stdout, stderr } = await ask(rig, ['reload'])
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /^foster: the configuration is faulty: nothing has changed\n.*plan\.yaml:\d+:\d+: .*unknown key/)
})
