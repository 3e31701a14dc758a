/** Probes of which nothing is tried: the program tells it, by a line of its output or a newline on a descriptor. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { e2e, type Puppet } from './rig.ts'
import { eventually } from './rig-wait.ts'

/** However slowly it starts. */
const patient = { failure_threshold: 100 }

const service = ({ command }: Puppet) => ({ command, backoff: { delay: '0s' } })

e2e('a line of output makes it ready, and only a whole line that matches', async rig => {
  const [db, api] = [rig.puppet('db'), rig.puppet('api')]
  const foster = await rig.start({
    programs: {
      db: { ...service(db), probes: { readiness: { log: 'ready to accept connections$' } } },
      api: { ...service(api), depends_on: ['db'] },
    },
  })
  await db.up()
  await db.does('echo "not ready to accept connections yet"; printf "LOG: ready to accept conn"')
  assert.deepEqual(rig.calls, ['db up', 'db done'])
  await db.does('printf "ections\\n" >&2; echo "LOG: ready to accept connections"')
  await api.up()
  await foster.line(/foster \| db: ready$/)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e('a pattern that repeats what is repeated, and a line that almost matches: foster goes on', async rig => {
  const db = rig.puppet('db')
  const readiness = { log: String.raw`(\w+\s?)+ready$` }
  const foster = await rig.start({ programs: { db: { ...service(db), probes: { readiness } } } })
  await db.up()
  await db.does('echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!; echo it is ready')
  await foster.line(/foster: db: ready$/)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e('a newline on the descriptor makes it ready, and nothing else is open there', async rig => {
  const [db, api] = [rig.puppet('db'), rig.puppet('api')]
  const foster = await rig.start({
    programs: {
      db: { ...service(db), start_retries: -1, probes: { startup: { fd: 5, ...patient }, readiness: { fd: 5 } } },
      api: { ...service(api), depends_on: { db: 'ready' } },
    },
  })
  await db.up()
  await db.does('printf "no newline yet" >&5')
  assert.ok(!rig.calls.includes('api up'))
  await db.does('echo >&5')
  await api.up()
  const descriptors = (): number => readdirSync(`/proc/${foster.pid}/fd`).length
  const before = descriptors()
  // Of the next run it is told anew, by a pipe of its own: none is left over.
  for (let run = 0; run < 20; run++) {
    db.start('exit 1')
    await db.up()
  }
  await db.does('echo >&5; echo again >&5; exec 5>&-')
  await foster.lineCount(/foster \| db: ready$/, 2)
  // One that is only looked into for a moment may be there as well.
  await eventually(`no more than ${before} descriptors are open`, () => descriptors() <= before)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e(
  'what is not told in time has failed: the process is stopped, and that is a failure whatever its end',
  async rig => {
    const startup = { log: 'never written', period: '100ms', failure_threshold: 2 }
    // An end that would be a success. It needs no trap, for which the time may not suffice.
    const db = { command: 'sleep 1000', backoff: { delay: '0s' }, success_exit_codes: ['TERM'], start_retries: 1 }
    const foster = await rig.start({ programs: { db: { ...db, probes: { startup } } } })
    await foster.lineCount(/db: its startup probe has failed, stopping it: no matching line within 0.2s/, 2)
    await foster.line(/db: killed by SIGTERM after its startup probe had failed .*, given up after 2 attempts/)
    assert.equal((await foster.exit()).code, 143)
  },
)

e2e('with a startup probe a program is RUNNING when it says so, not by its uptime', async rig => {
  const [db, api] = [rig.puppet('db'), rig.puppet('api')]
  const foster = await rig.start({
    programs: {
      db: { ...service(db), start_seconds: '0s', probes: { startup: { log: '^up$', ...patient } } },
      api: { ...service(api), depends_on: { db: 'started' } },
    },
  })
  await db.up()
  await db.does('echo going up')
  assert.ok(!rig.calls.includes('api up'))
  await db.does('echo up')
  await api.up()
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})
