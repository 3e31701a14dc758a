/** Orphans: every one is reaped, and no status of a program or of a short command is lost over it. */
import assert from 'node:assert/strict'
import { e2e, type Puppet } from './rig.ts'
import { eventually } from './rig-wait.ts'

const live = 100

/** Forks so many processes in groups of 100, each orphaned before it ends. Only shell builtins, so that it is quick. */
const forks = (count: number) =>
  `i=0; while [ $i -lt ${count / 100} ]; do (j=0; while [ $j -lt 100 ]; do (exit 7) & j=$((j+1)); done); i=$((i+1)); done`

e2e('5,000 double-forked orphans beside 100 live programs: no zombie, no wrong status', async rig => {
  const forker = rig.puppet('forker')
  const puppets = Array.from({ length: live }, (_, i) => rig.puppet(`p${i}`))
  const program = ({ command }: Puppet) => ({ command, critical: false, restart: 'never', start_seconds: '0s' })
  const programs = Object.fromEntries(puppets.map((it, i) => [`p${i}`, program(it)]))
  const foster = await rig.start({ programs: { ...programs, forker: { command: forker.command } } })
  for (const puppet of [...puppets, forker]) await puppet.up()
  const storm = forker.does(forks(5000))
  // Half of them end while it rages, each with its own code, some by signal.
  const codes = puppets.map((puppet, i) => {
    if (i >= live / 2) return undefined
    puppet.start(i % 10 === 9 ? 'kill -KILL $$' : `exit ${i}`)
    return i % 10 === 9 ? 'killed by SIGKILL' : `exited with code ${i}`
  })
  await storm
  for (const [i, words] of codes.entries()) if (words !== undefined) await foster.line(new RegExp(` p${i}: ${words} `))
  // An orphan may still be about to end when the storm is over.
  await eventually('foster, the forker and the other half are left', () => foster.processes().length === 2 + live / 2)
  assert.deepEqual(
    foster.processes().filter(it => it.state === 'Z'),
    [],
  )
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  assert.equal(foster.output.stderr.match(/: (exited with|killed by)/g)?.length, live + 1)
})

e2e('stop commands in flight while orphans rain: each keeps its own status', async rig => {
  const patient = { start_seconds: '0s', stop_grace_period: '10m' }
  const forker = rig.puppet('forker', `trap '(${forks(2000)}; home rained) & exit 0' TERM`)
  const puppets = Array.from({ length: 30 }, (_, i) => rig.puppet(`p${i}`, `trap 'exit ${i}' USR1 TERM`))
  const programs = puppets.map(({ command }, i) => {
    // A third of the stop commands fail, and foster sends the signal itself.
    const stop = ['/bin/sh', '-c', i % 3 === 0 ? `exit ${100 + i}` : 'kill -USR1 $MAINPID']
    return [`p${i}`, { command, critical: false, ...patient, stop_command: stop }]
  })
  const config = { forker: { command: forker.command, ...patient }, ...Object.fromEntries(programs) }
  const foster = await rig.start({ programs: config, shutdown: { timeout: '1h' } })
  for (const puppet of [...puppets, forker]) await puppet.up()
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  for (let i = 0; i < puppets.length; i++) {
    assert.match(foster.output.stderr, new RegExp(` p${i}: exited with code ${i} `))
    const failed = new RegExp(` p${i}: stop_command failed: exited with code ${100 + i}`)
    if (i % 3 === 0) assert.match(foster.output.stderr, failed)
    else assert.doesNotMatch(foster.output.stderr, new RegExp(` p${i}: stop_command failed`))
  }
})

e2e('foster -- CMD: orphans are reaped, CMD keeps its code', async rig => {
  const main = rig.puppet('main')
  const foster = await rig.command(main.command)
  await main.up()
  await main.does(forks(1000))
  await eventually('only foster and CMD are left', () => foster.processes().length === 2)
  main.start('exit 33')
  assert.equal((await foster.exit()).code, 33)
})

e2e('children that foster was executed with are reaped, too', async rig => {
  const main = rig.puppet('main')
  const via = ['sh', '-c', '(exit 5) & sleep 1000 & exec "$@"', 'sh']
  const foster = await rig.command(main.command, { via })
  await main.up()
  const sleeper = await eventually('it sleeps', () => foster.others().find(it => it.argv[0] === 'sleep'))
  process.kill(sleeper.pid, 'SIGKILL')
  await eventually('only foster and CMD are left', () => foster.processes().length === 2)
})
