/** The process that becomes a program: what is left of it in the program (nothing), and how it fails. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, openSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { e2e, type Options, type Rig } from './rig.ts'
import type { Foster } from './rig-foster.ts'
import { descriptorsOf } from './rig-proc.ts'
import { onTerminal, Pty } from './rig-pty.ts'
import { limitsOf, settingsOf } from './rig-settings.ts'
import { eventually } from './rig-wait.ts'

/** Any hard limit takes the wrapper; the second is one that it could not live with. */
const limits = { locks: 5, as: 2 ** 28 }

const source = {
  binary: process.execPath,
  args: ['--no-warnings', '--disable-sigusr1', resolve('src/entry.ts')],
}

for (const from of ['the executable', 'source'] as const) {
  e2e(`from ${from}, a program is as any other: environment, descriptors, signals, session`, async rig => {
    const secret = openSync(rig.file('secret', 'x'), 'r')
    const [web, plain] = [rig.puppet('web'), rig.puppet('plain')]
    const programs = {
      web: { command: web.command, ulimits: limits, environment: { LD_PRELOAD: '', SHOWN: 'a=b\nc' } },
      plain: { command: plain.command, environment: { LD_PRELOAD: '', SHOWN: 'a=b\nc' } },
    }
    const stdio = ['ignore', undefined, undefined, undefined, undefined, secret] as const
    const options: Options = { stdio, env: { NODE_OPTIONS: '', OWN: 'x' } }
    const plan = rig.file('plan.yaml', JSON.stringify({ programs }))
    const foster = await (from === 'source'
      ? rig.start([...source.args, '-c', plan], { ...options, binary: source.binary })
      : rig.start({ programs }, options))
    const pids: number[] = []
    const found = await Promise.all(
      [web, plain].map(async it => {
        const { pid, group, session, status, argv } = await rig.facts(foster, await it.up())
        pids.push(pid)
        assert.deepEqual([group, session], [pid, pid])
        const variables = await it.tells("printenv | grep -v '^FOSTER_' | sort")
        const { SigBlk, SigIgn, SigCgt, Threads } = status
        return { variables, argv: argv.slice(0, 2), SigBlk, SigIgn, SigCgt, Threads }
      }),
    )
    assert.deepEqual(found[0], found[1])
    // A shell that has told something still has to close what it has told it by.
    await eventually('both have the same descriptors open', () => {
      const [one, other] = pids.map(pid => Object.keys(descriptorsOf(pid)).join())
      return one === other
    })
    foster.kill('SIGTERM')
    assert.equal((await foster.exit()).code, 0)
  })
}

e2e('a descriptor of a probe comes through, however high, and none of the wrapper itself', async rig => {
  // Node marks what it has inherited close-on-exec only up to the first gap.
  const web = rig.puppet('web')
  const program = { command: web.command, ulimits: limits, probes: { readiness: { fd: 60 } } }
  const foster = await rig.start({ programs: { web: program } })
  const { pid } = await rig.facts(foster, await web.up())
  // Those below are the standard ones and the shell's own.
  assert.deepEqual(
    Object.keys(descriptorsOf(pid)).filter(fd => Number(fd) > 11),
    ['60'],
  )
  await web.does('echo >/proc/self/fd/60')
  await foster.line(/web: ready/)
})

/** A program that is never there, with limits. */
async function fails(rig: Rig, program: object, options: Options = {}): Promise<Foster> {
  const foster = await rig.start({ programs: { web: { restart: 'never', ...program } } }, options)
  await foster.exit()
  return foster
}

e2e('what cannot be executed: the code and the reason are those of a start without limits', async rig => {
  mkdirSync(join(rig.dir, 'dir'))
  rig.file('lost', '#!/no/such/interpreter\n', 0o755)
  rig.file('plain', 'exit 0\n', 0o644)
  const cases: readonly (readonly [object, number])[] = [
    [{ command: '/no/such' }, 127],
    [{ command: 'no-such-command' }, 127],
    [{ command: './lost' }, 127],
    [{ command: './dir' }, 126],
    [{ command: './plain' }, 126],
    [{ command: 'true', working_dir: '/no/such' }, 1],
    [{ command: 'true', working_dir: './plain' }, 1],
  ]
  for (const [program, code] of cases) {
    const reasons: string[] = []
    for (const ulimits of [{}, { locks: 5 }, limits]) {
      const foster = await fails(rig, { ...program, ulimits })
      assert.equal((await foster.exit()).code, code, foster.story())
      reasons.push(/cannot start web: (.*)/.exec(foster.output.stderr)?.[1] ?? foster.story())
    }
    assert.deepEqual(reasons.slice(1), [reasons[0], reasons[0]])
  }
})

