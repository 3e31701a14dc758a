/** Defects of tini, dumb-init and catatonit that foster does not have. What the peer does wrong proves the case. */
import assert from 'node:assert/strict'
import { openSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { catatonit, dumbInit, flagged, foster, quoted, type Replayed, replay, tini } from './replay-inits.ts'
import { e2e, type Options, type Rig } from './rig.ts'
import { belowShell, type Foster } from './rig-foster.ts'
import { childrenOf, isAlive, processFacts } from './rig-proc.ts'
import { eventually, inSomeRound } from './rig-wait.ts'

/** Started by a parent that ignores and blocks signals. */
const inheriting = (ignored: string, blocked = 'TERM'): Options => ({
  via: ['env', `--ignore-signal=${ignored}`, `--block-signal=${blocked}`],
})

replay('SIGCHLD ignored by the parent', [foster, dumbInit], async (_, init) => {
  assert.equal(await init.code(['sh', '-c', 'true; exit 3'], inheriting('CHLD')), 3)
})

// catatonit does so as well, where CMD does not end too early: that is no fact to wait for.
replay('SIGCHLD ignored by the parent: waits for ever', [tini], async (_, init) => {
  const run = await init.command(['true'], inheriting('CHLD'))
  await eventually('CMD has ended and been reaped by nobody', () => run.processes().length === 1)
  assert.equal(run.isOver, false)
})

replay('every signal blocked and ignored by the parent', [foster, dumbInit], async (rig, init) => {
  const main = rig.puppet('main', "trap 'home TERM' TERM")
  const run = await init.command(main.command, {
    via: ['env', '--ignore-signal', '--block-signal'],
  })
  await main.up()
  run.kill('SIGTERM')
  await main.call('TERM')
  main.start('exit 3')
  assert.equal((await run.exit()).code, 3)
})

/** The signals that CMD starts with, ignored and blocked. */
async function dispositions(init: Replayed): Promise<string> {
  const run = await init.command(['grep', '-E', '^Sig(Ign|Blk)', '/proc/self/status'], inheriting('INT,TTOU'))
  await run.exit()
  return run.output.stdout
}

replay('CMD inherits no mask and nothing ignored', [foster, dumbInit], async (_, init) => {
  assert.equal(await dispositions(init), 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n')
})

replay("CMD inherits the parent's mask and what it ignores", [tini], async (_, init) => {
  assert.equal(await dispositions(init), 'SigBlk:\t0000000000004000\nSigIgn:\t0000000000200002\n')
})

replay('CMD has stop signals blocked that nobody blocked', [catatonit], async (_, init) => {
  const run = await init.command(['grep', '^SigBlk', '/proc/self/status'])
  await run.exit()
  assert.equal(run.output.stdout, 'SigBlk:\t0000000000380000\n')
})

for (const [what, redirections] of [
  ['0', '0<&-'],
  ['1', '1>&-'],
  ['2', '2>&-'],
  ['0, 1 and 2', '0<&- 1>&- 2>&-'],
] as const) {
  const via = ['sh', '-c', `exec "$@" ${redirections}`, 'sh']
  replay(`started with descriptor ${what} closed`, [foster], async (_, init) => {
    // CMD finds a null device there, as every program may expect.
    const script = 'for fd in 0 1 2; do [ -e /proc/$$/fd/$fd ] || exit 9; done; exit 3'
    assert.equal(await init.code(['sh', '-c', script], { via }), 3)
  })
}

replay('started with descriptor 0 closed: does not start CMD', [tini], async (_, init) => {
  assert.equal(await init.code(['sh', '-c', 'exit 3'], { via: ['sh', '-c', 'exec "$@" 0<&-', 'sh'] }), 1)
})

/** CMD ends at TERM; its sibling takes a little longer. */
function siblings(rig: Rig, seconds: number, round = 0) {
  const other = rig.puppet(`other${round}`, `trap 'sleep ${seconds}; home cleaned; exit 0' TERM`)
  return { other, main: rig.puppet(`main${round}`, `${quoted(other.command)} &`, "trap 'exit 5' TERM") }
}

replay('who outlives CMD has time to clean up', [foster, flagged(foster, '-g')], async (rig, init) => {
  await inSomeRound(async round => {
    const { other, main } = siblings(rig, 0.02, round)
    const run = await init.command(main.command)
    await other.up()
    await main.up()
    run.kill('SIGTERM')
    assert.equal((await run.exit()).code, 5)
    return rig.calls.includes(`other${round} cleaned`)
  })
})

replay('who outlives CMD is killed', [tini, flagged(tini, '-g'), dumbInit], async (rig, init) => {
  const { other, main } = siblings(rig, 30)
  const run = await init.command(main.command)
  await other.up()
  await main.up()
  run.kill('SIGTERM')
  assert.equal((await run.exit()).code, 5)
  assert.equal(rig.calls.includes('other0 cleaned'), false)
})

e2e('who outlives CMD and ignores TERM is killed', async rig => {
  await inSomeRound(async round => {
    const other = rig.puppet(`other${round}`, "trap 'home TERM' TERM")
    const main = rig.puppet(`main${round}`, `${quoted(other.command)} &`)
    const run = await rig.command(main.command)
    await other.up()
    await main.up()
    main.start('exit 5')
    assert.equal((await run.exit()).code, 5)
    return rig.calls.includes(`other${round} TERM`)
  })
})

e2e("below a PID 1 only CMD's descendants are told to end", async rig => {
  await inSomeRound(async round => {
    const stranger = rig.puppet(`stranger${round}`, "trap 'home TERM' TERM")
    const other = rig.puppet(`other${round}`, "trap 'home TERM; exit 0' TERM")
    const main = rig.puppet(`main${round}`, `(setsid ${quoted(other.command)} &)`)
    const run = await rig.command(main.command, { below: `${quoted(stranger.command)} & "$@"; wait` })
    for (const puppet of [stranger, other, main]) await puppet.up()
    main.start('exit 5')
    await eventually('foster has ended', () => !isAlive(run.pid))
    await stranger.does('true')
    assert.equal(rig.calls.includes(`stranger${round} TERM`), false)
    return rig.calls.includes(`other${round} TERM`)
  })
})

e2e('below a PID 1 an orphan of CMD is adopted', async rig => {
  const other = rig.puppet('other')
  const main = rig.puppet('main', `(setsid ${quoted(other.command)} &)`)
  const run = await rig.command(main.command, { below: belowShell })
  await main.up()
  const facts = await rig.facts(run, await other.up())
  assert.equal(facts.parent, run.pid)
})

/** How often the threads of a process have gone to sleep of their own accord. */
const sleeps = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const text = statusOf(`/proc/${pid}/task/${task}/status`)
    return sum + Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(text)?.[1] ?? 0)
  }, 0)

