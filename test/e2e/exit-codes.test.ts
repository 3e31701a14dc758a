/** The exit code of foster is that of what it ran: every code, every signal, as PID 1. */
import assert from 'node:assert/strict'
import { signalNumbers } from '../../src/core/signal.ts'
import { e2e, type Rig } from './rig.ts'

const terminating = Object.entries(signalNumbers).filter(
  ([name]) => !['CHLD', 'CONT', 'URG', 'WINCH', 'STOP', 'TSTP', 'TTIN', 'TTOU'].includes(name),
)

/** Runs so many at once as the machine has processors to spare. */
async function inTurns<T>(items: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await each(next)
  }
  await Promise.all(Array.from({ length: 4 }, worker))
}

async function codeOf(rig: Rig, shell: string): Promise<number | null> {
  const foster = await rig.command(['sh', '-c', shell], { stdio: ['ignore', 'ignore', 'ignore'] })
  return (await foster.exit()).code
}

e2e('foster -- CMD: all 256 exit codes', async rig => {
  const codes = Array.from({ length: 256 }, (_, code) => code)
  await inTurns(codes, async code => assert.equal(await codeOf(rig, `exit ${code}`), code))
})

e2e('foster -- CMD: every terminating signal is 128 + its number', async rig => {
  const numbers = [...terminating.map(([, number]) => number), 34, 50, 64]
  await inTurns(numbers, async number => {
    // Cores would go into the test's directory.
    assert.equal(await codeOf(rig, `ulimit -c 0; kill -${number} $$`), 128 + number, `signal ${number}`)
  })
})

e2e('a critical service: its exit code, whatever it is', async rig => {
  await inTurns([1, 2, 3, 77, 126, 127, 128, 137, 254, 255], async code => {
    const web = rig.puppet(`exit-${code}`)
    const config = rig.file(
      `${code}.yaml`,
      JSON.stringify({ programs: { web: { command: web.command, restart: 'never' } } }),
    )
    const run = await rig.start(['-c', config])
    await web.up()
    web.start(`exit ${code}`)
    assert.deepEqual(await run.exit(), { code, signal: null })
  })
})

e2e('a critical service: every terminating signal is 128 + its number', async rig => {
  await inTurns(terminating, async ([name, number]) => {
    const web = rig.puppet(name, 'ulimit -c 0')
    const config = rig.file(
      `${name}.yaml`,
      JSON.stringify({ programs: { web: { command: web.command, restart: 'never' } } }),
    )
    const run = await rig.start(['-c', config])
    await web.up()
    web.start(`kill -${number} $$`)
    assert.deepEqual(await run.exit(), { code: 128 + number, signal: null }, name)
    assert.match(run.output.stderr, new RegExp(`killed by SIG${name}`))
  })
})

e2e('-e: an exit code that counts as 0', async rig => {
  const run = async (...args: string[]) => (await (await rig.start(args)).exit()).code
  assert.equal(await run('-e', '143', '-e', '7', '--', 'sh', '-c', 'exit 7'), 0)
  assert.equal(await run('-e', '143', '--', 'sh', '-c', 'kill -TERM $$'), 0)
  assert.equal(await run('-e', '143', '--', 'sh', '-c', 'exit 8'), 8)
})
