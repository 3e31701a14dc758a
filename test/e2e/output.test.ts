/** Programs' output: formats, /dev/stdout by path, and a reader that stops reading. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { e2e, type Rig } from './rig.ts'

const byPath = ['echo to stdout >/dev/stdout', 'echo to stderr >/dev/stderr', 'echo more >>/proc/self/fd/1']

e2e('/dev/stdout and /dev/stderr by path, for several programs', async rig => {
  const program = { kind: 'task', command: ['sh', '-c', byPath.join(' && ')] }
  const foster = await rig.start({ programs: { web: program, db: program } })
  assert.equal((await foster.exit()).code, 0)
  for (const name of ['web', 'db']) {
    assert.deepEqual(linesOf(foster.output.stdout, name), ['to stdout', 'more'])
    assert.deepEqual(linesOf(foster.output.stderr, name), ['to stderr'])
  }
})

e2e(
  '/dev/stdout and /dev/stderr by path as another user',
  async rig => {
    const program = { kind: 'task', command: ['sh', '-c', byPath.join(' && ')], user: 'nobody' }
    const foster = await rig.start({ programs: { web: program, db: { ...program, user: '4711:4712' } } })
    assert.equal((await foster.exit()).code, 0, foster.story())
    for (const name of ['web', 'db']) {
      assert.deepEqual(linesOf(foster.output.stdout, name), ['to stdout', 'more'])
      assert.deepEqual(linesOf(foster.output.stderr, name), ['to stderr'])
    }
  },
  'root',
)

e2e(
  '/dev/stdout and /dev/stderr by path after a program has dropped to another user by itself',
  async rig => {
    const drop = ['setpriv', '--reuid=4711', '--regid=4712', '--clear-groups']
    const program = {
      kind: 'task',
      command: [...drop, 'sh', '-c', 'echo to stdout >/dev/stdout && echo to stderr >/dev/stderr'],
    }
    const foster = await rig.start({ programs: { web: program, db: program } })
    assert.equal((await foster.exit()).code, 0, foster.story())
    assert.deepEqual(linesOf(foster.output.stdout, 'web'), ['to stdout'])
    assert.deepEqual(linesOf(foster.output.stderr, 'db'), ['to stderr'])
  },
  'root',
)

const task = { kind: 'task', command: ['sh', '-c', 'echo one; printf two; echo three >&2'] }

e2e('one program: raw, as it came', async rig => {
  const foster = await rig.start({ programs: { web: task } })
  await foster.exit()
  assert.equal(foster.output.stdout, 'one\ntwo\n')
  assert.match(foster.output.stderr, /^foster: web: started \(pid \d+\)\nthree\nfoster: web: exited with code 0/)
})

e2e('several programs: each line after its name', async rig => {
  const foster = await rig.start({ programs: { web: task, 'long-name': { kind: 'task', command: 'echo x' } } })
  await foster.exit()
  assert.deepEqual(foster.output.stdout.split('\n').sort(), ['', 'long-name | x', 'web       | one', 'web       | two'])
  assert.match(foster.output.stderr, /^web {7}\| three$/m)
  assert.match(foster.output.stderr, /^foster {4}\| web: started/m)
})

e2e('json: an object a line, a JSON line merged', async rig => {
  const lines = ['plain "text"', '{"level":"warn","message":"hello","n":1}']
  const command = ['sh', '-c', 'printf "%s\\n" "$@"; echo oops >&2', 'sh', ...lines]
  const foster = await rig.start({ programs: { web: { kind: 'task', command } }, log: { format: 'json' } })
  await foster.exit()
  const [plain, merged, ...more] = foster.output.stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.deepEqual(more, [])
  const { time, pid, ...rest } = plain
  assert.deepEqual(rest, { program: 'web', replica: 0, stream: 'stdout', message: 'plain "text"' })
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000)
  assert.ok(pid > 1)
  assert.deepEqual(
    { n: merged.n, message: merged.message, program: merged.program },
    { n: 1, message: 'hello', program: 'web' },
  )
  const own = foster.output.stderr
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.ok(own.some(it => it.program === 'web' && it.stream === 'stderr' && it.message === 'oops'))
  assert.ok(own.some(it => it.program === 'foster' && it.level === 'info' && /web: started/.test(it.message)))
})

e2e('a format of its own for one program', async rig => {
  const programs = { web: { ...task, log: { format: 'raw' } }, db: { kind: 'task', command: 'echo x' } }
  const foster = await rig.start({ programs })
  await foster.exit()
  assert.deepEqual(foster.output.stdout.split('\n').sort(), ['', 'db     | x', 'one', 'two'])
})

e2e('everything written before the end comes out, whole lines from each', async rig => {
  const count = 20_000
  const writer = (name: string) => ({ kind: 'task', command: ['seq', '-f', `${name}%.0f`, String(count)] })
  const foster = await rig.start({ programs: { a: writer('first-'), b: writer('second-') } })
  assert.equal((await foster.exit()).code, 0)
  assert.deepEqual(linesOf(foster.output.stdout, 'a'), numbered('first-', count))
  assert.deepEqual(linesOf(foster.output.stdout, 'b'), numbered('second-', count))
})

/** A program that writes more than all buffers hold, and one that goes on beside it, while nobody reads foster's output. */
async function withoutReader(rig: Rig, millis: number): Promise<void> {
  const count = 500_000
  const web = rig.puppet('web', "trap 'home TERM; exit 0' TERM")
  const flood = rig.puppet('flood')
  const more = { restart: 'always', start_retries: -1, backoff: { delay: '10ms' }, log: { format: 'raw' } }
  const foster = await rig.start({
    programs: { web: { command: web.command, ...more }, flood: { command: flood.command, log: { format: 'raw' } } },
  })
  await web.up()
  await flood.up()
  foster.readers.stdout?.pause()
  foster.readers.stderr?.pause()
  const flooded = flood.does(`seq ${count}`)
  await sleep(millis)
  // Reaping goes on: orphans, and a program that is started again.
  await web.does('(true &) ; (true &)')
  web.start('exit 3')
  await web.up()
  assert.ok(!rig.calls.includes('flood done'), 'the flood is held up')
  foster.readers.stdout?.resume()
  foster.readers.stderr?.resume()
  await flooded
  await foster.line(new RegExp(`^${count}$`))
  assert.deepEqual(foster.output.stdout.trimEnd().split('\n'), numbered('', count))
  // And nobody reads when it is asked to stop.
  foster.readers.stdout?.pause()
  foster.readers.stderr?.pause()
  flood.start(`seq ${count}`)
  foster.kill('SIGTERM')
  await web.call('TERM')
  assert.equal((await foster.exit()).code, 0)
}

e2e('a reader that stops reading neither loses a line nor delays reaping or a TERM', rig => withoutReader(rig, 0))
e2e('the same with a reader that stops for ten seconds', rig => withoutReader(rig, 10_000))

e2e('a reader that has gone: said on stderr, and the programs run on', async rig => {
  const web = rig.puppet('web', "trap 'exit 0' TERM")
  const foster = await rig.start({ programs: { web: { command: web.command }, other: { command: 'sleep 1000' } } })
  await web.up()
  foster.readers.stdout?.destroy()
  await web.does('echo to nobody')
  await foster.line(/cannot write to stdout: EPIPE/)
  await web.does('seq 100000')
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

function linesOf(text: string, name: string): readonly string[] {
  const start = `${name.padEnd('foster'.length)} | `
  return text.split('\n').flatMap(line => (line.startsWith(start) ? [line.slice(start.length)] : []))
}

function numbered(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`)
}