/** Of a thread that has just ended: nothing. */
function statusOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

replay('idle, it does not wake up', [foster, dumbInit], async (_, init) => {
  const run = await init.command(['sleep', '1000'])
  // A second without a wake-up; before, the start has to settle.
  for (let before = -1; sleeps(run.pid) !== before; await sleep(1000)) before = sleeps(run.pid)
})

replay('idle, it wakes up every second', [tini], async (_, init) => {
  const run = await init.command(['sleep', '1000'])
  const before = sleeps(run.pid)
  await eventually('it has woken up three times', () => sleeps(run.pid) >= before + 3)
})

/** CMD and an orphan of it die at the same moment: one SIGCHLD for two. */
replay('no end is lost when two come at once', [foster, catatonit], async (_, init) => {
  const rounds = init.name === 'foster' ? Number(process.env.FOSTER_ROUNDS ?? 60) : 20
  const script = '(sleep 1000 &); kill -KILL 0'
  const ends = await init.codes(Array.from({ length: rounds }, () => ['--', 'sh', '-c', script]))
  assert.deepEqual(new Set(ends), new Set([137]))
})

replay('no end is lost when an orphan ends about when CMD does', [foster, catatonit], async (_, init) => {
  const rounds = init.name === 'foster' ? Number(process.env.FOSTER_ROUNDS ?? 60) : 20
  const script = "bash -c 'sleep 0.01 & kill -KILL $BASHPID'; sleep 0.0087"
  const ends = await init.codes(Array.from({ length: rounds }, () => ['--', 'bash', '-c', script]))
  assert.deepEqual(new Set(ends), new Set([0]))
})

