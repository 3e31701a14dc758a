/** Starting: dependencies, what cannot be started, and a request to stop that comes while it goes on. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { signalNumbers } from '../../src/core/signal.ts'
import { e2e, type Rig } from './rig.ts'
import type { Foster } from './rig-foster.ts'
import { eventually, patience } from './rig-wait.ts'

const once = { restart: 'never', start_retries: 0 }

/** How a configuration with one program that cannot be started ends. */
async function refused(rig: Rig, program: object): Promise<{ code: number | null; said: string | undefined }> {
  const foster = await rig.start({ programs: { web: { ...once, ...program } } })
  const { code } = await foster.exit()
  return { code, said: /cannot start web: (.*)/.exec(foster.output.stderr)?.[1] }
}

e2e('a task that fails keeps its dependants from starting and gives its code', async rig => {
  const web = rig.puppet('web')
  const migrate = { kind: 'task', command: ['sh', '-c', 'exit 3'], restart: 'never' }
  const programs = { migrate, web: { command: web.command, depends_on: ['migrate'] } }
  const foster = await rig.start({ programs })
  assert.equal((await foster.exit()).code, 3)
  assert.deepEqual(rig.calls, [])
  assert.doesNotMatch(foster.output.stderr, /web: started/)
})

e2e('dependants start after a task is completed and a service is up, never before', async rig => {
  const [migrate, db, web] = [rig.puppet('migrate'), rig.puppet('db'), rig.puppet('web')]
  const programs = {
    web: { command: web.command, depends_on: { db: 'started', migrate: 'completed' } },
    db: { command: db.command, start_seconds: '0s', depends_on: ['migrate'] },
    migrate: { kind: 'task', command: migrate.command },
  }
  const foster = await rig.start({ programs })
  await migrate.up()
  await migrate.does('true')
  assert.equal(foster.others().length, 1)
  migrate.start('exit 0')
  await web.up()
  await db.up()
  assert.deepEqual(rig.calls.slice(0, 2), ['migrate up', 'migrate done'])
  // db is up the moment it is there: which of the two calls home first is up to the kernel.
  await foster.line(/web: started/)
  assert.match(foster.output.stderr, /migrate: exited with code 0.*db: started.*web: started/s)
})

e2e('a missing binary gives 127, with and without a path', async rig => {
  assert.deepEqual(await refused(rig, { command: '/no/such/file' }), { code: 127, said: '/no/such/file: not found' })
  assert.deepEqual(await refused(rig, { command: 'no-such' }), { code: 127, said: 'no-such: not found' })
})

e2e("the program's own PATH decides, relative to its own directory", async rig => {
  mkdirSync(join(rig.dir, 'bin'))
  rig.file('bin/tool', '#!/bin/sh\nexit 9\n', 0o755)
  const found = { command: 'tool', environment: { PATH: 'bin' }, working_dir: rig.dir }
  assert.equal((await refused(rig, found)).code, 9)
  assert.equal((await refused(rig, { command: 'true', environment: { PATH: join(rig.dir, 'bin') } })).code, 127)
})

e2e('what is there and cannot be executed gives 126', async rig => {
  const file = rig.file('plain', '#!/bin/sh\n')
  assert.deepEqual(await refused(rig, { command: file }), { code: 126, said: `${file}: not executable` })
  assert.deepEqual(await refused(rig, { command: rig.dir }), { code: 126, said: `${rig.dir}: is a directory` })
})

e2e('a bad interpreter gives 127 and is named', async rig => {
  const file = rig.file('script', '#!/no/such/interpreter -x\n', 0o755)
  const said = `${file}: its interpreter /no/such/interpreter is not in this image`
  assert.deepEqual(await refused(rig, { command: file }), { code: 127, said })
})

