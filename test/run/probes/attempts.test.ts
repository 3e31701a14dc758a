import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { commandPlan } from '../../../src/core/command.ts'
import type { Program } from '../../../src/core/plan.ts'
import type { Check } from '../../../src/core/probe.ts'
import { Children } from '../../../src/os/children.ts'
import type { CommandResult, ShortCommand } from '../../../src/os/commands.ts'
import { ownLimit, setOwnLimit } from '../../../src/os/limits.ts'
import { Attempts } from '../../../src/run/probes/attempts.ts'
import { outcomeOf } from '../../../src/run/probes/exec.ts'
import { Looks } from '../../../src/run/probes/file.ts'
import type { Outcome } from '../../../src/run/probes/try.ts'
import { freePort } from '../../e2e/rig-net.ts'
import { Clock } from './clock.ts'

const program: Program = { ...commandPlan(['web'], false, []).programs[0]!, name: 'web', environment: { A: 'b' } }

/** Commands that run until the test ends them. */
class FakeChildren {
  readonly running: {
    command: ShortCommand
    signal: AbortSignal
    begun: () => void
    end: (result: CommandResult) => void
  }[] = []

  run(command: ShortCommand, signal: AbortSignal, begun: () => void): Promise<CommandResult> {
    return new Promise(end => {
      this.running.push({ command, signal, begun, end })
    })
  }
}

function makeAttempts() {
  const children = new FakeChildren()
  const clock = new Clock()
  return { children, clock, attempts: new Attempts(children as never, { INHERITED: 'yes' }, clock.after) }
}

const whole: ShortCommand = {
  ...{ argv: ['true'], environment: {}, workingDir: undefined, user: undefined, settings: program, timeout: 1000 },
}

const exited = (code: number, output = ''): CommandResult => ({ ending: { how: 'exited', code }, output })
const command = { by: 'exec', command: ['check', 'it'] } as const

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** More than enough turns for what must not happen. */
async function someTurns(turns = 50): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await nextTurn()
}

const dir = mkdtempSync(join(tmpdir(), 'foster-attempts-'))
after(() => rmSync(dir, { recursive: true }))

/** The outcome of a try that ends by itself. */
function outcome(check: Check, of = program): Promise<Outcome> {
  const { attempts, clock } = makeAttempts()
  return new Promise<Outcome>(
    resolve => void attempts.begin(of, check, 1000, (ok, detail) => resolve({ ok, detail })),
  ).finally(() => assert.deepEqual(clock.pending, []))
}

test('a file exists, or what a link leads to', async () => {
  const at = (name: string) => outcome({ by: 'file', path: join(dir, name) })
  writeFileSync(join(dir, 'ready'), '')
  symlinkSync('ready', join(dir, 'link'))
  symlinkSync('nothing', join(dir, 'dangling'))
  assert.deepEqual(await at('ready'), { ok: true, detail: `${dir}/ready exists` })
  assert.equal((await at('link')).ok, true)
  assert.equal((await at('.')).ok, true)
  assert.deepEqual(await at('dangling'), { ok: false, detail: `no such file (${dir}/dangling)` })
  assert.deepEqual(await at('ready/below'), { ok: false, detail: `no such file (${dir}/ready/below)` })
  assert.match((await at('x'.repeat(300))).detail, /^cannot look at .*ENAMETOOLONG/)
})

test('there is one look at a path at a time, so that a file system that hangs holds up one thread', async () => {
  const looks = new Looks()
  const first = looks.at(dir)
  assert.equal(looks.at(dir), first)
  assert.notEqual(looks.at(join(dir, '..')), first)
  await first
  assert.notEqual(looks.at(dir), first)
})

test("a relative path is in the program's directory", async () => {
  writeFileSync(join(dir, 'here'), '')
  assert.equal((await outcome({ by: 'file', path: 'here' }, { ...program, workingDir: dir })).ok, true)
})