/** Descriptors 3 to 7 of the init. */
function passing(rig: Rig, listenPid: string): Options {
  const files = [3, 4, 5, 6, 7].map(fd => openSync(rig.file(`fd${fd}`, ''), 'r'))
  const via = ['sh', '-c', `export LISTEN_FDS=2 LISTEN_PID=${listenPid}; exec "$@"`, 'sh']
  return { via, stdio: ['ignore', undefined, undefined, ...files] }
}

/** What CMD has from 3 up, as `fd3 fd4`, and which process LISTEN_PID names. */
const shows = [
  'sh',
  '-c',
  'for fd in 3 4 5 6 7; do [ -e /proc/$$/fd/$fd ] && basename $(readlink /proc/$$/fd/$fd); done; [ $LISTEN_PID = $$ ] && LISTEN_PID=mine; echo $LISTEN_FDS $LISTEN_PID',
]

async function shown(rig: Rig, init: Replayed, listenPid: string): Promise<string> {
  const run = await init.command(shows, passing(rig, listenPid))
  assert.equal((await run.exit()).code, 0)
  return run.output.stdout
}

replay('descriptors from 3 up are not for CMD', [foster], async (rig, init) => {
  assert.equal(await shown(rig, init, '4711'), '2 4711\n')
})

replay('descriptors from 3 up leak into CMD', [tini, dumbInit, catatonit], async (rig, init) => {
  assert.equal(await shown(rig, init, '4711'), 'fd3\nfd4\nfd5\nfd6\nfd7\n2 4711\n')
})

replay('sockets of an activation are for CMD, and LISTEN_PID names it', [foster], async (rig, init) => {
  assert.equal(await shown(rig, init, '$$'), 'fd3\nfd4\n2 mine\n')
})

replay('LISTEN_PID names CMD, and the rest leaks', [catatonit], async (rig, init) => {
  assert.equal(await shown(rig, init, '$$'), 'fd3\nfd4\nfd5\nfd6\nfd7\n2 mine\n')
})

e2e('TERM to an activated CMD that has not begun yet is not lost', async rig => {
  for (let round = 0; round < 4; round++) {
    const run = await rig.command(['sleep', '1000'], passing(rig, '$$'))
    // Until it becomes CMD it is foster once more, and catches what foster catches.
    const pid = await eventually('the process that becomes CMD', () => catching(run))
    process.kill(pid, 'SIGTERM')
    assert.equal((await run.exit()).code, 143)
  }
})

/** The init's child, as soon as it catches signals or is CMD. Looks without a pause, since that is but a moment. */
function catching(run: Foster): number | undefined {
  for (const end = performance.now() + 500; performance.now() < end; ) {
    const [child] = childrenOf(run.pid)
    const { argv = [], status = {} } = (child === undefined ? undefined : processFacts(child)) ?? {}
    // SIGWINCH, since Node catches SIGTERM by itself at first, to put the terminal in order.
    const caught = Number(`0x${status.SigCgt?.slice(-8)}`)
    if (child !== undefined && (argv[0] === 'sleep' || (caught & 0x08000000) !== 0)) return child
  }
  return undefined
}

e2e('an activated CMD is as any other: no mask, nothing ignored, 126, 127, scripts without #!', async rig => {
  const options = passing(rig, '$$')
  const run = await rig.command(['grep', '-E', '^Sig(Ign|Blk)', '/proc/self/status'], options)
  assert.equal((await run.exit()).code, 0)
  assert.equal(run.output.stdout, 'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n')
  for (const [command, code] of [
    ['/etc', 126],
    ['/doesnotexist', 127],
  ] as const) {
    assert.equal((await (await rig.command([command], options)).exit()).code, code)
  }
})
