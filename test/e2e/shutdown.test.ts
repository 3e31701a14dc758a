/** Stopping: the order, the grace, the budget, and what a second request does. */
import assert from 'node:assert/strict'
import { constants, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { quoted } from './replay-inits.ts'
import { e2e, type Puppet, type Rig } from './rig.ts'
import { isAlive } from './rig-proc.ts'
import { eventually } from './rig-wait.ts'

const onTerm = "trap 'home TERM' TERM"
const stubborn = "trap '' TERM"
const atOnce = { start_seconds: '0s' }
/** Time for whatever the test does meanwhile: who had to be killed would be waited for in vain. */
const ample = { shutdown: { timeout: '1h' } }

const service = ({ command }: Puppet, more: object = {}) => ({
  command,
  ...atOnce,
  stop_grace_period: '10m',
  ...more,
})

/** Three programs, each depending on the one before, that report a TERM and end when they are told to. */
function chain(rig: Rig) {
  const [db, api, web] = ['db', 'api', 'web'].map(name => rig.puppet(name, onTerm)) as [Puppet, Puppet, Puppet]
  const programs = {
    db: service(db),
    api: service(api, { depends_on: ['db'] }),
    web: service(web, { depends_on: ['api'] }),
  }
  return { db, api, web, programs }
}

/** Lets the chain end one by one; nobody is asked before its turn. */
async function endInOrder(rig: Rig, order: readonly Puppet[]): Promise<void> {
  for (const puppet of order) {
    await puppet.call('TERM')
    await puppet.does('home leaving')
    puppet.start('exit 0')
  }
  assert.deepEqual(
    rig.calls.filter(it => /TERM|leaving/.test(it)),
    ['web TERM', 'web leaving', 'api TERM', 'api leaving', 'db TERM', 'db leaving'],
  )
}

e2e('TERM stops programs in reverse dependency order, one when the other is gone', async rig => {
  const { db, api, web, programs } = chain(rig)
  const foster = await rig.start({ programs, ...ample })
  for (const puppet of [db, api, web]) await puppet.up()
  foster.kill('SIGTERM')
  await endInOrder(rig, [web, api, db])
  assert.deepEqual(await foster.exit(), { code: 0, signal: null })
})

e2e('a critical program killed by SIGKILL ends the container with 137, the others stop in order first', async rig => {
  const { db, api, web, programs } = chain(rig)
  const victim = rig.puppet('victim')
  const all = { ...programs, victim: service(victim, { restart: 'never' }) }
  const foster = await rig.start({ programs: all, ...ample })
  for (const puppet of [db, api, web, victim]) await puppet.up()
  victim.start('kill -KILL $$')
  await endInOrder(rig, [web, api, db])
  assert.deepEqual(await foster.exit(), { code: 137, signal: null })
  assert.match(foster.output.stderr, /victim: killed by SIGKILL/)
  assert.match(
    foster.output.stderr,
    /the critical program victim is over \(killed by SIGKILL\): the container ends with code 137/,
  )
})

e2e('programs that do not depend on each other stop at the same time', async rig => {
  const puppets = ['a', 'b', 'c'].map(name => rig.puppet(name, onTerm))
  const programs = Object.fromEntries(puppets.map((it, i) => [`p${i}`, service(it)]))
  const foster = await rig.start({ programs, ...ample })
  for (const puppet of puppets) await puppet.up()
  foster.kill('SIGTERM')
  // None of them has ended when the last one is asked.
  for (const puppet of puppets) await puppet.call('TERM')
  for (const puppet of puppets) puppet.start('exit 0')
  assert.equal((await foster.exit()).code, 0)
})

e2e('a program that ignores TERM is killed after its grace period, with its group and session', async rig => {
  const web = rig.puppet('web', stubborn, 'sleep 1000 &')
  const foster = await rig.start({ programs: { web: service(web, { stop_grace_period: '300ms' }) } })
  await web.up()
  const asked = performance.now()
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 137)
  assert.ok(performance.now() - asked >= 300)
  assert.match(foster.output.stderr, /web: did not end in time, sending SIGKILL\n[\s\S]*web: killed by SIGKILL/)
})

e2e('stop_signal and stop_scope: whom the stop reaches, and with what', async rig => {
  const child = rig.puppet('child', "trap 'home HUP; exit' HUP")
  const web = rig.puppet('web', "trap 'home HUP' HUP", onTerm, `${quoted(child.command)} &`)
  const programs = { web: service(web, { stop_signal: 'HUP', stop_scope: 'group' }) }
  const foster = await rig.start({ programs, ...ample })
  await child.up()
  await web.up()
  foster.kill('SIGTERM')
  await child.call('HUP')
  await web.call('HUP')
  web.start('exit 0')
  assert.equal((await foster.exit()).code, 0)
  assert.deepEqual([...rig.calls].sort(), ['child HUP', 'child up', 'web HUP', 'web up'])
})