test('a port takes a connection, or none', async () => {
  const server = createServer(socket => void socket.resume())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const tcp = (host: string): Check => ({ by: 'tcp', host, port })
  assert.deepEqual(await outcome(tcp('localhost')), { ok: true, detail: `connected to localhost:${port}` })
  server.close()
  const refused = await freePort()
  assert.deepEqual(await outcome({ by: 'tcp', host: '127.0.0.1', port: refused }), {
    ok: false,
    detail: `connection refused (127.0.0.1:${refused})`,
  })
})

test('without a descriptor nothing is found out, which is no failure', async () => {
  const token = join(dir, 'token')
  writeFileSync(token, 'x')
  const own = ownLimit('nofile')
  assert.ok(typeof own !== 'number')
  // What a try needs beside a descriptor of its own is there after the first.
  await new Children(() => {}).run(whole)
  assert.equal((await outcome({ by: 'tcp', host: '127.0.0.1', port: 1 })).ok, false)
  setOwnLimit('nofile', { ...own, soft: 3 })
  try {
    const { ok, detail } = await outcome({ by: 'tcp', host: 'localhost', port: 1 })
    assert.deepEqual([ok, detail], [undefined, 'no more descriptors (127.0.0.1:1), no more descriptors ([::1]:1)'])
    const named = await outcome({ by: 'http', url: 'http://web.test/', headers: {}, socketPath: undefined })
    assert.deepEqual(named, { ok: undefined, detail: 'cannot read /etc/hosts: EMFILE' })
    const secret = await outcome(command, { ...program, secrets: { TOKEN: token } })
    assert.equal(secret.ok, undefined)
    const { ending } = await new Children(() => {}).run(whole)
    assert.deepEqual(ending, { how: 'unstartable', code: 1, reason: 'true: no more descriptors', isShortage: true })
  } finally {
    setOwnLimit('nofile', own)
  }
})

test('nothing is told of what was cancelled, whatever it is', { timeout: 60_000 }, async () => {
  const checks: readonly Check[] = [
    { by: 'file', path: dir },
    { by: 'tcp', host: '127.0.0.1', port: 1 },
    { by: 'http', url: 'http://127.0.0.1:1/', headers: {}, socketPath: undefined },
    command,
  ]
  for (const check of checks) {
    const { attempts, clock, children } = makeAttempts()
    const cancel = attempts.begin(program, check, 1000, () => assert.fail(`${check.by} told an outcome`))
    cancel()
    cancel()
    // A look at a file is in a thread, which takes as long as it takes.
    while (clock.pending.length > 0) await nextTurn()
    await someTurns()
    assert.deepEqual([clock.pending, children.running.length], [[], 0], check.by)
  }
})

