/** tini's own black-box cases, replayed: its inner suite and the smoke tests of its CI. */
import assert from 'node:assert/strict'
import { openSync } from 'node:fs'
import { flagged, foster, type Replayed, replay, tini } from './replay-inits.ts'
import { e2e, type Options, type Rig } from './rig.ts'
import { belowShell } from './rig-foster.ts'
import { isAlive } from './rig-proc.ts'
import { eventually } from './rig-wait.ts'

const all = Array.from({ length: 256 }, (_, code) => code)

// In quarters, so that a busy machine has time for each.
for (const from of [0, 64, 128, 192]) {
  const codes = all.slice(from, from + 64)
  /** All of them for foster; a few prove the case right with its peer. */
  const codesFor = ({ name }: Replayed) => (name === 'foster' ? codes : codes.filter(it => it % 21 === 0))
  const which = `${from} to ${from + 63}`

  replay(`-e N makes N a success, ${which}`, [foster, tini], async (_, init) => {
    const lines = codesFor(init).map(code => ['-e', `${code}`, '--', 'sh', '-c', `exit ${code}`])
    assert.deepEqual(new Set(await init.codes(lines)), new Set([0]))
  })

  replay(`-e of all other codes leaves N alone, ${which}`, [foster, tini], async (_, init) => {
    const others = (code: number) => all.filter(it => it !== code).flatMap(it => ['-e', `${it}`])
    const lines = codesFor(init).map(code => [...others(code), 'sh', '-c', `exit ${code}`])
    assert.deepEqual(await init.codes(lines), codesFor(init))
  })
}

/** CMD starts a process that starts 100 and ends: all are adopted, stay in CMD's group, and are reaped when they die. */
async function reaps(rig: Rig, init: Replayed, options?: Options): Promise<void> {
  const main = rig.puppet('main')
  const run = await init.command(main.command, options)
  const inner = await main.up()
  const { group } = await rig.facts(run, inner)
  await main.does('(for i in $(seq 100); do sleep 1000 & done)')
  const sleepers = await eventually('100 orphans sleep', () => {
    const found = run.processes().filter(it => it.argv[0] === 'sleep')
    return found.length === 100 && found
  })
  for (const sleeper of sleepers) assert.deepEqual([sleeper.parent, sleeper.group], [run.pid, group])
  for (const sleeper of sleepers) process.kill(sleeper.pid, 'SIGKILL')
  await eventually('only CMD is left of its group', () => run.processes().filter(it => it.group === group).length === 1)
  main.start('exit 0')
  assert.equal((await run.exit()).code, 0)
  assert.equal(run.output.stderr, '')
}

/** A shell that waits for its child: the signal reaches the shell alone, and ends it. */
async function endsBy(rig: Rig, init: Replayed, options?: Options): Promise<void> {
  const numbers = { SIGTERM: 15, SIGUSR1: 10, SIGUSR2: 12 } as const
  for (const [signal, number] of Object.entries(numbers)) {
    const main = rig.puppet(signal, 'sleep 1000 &')
    const run = await init.command(main.command, options)
    await main.up()
    run.kill(signal as NodeJS.Signals)
    assert.equal((await run.exit()).code, 128 + number)
  }
}

replay('orphans are reaped as PID 1', [foster, tini], reaps)
replay('TERM, USR1, USR2 end CMD as PID 1', [foster, tini], (rig, init) => endsBy(rig, init))
replay('orphans are reaped below a PID 1', [foster, flagged(tini, '-s')], (rig, init) =>
  reaps(rig, init, { below: belowShell }),
)
replay('TERM, USR1, USR2 end CMD below a PID 1', [foster, flagged(tini, '-s')], (rig, init) =>
  endsBy(rig, init, { below: belowShell }),
)

replay('-g signals the whole process group', [flagged(foster, '-g'), flagged(tini, '-g')], async (rig, init) => {
  const main = rig.puppet('main', "sleep 1000 & trap '' USR1", 'home ready', 'wait $!; home "child $?"; exit 0')
  const run = await init.command(main.command)
  await main.call('ready')
  run.kill('SIGUSR1')
  await main.call('child 138')
  assert.equal((await run.exit()).code, 0)
})