e2e('stop_command stands in for the signal', async rig => {
  const web = rig.puppet('web', "trap 'home USR1; exit 0' USR1", onTerm)
  const stop = ['/bin/sh', '-c', 'kill -USR1 $MAINPID']
  const foster = await rig.start({ programs: { web: service(web, { stop_command: stop }) }, ...ample })
  await web.up()
  foster.kill('SIGTERM')
  await web.call('USR1')
  assert.equal((await foster.exit()).code, 0)
  assert.ok(!rig.calls.includes('web TERM'))
})

e2e('running a command leaves the descriptors alone that programs share', async rig => {
  const web = rig.puppet('web')
  const look = 'for fd in 0 1 2; do sed -n "s/^flags://p" /proc/1/fdinfo/$fd; done >"$0"; kill $MAINPID'
  const stop = ['sh', '-c', look, `${rig.dir}/flags`]
  const programs = { web: service(web, { stop_command: stop }) }
  const foster = await rig.start({ programs, ...ample }, { stdio: ['pipe'] })
  await web.up()
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  const flags = readFileSync(`${rig.dir}/flags`, 'utf8').trim().split('\n')
  assert.deepEqual(
    flags.map(it => Number.parseInt(it, 8) & constants.O_NONBLOCK),
    [0, 0, 0],
  )
})

e2e('a stop_command that fails is said, and the signal sent all the same', async rig => {
  const web = rig.puppet('web', "trap 'home TERM; exit 0' TERM")
  const stop = ['/bin/sh', '-c', 'echo no such luck; exit 3']
  const foster = await rig.start({ programs: { web: service(web, { stop_command: stop }) }, ...ample })
  await web.up()
  foster.kill('SIGTERM')
  await web.call('TERM')
  assert.equal((await foster.exit()).code, 0)
  assert.match(foster.output.stderr, /web: stop_command failed: .*exited with code 3.*\n.*no such luck/)
})

e2e('a stop_command that cannot be started or hangs holds up nothing', async rig => {
  const web = rig.puppet('web', "trap 'home TERM; exit 0' TERM")
  const db = rig.puppet('db')
  const programs = {
    web: service(web, { stop_command: '/no/such/file' }),
    db: service(db, { stop_command: 'sleep 1000', stop_grace_period: '300ms', critical: false }),
  }
  const foster = await rig.start({ programs, ...ample })
  await web.up()
  await db.up()
  foster.kill('SIGTERM')
  await web.call('TERM')
  assert.equal((await foster.exit()).code, 0)
  assert.match(foster.output.stderr, /web: stop_command failed: .*\/no\/such\/file: not found/)
  assert.match(foster.output.stderr, /db: killed by SIGKILL/)
})

e2e('a TERM while a program waits for its next try: it is not tried again', async rig => {
  const web = { command: ['sh', '-c', 'exit 3'], backoff: { delay: '1h', max: '1h' } }
  const foster = await rig.start({ programs: { web } })
  await foster.line(/web: exited with code 3 .*starting again/)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  assert.equal(foster.output.stderr.match(/web: started/g)?.length, 1)
})

e2e('ten stubborn programs in a chain: the whole budget holds', async rig => {
  const names = Array.from({ length: 10 }, (_, i) => `p${i}`)
  const puppets = names.map(name => rig.puppet(name, stubborn))
  const programs = Object.fromEntries(
    puppets.map((puppet, i) => [names[i], service(puppet, i === 0 ? {} : { depends_on: [names[i - 1]] })]),
  )
  const foster = await rig.start({ programs, shutdown: { timeout: '6s' } })
  for (const puppet of puppets) await puppet.up()
  foster.kill('SIGTERM')
  // Each has a grace of ten minutes: only the budget ends it while the test waits.
  assert.equal((await foster.exit()).code, 137)
  const killed = foster.output.stderr.match(/p\d(?=: killed by SIGKILL)/g) ?? []
  // The last one may have been killed and not be dead when the time is over.
  assert.deepEqual(killed, [...names].reverse().slice(0, Math.max(killed.length, 9)))
})

