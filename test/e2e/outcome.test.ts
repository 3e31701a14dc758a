/** Every row of the table of outcomes (docs/exit-codes.md), by its id: what becomes of the container, and its exit code. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endedRows, otherRows } from '../../src/core/outcome.ts'
import { e2e, type Options, type Rig } from './rig.ts'
import { belowShell } from './rig-foster.ts'

type Scenario = (rig: Rig) => Promise<void>
type Scenarios = Readonly<Record<string, Scenario>>

const never = { restart: 'never' }

/** Runs a configuration that ends by itself; its exit code is the expected one. */
async function ends(rig: Rig, programs: object, code: number, options: Options = {}): Promise<string> {
  const foster = await rig.start({ programs }, options)
  assert.deepEqual(await foster.exit(), { code, signal: null }, foster.story())
  return foster.output.stderr
}

/** Runs a puppet that gets TERM beside another which ends well, stops the container, and gives its exit code. */
async function stopped(rig: Rig, program: object, onTerm: string, more: object = {}): Promise<number | null> {
  const web = rig.puppet('web', `trap '${onTerm}' TERM`)
  const well = rig.puppet('well')
  const programs = { web: { command: web.command, ...program }, well: { command: well.command } }
  const foster = await rig.start({ programs, ...more })
  await web.up()
  await well.up()
  foster.kill('SIGTERM')
  return (await foster.exit()).code
}

/** A program that ends, however it does, while another one keeps the container: it goes on until it is told to stop. */
async function goesOn(rig: Rig, programs: object, said: RegExp): Promise<void> {
  const web = rig.puppet(`web-${Object.keys(programs)}`)
  const foster = await rig.start({ programs: { ...programs, web: { command: web.command } } })
  await web.up()
  await foster.line(said)
  await web.does('true')
  assert.equal(foster.isOver, false)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
}

const ended: Scenarios = {
  async command(rig) {
    const code = async (...argv: string[]) => (await (await rig.command(argv)).exit()).code
    assert.equal(await code('sh', '-c', 'exit 42'), 42)
    assert.equal(await code('sh', '-c', 'kill -KILL $$'), 137)
    assert.equal(await code('/no/such/file'), 127)
    assert.equal(await code('no-such-program'), 127)
    assert.equal(await code('/etc/passwd'), 126)
    const main = rig.puppet('main', "trap 'exit 5' TERM")
    const foster = await rig.command(main.command)
    await main.up()
    foster.kill('SIGTERM')
    assert.equal((await foster.exit()).code, 5)
  },
  async 'not-critical'(rig) {
    const aside = { critical: false, ...never }
    await goesOn(rig, { side: { command: 'sh -c "exit 3"', ...aside } }, /side: exited with code 3/)
    await goesOn(rig, { none: { command: '/no/such/file', ...aside } }, /cannot start none: .*not found/)
    await goesOn(rig, { done: { command: 'true', ...aside } }, /done: exited with code 0/)
  },
  async 'fatal-dependency'(rig) {
    const migrate = { kind: 'task', command: 'sh -c "exit 3"', critical: false, ...never }
    const stderr = await ends(rig, { migrate, web: { command: 'sleep 1000', depends_on: ['migrate'] } }, 3)
    assert.match(stderr, /cannot start web: it depends on migrate, which exited with code 3/)
    assert.match(
      stderr,
      /critical program web can never start \(migrate exited with code 3\): the container ends with code 3/,
    )
    const gone = { command: 'true', critical: false, ...never }
    await ends(rig, { gone, web: { command: 'sleep 1000', depends_on: { gone: 'ready' } } }, 1)
  },
  async fatal(rig) {
    const once = { start_retries: 1, backoff: { delay: '10ms' } }
    const stderr = await ends(rig, { web: { command: 'sh -c "exit 9"', ...once } }, 9)
    assert.match(stderr, /web is over \(exited with code 9\) after 1 restart: the container ends with code 9/)
    await ends(rig, { web: { command: '/no/such/file', ...once } }, 127)
    await ends(rig, { web: { command: '/etc/passwd', ...once } }, 126)
    await ends(rig, { web: { command: 'true', working_dir: '/no/such/dir', ...once } }, 1)
    // A failure never reads as success, whatever its code.
    await ends(rig, { web: { command: 'true', success_exit_codes: [7], ...once } }, 1)
  },
  'task-success': rig => goesOn(rig, { migrate: { kind: 'task', command: 'true' } }, /migrate: exited with code 0/),
  async 'task-failure'(rig) {
    const task = { kind: 'task', ...never }
    await ends(rig, { migrate: { command: 'sh -c "exit 4"', ...task }, web: { command: 'sleep 1000' } }, 4)
    await ends(rig, { migrate: { command: 'sh -c "kill -USR1 $$"', ...task }, web: { command: 'sleep 1000' } }, 138)
  },
  async 'service-success'(rig) {
    await ends(rig, { web: { command: 'true' }, other: { command: 'sleep 1000' } }, 0)
    await ends(rig, { web: { command: 'sh -c "exit 3"', success_exit_codes: [3] } }, 0)
    await ends(rig, { web: { command: 'sh -c "kill -USR1 $$"', success_exit_codes: ['USR1'] } }, 0)
  },
  async 'service-failure'(rig) {
    await ends(rig, { web: { command: 'sh -c "exit 3"', ...never }, other: { command: 'sleep 1000' } }, 3)
    await ends(rig, { web: { command: 'sh -c "kill -KILL $$"', ...never } }, 137)
    await ends(rig, { web: { command: 'true', success_exit_codes: [7], ...never } }, 1)
  },
}

