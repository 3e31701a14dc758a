/** Signals to foster: which it acts upon, and which it hands on, to whom. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Signal, signalNumbers } from '../../src/core/signal.ts'
import { quoted } from './replay-inits.ts'
import { e2e, type Puppet } from './rig.ts'
import { ask, controlled, socketOf } from './rig-cli.ts'
import { belowShell, type Foster } from './rig-foster.ts'
import { childrenOf, descriptorsOf, processFacts } from './rig-proc.ts'
import { eventually } from './rig-wait.ts'

/** A puppet's lines: it reports these signals. */
const reports = (...signals: readonly Signal[]) =>
  signals.map(signal => `trap 'home ${signal}' ${signalNumbers[signal]}`)

async function passes(foster: Foster, signals: readonly Signal[], puppets: readonly Puppet[]): Promise<void> {
  for (const signal of signals) {
    foster.kill(`SIG${signal}`)
    for (const puppet of puppets) await puppet.call(signal)
  }
}

const service = ({ command }: Puppet) => ({ command, start_seconds: '0s' })

e2e('SIGUSR1 opens no port and reaches every program', async rig => {
  const [web, db] = [rig.puppet('web', ...reports('USR1')), rig.puppet('db', ...reports('USR1'))]
  const foster = await rig.start({ programs: { web: service(web), db: service(db) } })
  await web.up()
  await db.up()
  await passes(foster, ['USR1', 'USR1'], [web, db])
  assert.deepEqual(listening(foster.pid), [])
  assert.doesNotMatch(foster.output.stderr, /debugger|inspector/i)
})

e2e('SIGUSR1 to foster -- CMD reaches CMD', async rig => {
  const main = rig.puppet('main', ...reports('USR1'))
  const foster = await rig.command(main.command)
  await main.up()
  await passes(foster, ['USR1', 'USR1'], [main])
  assert.deepEqual(listening(foster.pid), [])
  assert.equal(foster.output.stderr, '')
})

e2e('with a configuration, what is not for foster is handed on to all programs', async rig => {
  const others = [
    'USR1',
    'WINCH',
    'ALRM',
    'CONT',
    'TSTP',
    'TTIN',
    'TTOU',
    'VTALRM',
    'PROF',
    'PWR',
    'IO',
    'URG',
  ] as const
  const [web, db] = [rig.puppet('web', ...reports(...others)), rig.puppet('db', ...reports(...others))]
  const foster = await rig.start({ programs: { web: service(web), db: service(db) } })
  await web.up()
  await db.up()
  await passes(foster, others, [web, db])
  assert.notEqual(processFacts(foster.pid)?.state, 'T')
  assert.equal(foster.isOver, false)
})

e2e('a signal that is handed on leaves the control socket where it is', async rig => {
  const web = rig.puppet('web', ...reports('IO', 'ABRT'))
  const foster = await rig.start(controlled(rig, { programs: { web: service(web) } }))
  await web.up()
  await eventually('there is a control socket', () => existsSync(socketOf(rig)) || undefined)
  // Those that have two names.
  await passes(foster, ['IO', 'ABRT'], [web])
  assert.equal((await ask(rig, ['status'])).code, 0)
  assert.deepEqual(rig.calls, ['web up', 'web IO', 'web ABRT'])
})

e2e('where it may write no more to a log file, foster runs on', async rig => {
  const web = rig.puppet('web')
  const log = { stdout: { file: `${rig.dir}/web.log` } }
  const foster = await rig.start(controlled(rig, { programs: { web: { ...service(web), log } } }), {
    below: belowShell,
    via: ['prlimit', '--fsize=4096'],
  })
  await web.up()
  await eventually('there is a control socket', () => existsSync(socketOf(rig)) || undefined)
  await web.does('i=0; while [ $i -lt 200 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done')
  await foster.line(/cannot write .*web\.log: EFBIG/)
  assert.equal((await ask(rig, ['status'])).code, 0)
})

e2e("HUP and USR2 are foster's own: they reach no program and end nothing", async rig => {
  const web = rig.puppet('web', ...reports('HUP', 'USR2', 'USR1'))
  const foster = await rig.start({ programs: { web: service(web) } })
  await web.up()
  foster.kill('SIGHUP')
  await foster.line(/configuration reloaded: nothing has changed/)
  foster.kill('SIGUSR2')
  await foster.line(/SIGUSR2/)
  await passes(foster, ['USR1'], [web])
  // One that was handed on wrongly would be reported by now.
  await web.does('true')
  assert.deepEqual(rig.calls, ['web up', 'web USR1', 'web done'])
})

