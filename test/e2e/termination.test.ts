/** The termination message, in a /dev of the test's own. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { e2e, type Options, type Rig } from './rig.ts'
import type { Foster } from './rig-foster.ts'

/** A /dev with nothing but null and what `make` puts there; `message` is where the message would be. */
function device(rig: Rig, make: (path: string) => void): { message: string; options: Options } {
  const dev = join(rig.dir, 'dev')
  mkdirSync(dev)
  writeFileSync(join(dev, 'null'), '')
  const message = join(dev, 'termination-log')
  make(message)
  const script = 'mount --bind /dev/null "$0/null" && mount --rbind "$0" /dev && exec "$@"'
  return { message, options: { via: ['sh', '-c', script, dev] } }
}

/** What a run has left in the file, which was full of something else. */
async function lastWords(
  rig: Rig,
  plan: object | readonly string[],
  act: (foster: Foster) => Promise<void> | void = () => {},
): Promise<{ code: number | null; said: Record<string, unknown> | undefined }> {
  const { message, options } = device(rig, path => writeFileSync(path, 'x'.repeat(10_000)))
  const foster = await rig.start(plan, options)
  await act(foster)
  const { code } = await foster.exit()
  const text = readFileSync(message, 'utf8')
  if (text.startsWith('xxx')) return { code, said: undefined }
  assert.ok(text.length <= 4096)
  return { code, said: JSON.parse(text) as Record<string, unknown> }
}

/** Without the figures that differ from run to run. */
function settled(said: Record<string, unknown> | undefined): object {
  const { uptime_seconds, ...rest } = said ?? {}
  assert.ok(typeof uptime_seconds === 'number' && uptime_seconds >= 0 && uptime_seconds < 60)
  return rest
}

e2e('a program that ends the container: which, how, how often, and its last lines', async rig => {
  const shell = 'seq 1 100 >&2; echo out; printf "no newline" >&2; exit 3'
  const command = ['sh', '-c', shell]
  const more = { replicas: 2, start_retries: 1, backoff: { delay: '1ms' } }
  const { code, said } = await lastWords(rig, { programs: { web: { command, ...more } } })
  assert.equal(code, 3)
  const lines = [...Array.from({ length: 49 }, (_, i) => String(52 + i)), 'no newline']
  const { replica, ...rest } = settled(said) as { replica: number }
  assert.ok(replica === 0 || replica === 1)
  const expected = { program: 'web', cause: 'program', message: 'web: exited with code 3', code: 3, exit_code: 3 }
  assert.deepEqual(rest, { ...expected, restarts: 1, stderr: lines })
})

e2e('a program that is killed', async rig => {
  const killed = await lastWords(rig, { programs: { web: { command: ['sh', '-c', 'kill -9 $$'], restart: 'never' } } })
  const message = 'web: killed by SIGKILL'
  assert.deepEqual(settled(killed.said), {
    ...{ program: 'web', cause: 'program', message, signal: 'KILL', exit_code: 137, restarts: 0, stderr: [] },
  })
})

e2e('a program that cannot be started', async rig => {
  const { said } = await lastWords(rig, { programs: { web: { command: '/no/such', restart: 'never' } } })
  const message = 'web: could not be started: /no/such: not found'
  assert.deepEqual(said, {
    ...{ program: 'web', cause: 'program', message, code: 127, exit_code: 127, restarts: 0, stderr: [] },
  })
})

e2e('a dependency that failed: the root, its code and its lines', async rig => {
  const programs = {
    // However slowly it ends: it was never there.
    db: { command: ['sh', '-c', 'echo broken >&2; exit 4'], restart: 'never', critical: false, start_seconds: '600s' },
    mid: { command: 'sleep 1000', depends_on: { db: 'ready' }, critical: false },
    web: { command: 'sleep 1000', depends_on: { mid: 'ready' } },
  }
  const { code, said } = await lastWords(rig, { programs })
  assert.equal(code, 4)
  assert.deepEqual(said, {
    ...{ program: 'web', cause: 'dependency', root: 'db', message: 'web depends on db, which exited with code 4' },
    ...{ code: 4, exit_code: 4, restarts: 0, stderr: ['broken'] },
  })
})