const other: Scenarios = {
  async idle(rig) {
    await ends(rig, { one: { kind: 'task', command: 'true' }, two: { kind: 'task', command: 'true' } }, 0)
    const aside = { critical: false, ...never }
    await ends(rig, { one: { command: 'true', ...aside }, two: { command: 'sh -c "exit 3"', ...aside } }, 0)
    await ends(rig, { one: { command: '/no/such/file', critical: false, start_retries: 0 } }, 1)
    await ends(rig, { one: { command: 'true', autostart: false } }, 0)
  },
  async requested(rig) {
    assert.equal(await stopped(rig, {}, 'exit 0'), 0)
    const foster = await rig.start({ programs: { one: { command: 'sleep 1000' } }, shutdown: { exit_code: 'signal' } })
    await foster.line(/one: started/)
    foster.kill('SIGTERM')
    assert.equal((await foster.exit()).code, 143)
  },
  'requested-killed': async rig => assert.equal(await stopped(rig, { stop_grace_period: '100ms' }, ''), 137),
  'requested-task': async rig => assert.equal(await stopped(rig, { kind: 'task', ...never }, 'exit 1'), 143),
  'requested-failure': async rig => assert.equal(await stopped(rig, {}, 'exit 5'), 5),
  async faulty(rig) {
    assert.match(await ends(rig, { web: { comand: 'true' } }, 2), /plan\.yaml:\d+:\d+: /)
    const nothing = await rig.start([])
    assert.equal((await nothing.exit()).code, 2)
    const flag = await rig.start(['--no-such-flag'])
    assert.equal((await flag.exit()).code, 2)
  },
  /** As if the kernel refused to give foster its own user back, after it had started a program as another one. */
  async bug(rig) {
    const db = rig.puppet('db', "trap 'home TERM; exit 0' TERM")
    const api = rig.puppet('api', "trap 'home TERM; exit 0' TERM")
    const gate = rig.puppet('gate')
    const strace = ['strace', '-o', '/dev/null', '-e', 'trace=setresuid', '-e', 'inject=setresuid:error=EPERM:when=2']
    const programs = {
      db: { command: db.command, start_seconds: '0s' },
      api: { command: api.command, start_seconds: '0s', depends_on: ['db'] },
      gate: { kind: 'task', command: gate.command },
      late: { command: 'sleep 1000', user: '0:0', depends_on: ['gate'] },
    }
    const foster = await rig.start({ programs }, { below: belowShell, via: strace })
    for (const puppet of [db, api, gate]) await puppet.up()
    gate.start('exit 0')
    assert.deepEqual(await foster.exit(), { code: 1, signal: null }, foster.story())
    assert.match(
      foster.output.stderr,
      /internal error: [\s\S]*the container ends with code 1 because foster itself failed/,
    )
    assert.deepEqual(
      rig.calls.filter(it => it.endsWith('TERM')),
      ['api TERM', 'db TERM'],
    )
  },
}

const scenarios: Scenarios = { ...ended, ...other }

test('every row of the table has a scenario here, and no other has', () => {
  const ids = [...endedRows.map(it => it.id), ...Object.values(otherRows).map(it => it.id)]
  assert.deepEqual(Object.keys(scenarios).sort(), ids.sort())
})

for (const row of [...endedRows, ...Object.values(otherRows)]) {
  const scenario = scenarios[row.id]
  if (scenario === undefined) continue
  e2e(`${row.id}: ${row.who}`, scenario, row.id === 'bug' ? 'strace' : undefined)
}
