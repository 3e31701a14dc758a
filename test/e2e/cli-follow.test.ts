/** tail and logs of a foster that runs, followed until somebody has had enough. */
import assert from 'node:assert/strict'
import { e2e, type Rig } from './rig.ts'
import { Ask, answering, ask, controlled } from './rig-cli.ts'
import { processFacts } from './rig-proc.ts'
import { eventually } from './rig-wait.ts'

/** A foster with a program on strings, whose output is kept. */
async function withWeb(rig: Rig) {
  const web = rig.puppet('web')
  await rig.start(
    controlled(rig, { programs: { web: { command: web.command }, other: { command: ['sleep', '1000'] } } }),
  )
  await web.up()
  await answering(rig)
  return web
}

e2e('tail: the last bytes, of one stream', async rig => {
  const web = await withWeb(rig)
  await web.does('echo one; echo two; echo wrong >&2')
  for (const [stream, text] of [
    ['stdout', /two\n/],
    ['stderr', /wrong\n/],
  ] as const) {
    const tail = new Ask(rig, ['tail', '-f', 'web', stream])
    await tail.writes('stdout', text)
    tail.child.kill()
    assert.equal((await tail.end()).signal, 'SIGTERM')
  }
  const of = async (...args: readonly string[]) => (await ask(rig, ['tail', ...args])).stdout
  assert.equal(await of('web'), 'one\ntwo\n')
  assert.equal(await of('-4', 'web'), 'two\n')
  assert.equal(await of('web', 'stderr'), 'wrong\n')
})

e2e('tail -f goes on over a restart of the program, and dies of Ctrl-C as a program does', async rig => {
  const web = await withWeb(rig)
  await web.does('echo one')
  const tail = new Ask(rig, ['tail', '-f', 'web'])
  await tail.writes('stdout', /^one\n/)
  await web.does('echo two')
  await tail.writes('stdout', /two\n/)
  assert.equal((await ask(rig, ['restart', 'web'])).code, 0)
  await web.up()
  await web.does('echo three')
  await tail.writes('stdout', /three\n/)
  tail.child.kill('SIGINT')
  const { signal, stdout, stderr } = await tail.end()
  assert.deepEqual([signal, stdout, stderr], ['SIGINT', 'one\ntwo\nthree\n', ''])
})

e2e('logs -f ends with the container, without a complaint', async rig => {
  const web = await withWeb(rig)
  const logs = new Ask(rig, ['logs', '-f'])
  await web.does('echo one')
  await logs.writes('stdout', /web +\| one\n/)
  await ask(rig, ['shutdown'])
  const { code, stderr } = await logs.end()
  assert.deepEqual([code, stderr], [0, ''])
})

e2e('a reader that has had enough ends it silently', async rig => {
  const web = await withWeb(rig)
  await web.does('for i in 1 2 3; do echo line $i; done')
  const script = '"$@" | head -n 1; echo "$PIPESTATUS"'
  const command = new Ask(rig, ['logs', '-f', 'web'], { via: ['bash', '-c', script, 'bash'] })
  const { stdout, stderr } = await command.end()
  assert.deepEqual([stdout, stderr], ['web | line 1\n141\n', ''])
})

e2e('whoever follows a flood, and reads slowly or not at all, holds no memory', async rig => {
  const flood = rig.file('flood', 'x'.repeat(99).concat('\n').repeat(1000))
  const programs = { web: { command: ['sh', '-c', 'while :; do cat "$0"; done', flood] } }
  await rig.start(controlled(rig, { programs, log: { format: 'raw' } }), { stdio: ['ignore', 'ignore'] })
  await answering(rig)
  const logs = new Ask(rig, ['logs', '-f'])
  let bytes = 0
  logs.child.stdout?.removeAllListeners('data').on('data', (text: string) => {
    bytes += text.length
  })
  const resident = () => Number.parseInt(processFacts(logs.pid)?.status.RssAnon ?? '', 10)
  await eventually('10 MB were read', () => bytes > 10e6)
  const early = resident()
  await eventually('40 MB were read', () => bytes > 40e6)
  const late = resident()
  logs.child.stdout?.pause()
  await eventually('it waits for us', () => processFacts(logs.pid)?.state === 'S')
  const stuck = resident()
  logs.child.kill('SIGKILL')
  assert.ok(late < early + 30_000 && stuck < early + 30_000, `RssAnon in KB: ${early}, ${late}, ${stuck}`)
})