replay('without -g a signal is for CMD alone', [foster, tini], async (rig, init) => {
  const main = rig.puppet('main', "sleep 1000 & trap 'home USR1' USR1")
  const run = await init.command(main.command)
  await main.up()
  const child = await eventually('its child sleeps', () => run.processes().find(it => it.argv[0] === 'sleep'))
  run.kill('SIGUSR1')
  await main.call('USR1')
  assert.equal(isAlive(child.pid), true)
})

replay('smoke: what a command line gives', [foster, tini], async (_, init) => {
  assert.equal(await init.code(['true']), 0)
  assert.equal(await init.code(['false']), 1)
  assert.equal(await init.code(['--', 'true']), 0)
  assert.equal(await init.code(['--', '--', 'true']), 127)
  assert.equal(await init.code(['foobar123']), 127)
  assert.equal(await init.code(['--', 'foobar123']), 127)
  assert.equal(await init.code(['--', '/doesnotexist']), 127)
  assert.equal(await init.code(['--', '']), 127)
  assert.equal(await init.code(['/etc']), 126)
  assert.equal(await init.code(['--', '/etc']), 126)
  assert.equal(await init.code(['-h']), 0)
})

replay('smoke: no command, an unknown option, a code that is none', [foster, tini], async (_, init) => {
  const faulty = init.name === 'tini' ? 1 : 2
  for (const args of [[], ['--'], ['-z'], ['-e', '256', 'true'], ['-e', '-1', 'true'], ['-e', 'x', 'true']]) {
    assert.equal(await init.code(args), faulty, args.join(' '))
  }
})

e2e('a code that is none is named in the message', async rig => {
  const run = await rig.start(['-e', '256', '--', 'true'])
  assert.equal((await run.exit()).code, 2)
  assert.match(run.output.stderr, /^foster: .*-e 256: an exit code is a number from 0 to 255\n/)
})

e2e('smoke: version and help', async rig => {
  const version = await rig.start(['--version'])
  await version.exit()
  assert.match(version.output.stdout, /^foster \d+\.\d+\.\d+\n$/)
  const help = await rig.start(['--help'])
  await help.exit()
  assert.match(help.output.stdout, /Usage: foster/)
  const nothing = await rig.start([])
  assert.equal((await nothing.exit()).code, 2)
  assert.match(nothing.output.stderr, /nothing to run(.|\n)*Usage: foster/)
})

replay('standard input is CMD\'s: echo "exit 7" | INIT sh', [foster, tini], async (rig, init) => {
  const input = rig.file('input', 'exit 7\n')
  assert.equal(await init.code(['sh'], { stdio: [openSync(input, 'r')] }), 7)
})

replay('a script without #! runs by sh', [foster, tini], async (rig, init) => {
  assert.equal(await init.code(['--', rig.file('script', 'exit $#\n', 0o755), 'a', 'b', 'c']), 3)
})

replay('a script whose interpreter is missing is 127, one without x is 126', [foster, tini], async (rig, init) => {
  assert.equal(await init.code(['--', rig.file('lost', '#!/no/such\n', 0o755)]), 127)
  assert.equal(await init.code(['--', rig.file('plain', '#!/bin/sh\n', 0o644)]), 126)
})

replay('arguments and environment arrive byte for byte', [foster, tini], async (_, init) => {
  const script = 'A=$(printf "a\\377\\376b"); export A; exec "$@" "$A"'
  const via = ['sh', '-c', script, 'sh']
  const show = `printf '%s\\n' "$1" "$A" | od -An -tx1; printf '%s\\n' "$EMPTY" "$LINES"`
  const run = await init.command(['sh', '-c', show, 'sh'], { via, env: { EMPTY: '', LINES: 'one\ntwo', MAIN: 'ä€' } })
  assert.equal((await run.exit()).code, 0)
  assert.equal(run.output.stdout, ' 61 ff fe 62 0a 61 ff fe 62 0a\n\none\ntwo\n')
})
