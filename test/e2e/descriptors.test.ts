/** Each row of the table of descriptors (design, section 8): what foster's stdout may be, and how it is written to. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { e2e, type Options, type Rig } from './rig.ts'
import type { Foster } from './rig-foster.ts'
import { eventually } from './rig-wait.ts'

/** What is in a pipe; empty: nothing yet. */
function readSome(fd: number): string {
  const buffer = Buffer.alloc(100)
  try {
    return buffer.toString('latin1', 0, readSync(fd, buffer))
  } catch {
    return ''
  }
}

const count = 20_000
const expected = Array.from({ length: count }, (_, i) => `line ${i + 1}`)
/** More than any of the descriptors holds at once, and a line that is not ended. */
const command = ['sh', '-c', `seq -f 'line %.0f' ${count}; printf end`]
/** A reader that is slow has all the time that it takes. */
const config = { programs: { web: { kind: 'task', command } }, shutdown: { timeout: '5m' } }

/** All lines of the task are there, in order; foster's own may stand between them. */
function isComplete(text: string): void {
  const lines = text.split('\n').map(line => line.replace(/\r+$/, ''))
  assert.deepEqual(
    lines.filter(line => !line.startsWith('foster')),
    [...expected, 'end', ''],
  )
}

/** Runs the task with these descriptors. */
async function run(rig: Rig, options: Options = {}, plan: object = config): Promise<Foster> {
  const foster = await rig.start(plan, options)
  assert.deepEqual(await foster.exit(), { code: 0, signal: null }, foster.story())
  return foster
}

e2e('a pipe: written through a description of our own, the shared one stays blocking', async rig => {
  const fifo = join(rig.dir, 'fifo')
  execFileSync('mkfifo', [fifo])
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
  const shared = openSync(fifo, constants.O_WRONLY)
  const web = rig.puppet('web')
  await rig.start({ programs: { web: { command: web.command } } }, { stdio: ['ignore', shared] })
  await web.up()
  await web.does('echo hello')
  await eventually('it was written', () => readSome(reader) === 'hello\n')
  const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${shared}`, 'utf8'))?.[1]
  assert.equal(Number.parseInt(flags ?? '0', 8) & constants.O_NONBLOCK, 0)
  closeSync(shared)
  closeSync(reader)
  isComplete((await run(rig)).output.stdout)
})

e2e('a terminal', async rig => {
  const around = ['sh', '-c', 'exec script -qefc "exec $*" /dev/null </dev/null', 'sh']
  const foster = await run(rig, { around, stdio: ['ignore', undefined, 'ignore'] })
  isComplete(foster.output.stdout)
})

e2e('a regular file: its offset is kept and shared, nothing is overwritten', async rig => {
  const path = rig.file('out', 'before\n')
  const fd = openSync(path, constants.O_WRONLY)
  writeSync(fd, 'BEFORE\n')
  await run(rig, { stdio: ['ignore', fd, 'ignore'] })
  writeSync(fd, 'after\n')
  closeSync(fd)
  const text = readFileSync(path, 'utf8')
  assert.ok(text.startsWith('BEFORE\n') && text.endsWith('after\n'))
  isComplete(text.slice('BEFORE\n'.length, -'after\n'.length))
})

e2e('a regular file for both, with what others write to it', async rig => {
  const path = rig.file('out', '')
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND)
  const done = join(rig.dir, 'done')
  const via = ['sh', '-c', `echo first; (sleep 0; echo beside; : >${done}) & exec "$@"`, 'sh']
  // Who is beside foster must have written before foster ends, and the container with it.
  const [shell = '', option = '', text = ''] = command
  const last = [shell, option, `${text}; until [ -e ${done} ]; do sleep 0.01; done`]
  await run(rig, { stdio: ['ignore', fd, fd], via }, { ...config, programs: { web: { kind: 'task', command: last } } })
  closeSync(fd)
  const lines = readFileSync(path, 'utf8').split('\n')
  assert.equal(lines[0], 'first')
  assert.ok(lines.includes('beside'))
  isComplete(lines.filter(it => !/beside|first/.test(it)).join('\n'))
})

e2e('a regular file over the limit of its size, and a full disk: said, and the programs run on', async rig => {
  const limited = openSync(rig.file('limited', ''), 'w')
  for (const [fd, why, via] of [
    [limited, 'EFBIG', ['prlimit', '--fsize=4096']],
    [openSync('/dev/full', 'w'), 'ENOSPC', []],
  ] as const) {
    const foster = await run(rig, { via, stdio: ['ignore', fd] })
    assert.match(foster.output.stderr, new RegExp(`cannot write to stdout: ${why}`))
    assert.match(foster.output.stderr, /bytes of output were not taken by the reader and are lost/)
    closeSync(fd)
  }
})

e2e('a socket', async rig => {
  isComplete((await run(rig, { stdio: ['ignore', 'pipe', 'pipe'] })).output.stdout)
})

e2e('/dev/null, and both closed', async rig => {
  await run(rig, { stdio: ['ignore', 'ignore', 'ignore'] })
  await run(rig, { via: ['sh', '-c', 'exec "$@" >&- 2>&-', 'sh'] })
})

const unprivileged = ['setpriv', '--reuid=4711', '--regid=4712', '--clear-groups']

e2e(
  "a pipe that cannot be reopened: another user's",
  async rig => {
    // The rig's pipes belong to root, mode 0644.
    isComplete((await run(rig, { via: unprivileged, binary: rig.reachable() })).output.stdout)
  },
  'root',
)

e2e(
  "another user's pipe whose reader is slow: no line is lost, and a TERM is not delayed",
  async rig => {
    const web = rig.puppet('web', "trap 'home TERM; exit 0' TERM")
    const foster = await rig.start(
      { programs: { web: { command: web.command } } },
      { via: unprivileged, binary: rig.reachable() },
    )
    await web.up()
    foster.readers.stdout?.pause()
    web.start(`seq -f 'line %.0f' ${count}; echo end`)
    foster.readers.stdout?.resume()
    await foster.line(/^end$/)
    isComplete(foster.output.stdout)
    foster.readers.stdout?.pause()
    web.start(`(seq 1000000 &)`)
    foster.kill('SIGTERM')
    await web.call('TERM')
    assert.equal((await foster.exit()).code, 0)
  },
  'root',
)

e2e('a pipe that cannot be reopened: /proc is not mounted', async rig => {
  const via = ['sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh']
  const foster = await run(rig, { via })
  isComplete(foster.output.stdout)
  const web = rig.puppet('web', "trap 'home TERM; exit 0' TERM")
  const beside = await rig.start(
    { programs: { web: { command: web.command }, db: { command: 'sleep 1000' } } },
    { via },
  )
  await web.up()
  await web.does('(true &) ; (sleep 0 &)')
  beside.kill('SIGTERM')
  await web.call('TERM')
  assert.equal((await beside.exit()).code, 0)
})