e2e('machine code of another machine is no script, also where foster becomes the program', async rig => {
  // The header of a program for a machine that is none: EM_NONE.
  const file = rig.file('alien', `\x7fELF\x02\x01\x01${'\0'.repeat(9)}\x02${'\0'.repeat(47)}`, 0o755)
  const said = `${file}: exec format error: not made for this machine`
  assert.deepEqual(await refused(rig, { command: file }), { code: 126, said })
  assert.deepEqual(await refused(rig, { command: file, ulimits: { stack: 8388608 } }), { code: 126, said })
})

e2e('a script without #! is given to sh, with its arguments', async rig => {
  const file = rig.file('script', 'echo "$0" "$@"; exit 6\n', 0o755)
  const foster = await rig.start({ programs: { web: { command: [file, 'a b', 'c'], ...once } } })
  assert.equal((await foster.exit()).code, 6)
  assert.equal(foster.output.stdout, `${file} a b c\n`)
})

e2e('a directory that is not there is named, whatever the command', async rig => {
  const { said } = await refused(rig, { command: 'true', working_dir: '/no/such/dir' })
  assert.match(said ?? '', /^working_dir \/no\/such\/dir: not found/)
  const file = rig.file('plain', '')
  assert.equal(
    (await refused(rig, { command: 'true', working_dir: file })).said,
    `working_dir ${file}: not a directory`,
  )
})

e2e('working_dir and environment reach the program', async rig => {
  const web = rig.puppet('web')
  const program = {
    command: web.command,
    working_dir: '/usr',
    environment: { GREETING: 'a  b', PATH: '/usr/bin:/bin' },
  }
  await rig.start(
    { programs: { web: program }, environment: { TOP: 'x', GREETING: 'no' } },
    { env: { FOSTER_NAME: 'no' } },
  )
  await web.up()
  assert.equal(await web.tells('pwd'), '/usr')
  assert.equal(await web.tells('echo "$GREETING,$TOP,$FOSTER_NAME,$FOSTER_GROUP,$FOSTER_REPLICA"'), 'a  b,x,web,web,0')
})

e2e('what cannot be started is tried again by the policy, and succeeds once it can', async rig => {
  const web = { command: join(rig.dir, 'late'), start_retries: -1, backoff: { delay: '50ms', factor: 1 } }
  const foster = await rig.start({ programs: { web } })
  await foster.line(/cannot start web: .*late: not found, starting again in/)
  rig.file('late', '#!/bin/sh\nexec sleep 1000\n', 0o755)
  await foster.line(/web: started/)
})