e2e('ten stubborn programs side by side: the whole budget holds', async rig => {
  const puppets = Array.from({ length: 10 }, (_, i) => rig.puppet(`p${i}`, stubborn))
  const programs = Object.fromEntries(puppets.map((it, i) => [`p${i}`, service(it)]))
  const foster = await rig.start({ programs, shutdown: { timeout: '2s' } })
  for (const puppet of puppets) await puppet.up()
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 137)
  // Who has been killed and is not dead when the time is over is not waited for.
  const killed = foster.output.stderr.match(/: killed by SIGKILL/g) ?? []
  assert.ok(killed.length > 0 && killed.length <= 10, foster.story())
})

e2e('a second INT kills everything at once', async rig => {
  const web = rig.puppet('web', "trap 'home TERM' TERM")
  const foster = await rig.start({ programs: { web: service(web), other: { command: 'sleep 1000' } }, ...ample })
  await web.up()
  foster.kill('SIGINT')
  await web.call('TERM')
  // Somebody at a terminal: this is what the 200 ms are about.
  await sleep(300)
  foster.kill('SIGINT')
  // It has a grace of ten minutes.
  assert.equal((await foster.exit()).code, 137)
  assert.match(foster.output.stderr, /interrupted again: killing everything now/)
})

e2e('a second INT within 200 ms is the same key pressed once', async rig => {
  for (let round = 0; ; round++) {
    const name = `web${round}`
    const web = rig.puppet(name, "trap 'home TERM' TERM", "trap 'home USR1' USR1")
    const foster = await rig.start({ programs: { web: service(web) }, ...ample })
    await web.up()
    const begun = performance.now()
    try {
      for (const signal of ['SIGINT', 'SIGINT', 'SIGUSR1'] as const) {
        foster.kill(signal)
        await foster.taken()
      }
    } catch {
      // It is gone already.
    }
    const told = [`${name} TERM`, `${name} USR1`]
    await eventually('it is told or killed', () => foster.isOver || told.every(it => rig.calls.includes(it)))
    // A machine that took so long has made it two keys: once more.
    if (foster.isOver && performance.now() - begun >= 200 && round < 50) continue
    web.start('exit 0')
    assert.equal((await foster.exit()).code, 0)
    assert.doesNotMatch(foster.output.stderr, /interrupted again/)
    return
  }
})

e2e('a second TERM changes nothing', async rig => {
  const web = rig.puppet('web', "trap 'home TERM' TERM", "trap 'home USR1' USR1")
  const foster = await rig.start({ programs: { web: service(web) }, ...ample })
  await web.up()
  for (const _ of [1, 2, 3]) {
    foster.kill('SIGTERM')
    await foster.taken()
  }
  foster.kill('SIGUSR1')
  await web.call('USR1')
  web.start('exit 0')
  assert.equal((await foster.exit()).code, 0)
  assert.equal(rig.calls.filter(it => it === 'web TERM').length, 1)
})

e2e('a stray that left its session and ignores TERM is killed at the end', async rig => {
  const web = rig.puppet('web')
  const foster = await rig.start({ programs: { web: service(web) }, shutdown: { timeout: '2s' } })
  await web.up()
  const stray = `setsid sh -c "trap '' TERM; echo web \\$\\$ stray >$dir/home; while :; do read -r x <$dir/stray; done" &`
  await web.does('mkfifo $dir/stray')
  web.start(stray)
  await web.call('stray')
  const found = foster.others().find(it => it.argv.at(-1)?.includes('trap'))
  assert.ok(found)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  assert.equal(isAlive(found.pid), false)
})

e2e('foster -- CMD: strays are killed at the end, too, and CMD keeps its code', async rig => {
  const main = rig.puppet('main', `setsid sh -c "trap '' TERM; echo main 0 stray >$dir/home; sleep 1000" &`)
  const foster = await rig.command(main.command)
  await main.call('stray')
  main.start('exit 3')
  assert.equal((await foster.exit()).code, 3)
})

e2e('a grandchild that keeps the pipe open delays nothing', async rig => {
  const web = rig.puppet('web', 'setsid sleep 1000 &', "trap 'echo last words; exit 0' TERM")
  const foster = await rig.start({ programs: { web: service(web) }, ...ample })
  await web.up()
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  assert.match(foster.output.stdout, /last words\n/)
})

e2e('a program that ended with a grandchild on its pipe is restarted at once, its last line whole', async rig => {
  const web = rig.puppet('web', 'setsid sleep 1000 &')
  const more = { restart: 'always', backoff: { delay: '10ms' } }
  const foster = await rig.start({ programs: { web: service(web, more) } })
  await web.up()
  web.start('printf unfinished; exit 0')
  await web.up()
  await foster.line(/^unfinished$/)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})