e2e('a requested stop that went well leaves what is there', async rig => {
  const { code, said } = await lastWords(rig, { programs: { web: { command: 'sleep 1000' } } }, async foster => {
    await foster.line(/web: started/)
    foster.kill('SIGTERM')
  })
  assert.deepEqual([code, said], [0, undefined])
})

e2e('a requested stop in which a program had to be killed', async rig => {
  const web = rig.puppet('web', "trap '' TERM", 'echo stubborn >&2')
  const program = { command: web.command, stop_grace_period: '100ms' }
  const { code, said } = await lastWords(rig, { programs: { web: program } }, async foster => {
    await web.up()
    foster.kill('SIGTERM')
  })
  assert.equal(code, 137)
  const message = 'asked to stop, web: killed by SIGKILL'
  assert.deepEqual(settled(said), {
    ...{
      program: 'web',
      cause: 'requested',
      message,
      signal: 'KILL',
      exit_code: 137,
      restarts: 0,
      stderr: ['stubborn'],
    },
  })
})

e2e('nothing left to run', async rig => {
  const { said } = await lastWords(rig, { programs: { job: { kind: 'task', command: 'true' } } })
  assert.deepEqual(said, { cause: 'idle', message: 'nothing was left to run', exit_code: 0, stderr: [] })
})

e2e('a faulty configuration', async rig => {
  const { code, said } = await lastWords(rig, { programs: { web: { comand: 'true' } } })
  assert.equal(code, 2)
  assert.ok(said)
  assert.equal(said.cause, 'configuration')
  assert.match(String((said.stderr as string[])[0]), /plan\.yaml:\d+:\d+: error: unknown key "comand"/)
})

e2e('`foster -- CMD` leaves the file to CMD', async rig => {
  const { code, said } = await lastWords(rig, ['--', 'sh', '-c', 'echo \'{"mine":1}\' >/dev/termination-log; exit 3'])
  assert.deepEqual([code, said], [3, { mine: 1 }])
})

const failing = { programs: { web: { command: 'false', restart: 'never' } } }

/** Foster ends as always, whatever stands there. */
async function ends(rig: Rig, make: (path: string) => void, options: Options = {}): Promise<string> {
  const { message, options: own } = device(rig, make)
  const foster = await rig.start(failing, { ...own, ...options, via: [...(own.via ?? []), ...(options.via ?? [])] })
  assert.deepEqual(await foster.exit(), { code: 1, signal: null }, foster.story())
  assert.doesNotMatch(foster.output.stderr, /internal/)
  return message
}

e2e('no file: none is made', async rig => {
  assert.equal(existsSync(await ends(rig, () => {})), false)
})

e2e('a symbolic link is not followed', async rig => {
  const target = rig.file('target', 'kept')
  await ends(rig, path => symlinkSync(target, path))
  assert.equal(readFileSync(target, 'utf8'), 'kept')
})

e2e('a named pipe that nobody reads is not waited for', async rig => {
  const message = await ends(rig, path => void execFileSync('mkfifo', [path]))
  assert.ok(statSync(message).isFIFO())
})

e2e('a directory is left alone', async rig => {
  assert.ok(statSync(await ends(rig, path => void mkdirSync(path))).isDirectory())
})

e2e(
  'a file that foster may not write to is left alone',
  async rig => {
    const make = (path: string): void => {
      writeFileSync(path, 'kept')
      chmodSync(path, 0o600)
    }
    const via = ['setpriv', '--reuid=12345', '--regid=12345', '--clear-groups', '--no-new-privs', '--inh-caps=-all']
    const message = await ends(rig, make, { via, binary: rig.reachable() })
    assert.equal(readFileSync(message, 'utf8'), 'kept')
  },
  'root',
)