e2e('out of descriptors: a reason and another try, while the rest runs on', async rig => {
  const names = Array.from({ length: 30 }, (_, i) => `p${i}`)
  const programs = Object.fromEntries(names.map(name => [name, { command: 'sleep 1000', critical: false }]))
  const foster = await rig.start({ programs }, { via: ['prlimit', '--nofile=70:70'] })
  await foster.line(/cannot start p\d+: .*(descriptors|EMFILE).*starting again/)
  assert.equal(foster.isOver, false)
  assert.doesNotMatch(foster.output.stderr, /internal error/)
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e(
  'out of processes: a reason and another try, while the rest runs on',
  async rig => {
    const program = {
      command: 'sleep 1000',
      // The kernel counts a user's processes on the whole machine: nobody else's.
      user: String(100_000 + process.pid),
      critical: false,
      start_retries: 1,
      backoff: { delay: '20ms' },
    }
    const foster = await rig.start({ programs: { a: program, b: program } }, { via: ['prlimit', '--nproc=2:2'] })
    await foster.line(/cannot start b: .*no more processes .*starting again/)
    await foster.line(/cannot start b: .*no more processes .*given up/)
    foster.kill('SIGTERM')
    assert.equal((await foster.exit()).code, 0)
    assert.match(foster.output.stderr, /a: killed by SIGTERM/)
  },
  'root',
)

e2e(
  'no room for threads: foster goes on without them, and uses them when there is',
  async rig => {
    const user = String(100_000 + process.pid)
    const become = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups']
    const [log, file] = [rig.file('web.log', '', 0o666), rig.file('there', '')]
    const probes = { liveness: { file, period: '30ms', timeout: '1h', failure_threshold: 1 } }
    const programs = {
      web: { command: ['sh', '-c', 'echo hi; exec sleep 1000'], probes, log: { stdout: { file: log } } },
    }
    const via = [...become, 'prlimit', '--nproc=10:']
    const foster = await rig.start({ programs }, { via, binary: rig.reachable() })
    await foster.line(/cannot write .*web.log: EAGAIN/)
    await foster.line(/web: its liveness probe could not be tried: .*no more threads/)
    execFileSync('setpriv', [...become.slice(1), 'prlimit', '--pid', String(foster.pid), '--nproc=1000:'])
    await eventually('the line is written', () => readFileSync(log, 'utf8') === 'hi\n')
    foster.kill('SIGTERM')
    assert.equal((await foster.exit()).code, 0)
    assert.equal(foster.output.stderr.match(/web: started/g)?.length, 1)
  },
  'root',
)

/** A start that takes a while: many programs, and a last one that depends on all of them. */
function longStart(rig: Rig): string {
  const names = Array.from({ length: 15 }, (_, i) => `p${i}`)
  const programs = Object.fromEntries(names.map(name => [name, { command: 'sleep 1000', start_seconds: '0s' }]))
  const last = { command: 'sleep 1000', depends_on: names }
  return rig.file('start.yaml', JSON.stringify({ programs: { ...programs, last } }))
}

const isInstalled = (foster: Foster) => foster.catches(signalNumbers.HUP)

/** Waits without giving the processor away, for moments that are to be met to the millisecond. */
function spin(until: () => boolean): void {
  const end = performance.now() + patience
  while (!until()) if (performance.now() > end) throw new Error('waited in vain for a moment')
}

function wait(millis: number): void {
  const end = performance.now() + millis
  spin(() => performance.now() >= end)
}

async function endsWell(foster: Foster, when: string): Promise<void> {
  assert.deepEqual(await foster.exit(), { code: 0, signal: null }, `${when}: ${foster.story()}`)
  const [, after = ''] = foster.output.stderr.split('SIGTERM received')
  assert.doesNotMatch(after, /: started/, when)
}

e2e('a TERM at any moment after the first handler ends the start, and nothing is started after it', async (rig, t) => {
  const config = longStart(rig)
  const started: number[] = []
  const isLate = (): boolean => started.length > 0 && Math.min(...started) === 16
  // In steps of 5 ms, on a slow machine in larger ones; from the beginning where the test itself stood still meanwhile.
  for (let delay = 0; started.at(-1) !== 16 || isLate(); delay = isLate() ? 0 : delay + Math.max(5, delay >> 4)) {
    const foster = await rig.start(['-c', config])
    spin(() => isInstalled(foster))
    wait(delay)
    foster.kill('SIGTERM')
    await endsWell(foster, `${delay} ms after the handler`)
    started.push(foster.output.stderr.match(/: started/g)?.length ?? 0)
  }
  t.diagnostic(`programs started by then, from the handler on: ${started.join(' ')}`)
})

e2e('a TERM before the first handler is dropped by the kernel or taken, and foster starts or ends', async (rig, t) => {
  const config = longStart(rig)
  for (let delay = 0; ; delay += Math.max(20, delay >> 2)) {
    const foster = await rig.start(['-c', config])
    wait(delay)
    const isCaught = isInstalled(foster)
    foster.kill('SIGTERM')
    const [, isTaken] = await foster.line(/(SIGTERM received)|last: started/)
    if (isTaken === undefined) foster.kill('SIGTERM')
    await endsWell(foster, `${delay} ms after exec`)
    if (!isCaught) continue
    t.diagnostic(`the handler is there ${delay} ms after exec, or a little earlier`)
    return
  }
})
