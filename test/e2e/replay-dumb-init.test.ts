/** dumb-init's own black-box cases, replayed; its cases on a terminal are in terminal.test.ts. */
import assert from 'node:assert/strict'
import { readlinkSync } from 'node:fs'
import { type Signal, signalNumbers } from '../../src/core/signal.ts'
import { dumbInit, flagged, foster, quoted, replay, tini } from './replay-inits.ts'
import { e2e } from './rig.ts'
import { belowShell } from './rig-foster.ts'
import { isAlive, processFacts } from './rig-proc.ts'
import { eventually, inSomeRound } from './rig-wait.ts'

/** A puppet's lines: it says the name of each of these signals that it gets. */
const reports = (...signals: readonly Signal[]) =>
  signals.map(signal => `trap 'home ${signal}' ${signalNumbers[signal]}`)

/** As in dumb-init's case, but that has `yes` at the head of each, which keeps the processors from those who watch. */
const pipes = 'tail -f /dev/null | tail & tail -f /dev/null | tail >&2'

replay('TERM ends the whole group', [flagged(foster, '-g'), foster, dumbInit], async (_, init) => {
  const run = await init.command(['sh', '-c', `${pipes} & wait`], { below: belowShell })
  await eventually('six processes are at it', () => {
    const found = run.processes().filter(it => it.innerPid !== 1 && it.pid !== run.pid)
    return found.length >= 5 && found.filter(it => it.argv[0] === 'tail').length === 4
  })
  const all = run.processes().filter(it => it.innerPid !== 1)
  run.kill('SIGTERM')
  assert.equal((await run.exit()).code, 143)
  for (const { pid } of all) assert.equal(isAlive(pid), false)
})

replay('what outlives CMD is told to end, below a PID 1', [foster, dumbInit], async (rig, init) => {
  await inSomeRound(async round => {
    const other = rig.puppet(`other${round}`, "trap 'home TERM; exit 0' TERM")
    const main = rig.puppet(`main${round}`, `${quoted(other.command)} &`)
    const witness = rig.puppet(`witness${round}`)
    const run = await init.command(main.command, { below: `"$@"; exec ${quoted(witness.command)}` })
    const { pid } = await rig.facts(run, await other.up())
    await main.up()
    main.start('exit 0')
    await rig.gone(pid)
    // Its calls come behind those of the other.
    await witness.up()
    return rig.calls.includes(`other${round} TERM`)
  })
})

replay('a command that is not there', [foster, dumbInit], async (_, init) => {
  for (const argv of [['/doesnotexist'], ['--', '/doesnotexist'], ['/doesnotexist', '-v'], ['doesnotexist', '--']]) {
    assert.equal(await init.code(argv), init.name === 'foster' ? 127 : 2)
  }
})

e2e('a command that is not there is named', async rig => {
  const run = await rig.command(['/doesnotexist'])
  await run.exit()
  assert.equal(run.output.stderr, 'foster: cannot start main: /doesnotexist: not found\n')
})

replay('an unknown option, no command', [foster, dumbInit], async (_, init) => {
  const faulty = init.name === 'foster' ? 2 : 1
  assert.equal(await init.code(['--yolo', '/bin/true']), faulty)
  assert.equal(await init.code([]), faulty)
  assert.equal(await init.code(['--help']), 0)
  assert.equal(await init.code(['--version']), 0)
})

replay('options behind the command are its own', [foster, dumbInit], async (_, init) => {
  assert.equal(await init.code(['sh', '-c', 'exit "$1"', 'sh', '5', '-e', '5', '--', '-g']), 5)
})

replay("nothing is written that is not CMD's", [foster, dumbInit, tini], async (_, init) => {
  const run = await init.command(['sh', '-c', 'echo oh, hi; kill -KILL $$'])
  assert.equal((await run.exit()).code, 137)
  assert.deepEqual(run.output, { stdout: 'oh, hi\n', stderr: '' })
})

replay('CMD has the working directory', [foster, dumbInit], async (rig, init) => {
  const main = rig.puppet('main')
  const run = await init.command(main.command)
  await main.up()
  assert.equal(await main.tells('readlink /proc/$$/cwd'), rig.dir)
  // dumb-init goes to /; foster stays, since what its configuration names is relative to where it is.
  assert.equal(readlinkSync(`/proc/${run.pid}/cwd`), init.name === 'foster' ? rig.dir : '/')
})