describe('exec', () => {
  test('runs as the program does: in its environment and directory, as its user, with its settings', async () => {
    const { attempts, children, clock } = makeAttempts()
    const user = { uid: 7, gid: 8, groups: [9], name: 'seven', home: '/seven' }
    const told = Promise.withResolvers<Outcome>()
    const asked: Program = { ...program, user, workingDir: '/srv', umask: 0o27 }
    attempts.begin(asked, command, 1500, (ok, detail) => told.resolve({ ok, detail }))
    await nextTurn()
    const [run] = children.running
    assert.deepEqual(run?.command, {
      argv: ['check', 'it'],
      environment: {
        ...{ INHERITED: 'yes', HOME: '/seven', USER: 'seven', LOGNAME: 'seven', A: 'b' },
        ...{ FOSTER_NAME: 'web', FOSTER_GROUP: 'web', FOSTER_REPLICA: '0' },
      },
      workingDir: '/srv',
      user,
      settings: asked,
      timeout: 1500,
      isAlone: true,
    })
    assert.deepEqual(clock.pending, [11_000], 'nothing counts before it has begun')
    run?.begun()
    assert.deepEqual(clock.pending, [2500])
    run?.end(exited(0, 'fine'))
    assert.deepEqual(await told.promise, { ok: true, detail: 'exited with code 0' })
  })

  test('fails without being run if a secret cannot be read', async () => {
    const { ok, detail } = await outcome(command, { ...program, secrets: { TOKEN: join(dir, 'none') } })
    assert.equal(ok, false)
    assert.match(detail, /^cannot read secret TOKEN from .*: there is no such file$/)
  })

  test('tells how it ended and the end of its output, on one line', () => {
    const fails = (result: CommandResult): string => {
      const { ok, detail } = outcomeOf(result, 2500)
      assert.equal(ok, false)
      return detail
    }
    assert.equal(fails(exited(2)), 'exited with code 2')
    assert.equal(fails(exited(2, '\u001b[31mno\n such \tdb\r\n')), 'exited with code 2: no such db')
    const killed = { how: 'killed', signal: 11, core: true } as const
    assert.equal(fails({ ending: killed, output: '' }), 'killed by SIGSEGV (core dumped)')
    assert.equal(fails({ ending: { how: 'timed-out' }, output: 'x' }), 'timed out after 2s500ms: x')
    const none = { how: 'unstartable', code: 1, reason: 'sh: no more processes', isShortage: true } as const
    assert.deepEqual(outcomeOf({ ending: none, output: '' }, 1), { ok: undefined, detail: 'sh: no more processes' })
    const missing = { how: 'unstartable', code: 127, reason: 'check: not found' } as const
    assert.equal(fails({ ending: missing, output: '' }), 'could not be started: check: not found')
    const long = fails(exited(1, `${'x'.repeat(2000)}😀${'y'.repeat(1023)}`))
    assert.equal(long, `exited with code 1: ...\ufffd${'y'.repeat(1023)}`)
  })

  test('no more than sixteen run at once, one is started in a turn, and cancelled ones leave the queue', async () => {
    const { attempts, children } = makeAttempts()
    const outcomes: boolean[] = []
    const started = Array.from({ length: 100 }, () =>
      attempts.begin(program, command, 1000, ok => void outcomes.push(ok === true)),
    )
    assert.equal(children.running.length, 0)
    await nextTurn()
    assert.ok(children.running.length <= 2, String(children.running.length))
    await someTurns()
    assert.equal(children.running.length, 16)
    for (const cancel of started.slice(20, 50)) cancel()
    for (let at = 0; at < 70; at++) {
      children.running[at]?.end(exited(0))
      await someTurns(5)
    }
    assert.deepEqual([children.running.length, outcomes.length], [70, 70])
  })

  test('a command that cannot be killed is a failure, and is not run again beside itself', async () => {
    const { attempts, children, clock } = makeAttempts()
    const told: string[] = []
    const tryIt = (of = program) => attempts.begin(of, command, 1000, (ok, detail) => told.push(`${ok} ${detail}`))
    tryIt()
    await someTurns()
    children.running[0]?.begun()
    assert.deepEqual(clock.pending, [2000])
    clock.strike()
    await someTurns()
    assert.deepEqual(told.splice(0), ['false timed out after 1s, and cannot be killed'])
    tryIt()
    tryIt({ ...program, name: 'other' })
    await someTurns()
    assert.deepEqual([told.splice(0), children.running.length], [['false its last command cannot be killed'], 2])
    for (const { end } of children.running) end(exited(0))
    await someTurns()
    assert.deepEqual(told.splice(0), ['true exited with code 0'])
    tryIt()
    await someTurns()
    assert.equal(children.running.length, 3)
  })

  test('a command that is cancelled is killed, and keeps its place until it is gone', async () => {
    const { attempts, children } = makeAttempts()
    const started = Array.from({ length: 17 }, () => attempts.begin(program, command, 1000, () => assert.fail()))
    await someTurns()
    started[3]?.()
    const fourth = children.running[3]
    assert.equal(fourth?.signal.aborted, true)
    await someTurns()
    assert.equal(children.running.length, 16)
    fourth?.end({ ending: { how: 'killed', signal: 9, core: false }, output: '' })
    await someTurns()
    assert.equal(children.running.length, 17)
  })
})
