/** Where output goes: joined, handed over, thrown away, several places; timestamps; a reader that is too slow. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { e2e } from './rig.ts'
import { eventually } from './rig-wait.ts'

e2e('stderr joined to stdout: one pipe, so that the order is that in which it was written', async rig => {
  const command = [
    'sh',
    '-c',
    'for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done; ls -l /proc/self/fd >$0',
    join(rig.dir, 'fds'),
  ]
  const foster = await rig.start({ programs: { web: { kind: 'task', command, log: { stderr: 'stdout' } } } })
  await foster.exit()
  const expected = Array.from({ length: 9 }, (_, index) => `out ${index + 1}\nerr ${index + 1}\n`).join('')
  assert.equal(foster.output.stdout, expected)
})

e2e('inherit: the program has the descriptor itself; null: it has /dev/null', async rig => {
  const tell =
    'a=$(readlink /proc/$$/fd/1) b=$(readlink /proc/$$/fd/2); echo $a >$0.1; echo $b >$0.2; echo out; echo err >&2'
  const program = (name: string, log: object) => ({
    kind: 'task',
    command: ['sh', '-c', tell, join(rig.dir, name)],
    log,
  })
  const foster = await rig.start({
    programs: {
      given: program('given', { stdout: 'inherit', stderr: null }),
      crossed: program('crossed', { stdout: { file: '/dev/stderr' }, stderr: { file: '/dev/stdout' } }),
      nothing: program('nothing', { stdout: { file: '/dev/null' }, stderr: 'stdout' }),
    },
  })
  await foster.exit()
  const leadsTo = (name: string) => readFileSync(join(rig.dir, name), 'utf8').trim()
  // The rig gives foster a named pipe.
  assert.match(leadsTo('given.1'), /\/stdout\.\d+$/)
  assert.deepEqual(['given.2', 'nothing.1', 'nothing.2'].map(leadsTo), ['/dev/null', '/dev/null', '/dev/null'])
  assert.match(leadsTo('crossed.1'), /^pipe:/)
  assert.deepEqual(foster.output.stdout.split('\n').sort(), ['', 'crossed | err', 'out'])
  assert.match(foster.output.stderr, /^crossed \| out$/m)
  assert.doesNotMatch(foster.output.stderr, /^(given|nothing) \| (out|err)$/m)
})

e2e('timestamps: before every line of the prefix format, and of no other', async rig => {
  const program = { kind: 'task', command: 'echo text' }
  const foster = await rig.start({
    programs: { web: program, raw: { ...program, log: { format: 'raw' } } },
    log: { timestamps: true },
  })
  await foster.exit()
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`
  const lines = foster.output.stdout.split('\n').sort()
  assert.match(lines[1] ?? '', new RegExp(`^${time} web    \\| text$`))
  assert.deepEqual([lines[0], lines[2], lines.length], ['', 'text', 3])
  for (const line of foster.output.stderr.trimEnd().split('\n')) assert.match(line, new RegExp(`^${time} foster \\| `))
})

e2e(
  'drop: while the reader pauses the program runs on, whole lines are dropped, and it is said how many',
  async rig => {
    const web = rig.puppet('web')
    const calm = rig.puppet('calm')
    const foster = await rig.start({
      programs: {
        web: { command: web.command, log: { overflow: 'drop', format: 'raw' } },
        calm: { command: calm.command, log: { format: 'raw' } },
      },
    })
    await web.up()
    await calm.up()
    foster.readers.stdout?.pause()
    // Much more than all that is between the program and the reader.
    await web.does('awk \'BEGIN { for (i = 0; i < 100000; i++) printf "%099d\\n", i }\'')
    foster.readers.stdout?.resume()
    const said = /web: (\d+) lines? dropped, the reader of stdout was too slow/
    await foster.line(said)
    await calm.does('echo calm')
    await foster.line(/^calm$/)
    const written = () => foster.lines.filter(line => /^\d{99}$/.test(line)).length
    // Said more than once if it was too slow again.
    const dropped = () => foster.lines.reduce((sum, line) => sum + Number(said.exec(line)?.[1] ?? 0), 0)
    await eventually('all lines are there or counted', () => written() + dropped() === 100_000)
    const lines = foster.output.stdout.trimEnd().split('\n')
    assert.ok(lines.every(line => line === 'calm' || /^\d{99}$/.test(line)))
  },
)