replay('exit codes and terminating signals', [foster, dumbInit], async (_, init) => {
  const codes = [0, 1, 2, 32, 64, 127, 254, 255]
  const signals = ['TERM', 'HUP', 'QUIT', 'KILL'] as const
  const shells = [...codes.map(it => `exit ${it}`), ...signals.map(it => `ulimit -c 0; kill -${it} $$`)]
  const ends = await init.codes(shells.map(it => ['sh', '-c', it]))
  assert.deepEqual(ends, [...codes, ...signals.map(it => 128 + signalNumbers[it])])
})

/** What foster cannot or does not catch, and what the shell cannot. */
const uncaught: readonly Signal[] = ['KILL', 'STOP', 'CHLD', 'SEGV', 'BUS', 'FPE', 'ILL']
const stops: readonly Signal[] = ['TSTP', 'TTIN', 'TTOU']
const caught = (Object.keys(signalNumbers) as Signal[]).filter(it => !uncaught.includes(it))

for (const where of [undefined, belowShell]) {
  const title = `every signal is handed on unchanged, ${where === undefined ? 'as PID 1' : 'below a PID 1'}`
  replay(title, [foster, dumbInit], async (rig, init) => {
    // dumb-init makes TSTP, TTIN and TTOU a SIGSTOP.
    const signals = init.name === 'foster' ? caught : caught.filter(it => !stops.includes(it))
    const main = rig.puppet('main', ...reports(...signals))
    const run = await init.command(main.command, where === undefined ? {} : { below: where })
    await main.up()
    for (const signal of signals) {
      run.kill(`SIG${signal}`)
      await main.call(signal)
    }
    assert.deepEqual(
      rig.calls.slice(1),
      signals.map(it => `main ${it}`),
    )
    main.start('exit 3')
    assert.equal((await run.exit()).code, 3)
  })
}

for (const signal of ['SEGV', 'BUS', 'FPE', 'ILL'] as const) {
  e2e(`${signal} sent to foster as PID 1 changes nothing: the kernel drops it`, async rig => {
    const main = rig.puppet('main', ...reports(signal, 'TERM'))
    const run = await rig.command(main.command)
    await main.up()
    run.kill(`SIG${signal}`)
    run.kill('SIGTERM')
    await main.call('TERM')
    assert.deepEqual(rig.calls, ['main up', 'main TERM'])
  })
}

replay('a real-time signal: dumb-init hands it on, foster does not', [foster, dumbInit], async (rig, init) => {
  const main = rig.puppet('main', "trap 'home RT40' 40", ...reports('TERM'))
  const run = await init.command(main.command)
  await main.up()
  process.kill(run.pid, 40)
  if (init.name !== 'foster') await main.call('RT40')
  run.kill('SIGTERM')
  await main.call('TERM')
  assert.equal(rig.calls.includes('main RT40'), init.name !== 'foster')
})

for (const signal of stops) {
  e2e(`${signal} neither stops foster nor, without a terminal, CMD, which nobody could continue`, async rig => {
    const main = rig.puppet('main', ...reports('TERM'))
    const run = await rig.command(main.command)
    const inner = await main.up()
    run.kill(`SIG${signal}`)
    run.kill('SIGTERM')
    await main.call('TERM')
    assert.notEqual((await rig.facts(run, inner)).state, 'T')
    assert.notEqual(processFacts(run.pid)?.state, 'T')
  })
}

replay('TSTP: dumb-init as PID 1 leaves CMD stopped', [dumbInit], async (rig, init) => {
  const main = rig.puppet('main')
  const run = await init.command(main.command)
  const inner = await main.up()
  run.kill('SIGTSTP')
  await eventually('CMD is stopped', () => run.processes().some(it => it.innerPid === inner && it.state === 'T'))
})

replay('CMD that is stopped goes on by CONT to the init', [foster, dumbInit], async (rig, init) => {
  const main = rig.puppet('main', ...reports('CONT'))
  const run = await init.command(main.command)
  const inner = await main.up()
  const { pid } = await rig.facts(run, inner)
  process.kill(pid, 'SIGSTOP')
  await eventually('CMD is stopped', () => processFacts(pid)?.state === 'T')
  run.kill('SIGCONT')
  await main.call('CONT')
})

replay('CMD leads a session and a process group of its own', [foster, dumbInit], async (rig, init) => {
  const main = rig.puppet('main')
  const run = await init.command(main.command)
  const { pid, group, session } = await rig.facts(run, await main.up())
  assert.deepEqual([group, session], [pid, pid])
})

replay('zombies: a double fork leaves none', [foster, dumbInit, tini], async (rig, init) => {
  const main = rig.puppet('main')
  const run = await init.command(main.command)
  await main.up()
  await main.does('(setsid sh -c "exit 3" & setsid sh -c "kill -KILL \\$\\$" &)')
  await eventually('only the init and CMD are left', () => run.processes().length === 2)
})