for (const signal of ['TERM', 'INT', 'QUIT'] as const) {
  e2e(`SIG${signal} stops the container with code 0`, async rig => {
    const web = rig.puppet('web', "trap 'home TERM; exit 0' TERM")
    const foster = await rig.start({ programs: { web: service(web) } })
    await web.up()
    foster.kill(`SIG${signal}`)
    assert.deepEqual(await foster.exit(), { code: 0, signal: null })
    assert.deepEqual(rig.calls, ['web up', 'web TERM'])
  })
}

e2e('foster -- CMD: every signal that can be caught is handed on', async rig => {
  const all = Object.keys(signalNumbers).filter(
    name => !['KILL', 'STOP', 'SEGV', 'BUS', 'FPE', 'ILL', 'CHLD'].includes(name),
  ) as Signal[]
  const main = rig.puppet('main', ...reports(...all))
  const foster = await rig.command(main.command)
  await main.up()
  await passes(foster, all, [main])
  assert.equal(foster.isOver, false)
})

e2e("foster -- CMD: a second INT later is CMD's, too", async rig => {
  const main = rig.puppet('main', ...reports('INT', 'TERM'))
  const foster = await rig.command(main.command)
  await main.up()
  await passes(foster, ['TERM', 'INT', 'INT', 'TERM'], [main])
  main.start('exit 4')
  assert.equal((await foster.exit()).code, 4)
})

for (const [flags, heard] of [
  [[], ['main USR1']],
  [['-g'], ['child USR1', 'main USR1']],
] as const) {
  e2e(
    `foster ${[...flags, '--'].join(' ')} CMD: a signal reaches ${flags.length > 0 ? 'its group' : 'CMD alone'}`,
    async rig => {
      const child = rig.puppet('child', ...reports('USR1'))
      const main = rig.puppet('main', ...reports('USR1'), `${quoted(child.command)} &`)
      const foster = await rig.start([...flags, '--', ...main.command])
      await child.up()
      await main.up()
      foster.kill('SIGUSR1')
      await main.call('USR1')
      if (heard.length > 1) await child.call('USR1')
      // Had the child been sent one, it would be pending or reported by now.
      await child.does('true')
      assert.deepEqual(rig.calls.filter(it => it.endsWith('USR1')).sort(), heard)
    },
  )
}

e2e('a flood of signals loses no exit', async rig => {
  const web = rig.puppet('web', "trap '' USR1 WINCH")
  const programs = {
    web: { command: web.command, restart: 'always', start_retries: -1, backoff: { delay: '1ms', factor: 1 } },
  }
  const foster = await rig.start({ programs })
  for (let run = 0; run < 5; run++) {
    await web.up()
    web.start('exit 3')
    for (let i = 0; i < 2000; i++) foster.kill(i % 2 === 0 ? 'SIGUSR1' : 'SIGWINCH')
  }
  await web.up()
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e('an exit is seen even if its signal found no room', async rig => {
  const [web, idle] = [rig.puppet('web', "trap '' USR1 WINCH"), rig.puppet('idle', "trap '' USR1 WINCH")]
  const slow = join(rig.dir, 'slow.env')
  execFileSync('mkfifo', [slow])
  const foster = await rig.start({
    programs: { web: { command: web.command, critical: false, restart: 'always' }, idle: service(idle) },
    env_file: slow,
  })
  await web.up()
  await idle.up()
  // While somebody has the pipe open and writes nothing, a reload waits for him.
  const writer = openSync(slow, constants.O_RDWR)
  foster.kill('SIGHUP')
  const reading = () => Object.values(descriptorsOf(foster.pid)).includes(slow)
  await eventually('foster reads the file', () => reading() || undefined)
  // libuv keeps 4096 of them.
  for (let i = 0; i < 200_000; i++) foster.kill(i % 2 === 0 ? 'SIGUSR1' : 'SIGWINCH')
  web.start('exit 3')
  const isZombie = () => childrenOf(foster.pid).some(it => processFacts(it)?.state === 'Z')
  // Where the flood took more than its patience, it reads no more, and has seen the exit.
  await eventually('web has ended', () => isZombie() || foster.lines.some(it => it.includes('web: exited')))
  closeSync(writer)
  await foster.line(/web: exited with code 3/)
})

/** The TCP ports on which a process listens. */
function listening(pid: number): string[] {
  const sockets = new Set(Object.values(descriptorsOf(pid)).map(it => /^socket:\[(\d+)\]/.exec(it)?.[1]))
  return ['tcp', 'tcp6'].flatMap(table =>
    readFileSync(`/proc/${pid}/net/${table}`, 'latin1')
      .split('\n')
      .map(line => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && sockets.has(inode))
      .map(([, address = '']) => address),
  )
}