e2e(
  "a program's user, which foster's own file and the program may be closed to",
  async rig => {
    const binary = rig.reachable()
    mkdirSync(join(rig.dir, 'private'), { mode: 0o700 })
    const own = rig.file('private/tool', '#!/bin/sh\n', 0o755)
    for (const ulimits of [{}, limits]) {
      const foster = await fails(rig, { command: own, user: '4711', ulimits })
      assert.equal((await foster.exit()).code, 126)
      assert.match(foster.output.stderr, /cannot start web: .*private\/tool: /)
      const inside = await fails(rig, { command: 'true', working_dir: join(rig.dir, 'private'), user: '4711', ulimits })
      assert.equal((await inside.exit()).code, 1)
      assert.match(inside.output.stderr, /cannot start web: working_dir .*private: /)
    }
    // Foster's own executable is for root alone.
    const web = rig.puppet('web')
    const closed = join(rig.dir, 'private', 'foster')
    await rig.start(['--', 'cp', binary, closed]).then(it => it.exit())
    chmodSync(closed, 0o700)
    const program = { command: web.command, user: '4711:4712', ulimits: limits, groups: ['4801'] }
    const foster = await rig.start({ programs: { web: program } }, { binary: closed })
    const { pid, status } = await rig.facts(foster, await web.up())
    assert.deepEqual(
      [status.Uid, status.Gid, status.Groups?.trim()],
      ['4711\t4711\t4711\t4711', '4712\t4712\t4712\t4712', '4801'],
    )
    assert.equal(Number(`0x${status.CapEff}`), 0)
    assert.equal(limitsOf(pid).locks?.hard, 5)
  },
  'root',
)

e2e(
  'a limit that the kernel refuses at the start: said, nothing is run instead',
  async rig => {
    // Without /proc it cannot be told beforehand.
    const via = [
      ...['prlimit', '--nofile=1000:2000', '--', 'setpriv', '--bounding-set=-sys_resource', '--inh-caps=-sys_resource'],
      ...['sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh'],
    ]
    const foster = await fails(rig, { command: 'true', ulimits: { nofile: 3000 } }, { via })
    assert.equal((await foster.exit()).code, 1)
    const message = /cannot start web: cannot set the limit nofile to \d+:3000: EPERM .foster's own hard limit is 2000/
    assert.match(foster.output.stderr, message)
    const other = await fails(rig, { command: 'true', oom_score_adj: 7 }, { via })
    assert.equal((await other.exit()).code, 1)
    assert.match(other.output.stderr, /cannot start web: cannot set oom_score_adj 7: ENOENT/)
  },
  'root',
)

e2e('what foster cannot hand over, for a limit of its own, is a start that fails, and nothing more', async rig => {
  const plain = rig.puppet('plain')
  const environment = { BIG: 'x'.repeat(5000) }
  const web = { command: 'sleep 1000', critical: false, ulimits: limits, environment, start_retries: 2 }
  const programs = { plain: { command: plain.command }, web: { ...web, backoff: { delay: '1ms' } } }
  const foster = await rig.start({ programs }, { via: ['prlimit', '--fsize=4096'] })
  await plain.up()
  await foster.line(/cannot start web: cannot prepare its limits: write: EFBIG, given up after 3 attempts/)
  const inMemory = Object.values(descriptorsOf(foster.pid)).filter(it => it.startsWith('/memfd:'))
  assert.deepEqual(inMemory, [])
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  assert.doesNotMatch(foster.output.stderr, /internal error/)
})

e2e('scripts without #!, names looked for on the PATH of the program, in its directory', async rig => {
  mkdirSync(join(rig.dir, 'bin'))
  rig.file('bin/tool', 'echo "$0 $1"; exit 7\n', 0o755)
  const cwd = join(rig.dir, 'elsewhere')
  mkdirSync(cwd)
  for (const ulimits of [{}, limits]) {
    const program = { command: 'tool word', environment: { PATH: `bin:/bin` }, working_dir: rig.dir, ulimits }
    const foster = await fails(rig, program, { cwd })
    assert.equal((await foster.exit()).code, 7, foster.story())
    assert.equal(foster.output.stdout, 'bin/tool word\n')
  }
})

e2e('a stop that comes before the program has begun is not lost', async rig => {
  for (let round = 0; round < 3; round++) {
    const foster = await rig.start({ programs: { web: { command: 'sleep 1000', ulimits: limits } } })
    await foster.line(/web: started/)
    foster.kill('SIGTERM')
    assert.deepEqual(await foster.exit(), { code: 0, signal: null }, foster.story())
  }
})

e2e("the terminal's program is in the foreground", async rig => {
  const pty = new Pty()
  try {
    const program = { command: 'sleep 1003', tty: true, ulimits: limits }
    const stdio = [pty.slave, pty.slave, pty.slave] as const
    const foster = await rig.start({ programs: { web: program } }, { via: onTerminal, stdio })
    await eventually('sleep is in the foreground', () => {
      const found = foster.others().find(it => it.argv[1] === '1003')
      return found !== undefined && found.group === pty.foreground
    })
  } finally {
    pty.close()
  }
})

e2e("`foster -- CMD` has foster's own limits and settings", async rig => {
  const foster = await rig.command(['sleep', '1004'], { via: ['prlimit', '--core=5:10', 'nice', '-n', '3'] })
  const { pid } = await eventually('CMD runs', () => foster.others().find(it => it.argv[1] === '1004'))
  assert.deepEqual(settingsOf(pid), settingsOf(foster.pid))
  assert.deepEqual(limitsOf(pid), limitsOf(foster.pid))
  assert.deepEqual(limitsOf(pid).core, { soft: 5, hard: 10 })
})
