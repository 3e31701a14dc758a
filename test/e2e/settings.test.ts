/** What programs keep over exec: umask, nice, oom_score_adj, limits; and that foster itself stays as it is. */
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { e2e, type Rig } from './rig.ts'
import type { Foster } from './rig-foster.ts'
import { descriptorsOf } from './rig-proc.ts'
import { limitsOf, settingsOf } from './rig-settings.ts'
import { eventually } from './rig-wait.ts'

/** Three numbers for each limit, all below the hard limits of a usual machine. */
const values: Readonly<Record<string, readonly [number, number, number]>> = {
  as: [2 ** 31, 2 ** 32, 2 ** 33],
  core: [0, 4096, 8192],
  cpu: [1000, 2000, 3000],
  data: [2 ** 31, 2 ** 32, 2 ** 33],
  fsize: [2 ** 30, 2 ** 31, 2 ** 32],
  locks: [10, 20, 30],
  memlock: [4096, 8192, 16384],
  msgqueue: [1024, 2048, 4096],
  nice: [0, 0, 0],
  nofile: [100, 200, 300],
  nproc: [500, 600, 700],
  rss: [2 ** 31, 2 ** 32, 2 ** 33],
  rtprio: [0, 0, 0],
  rttime: [1000, 2000, 3000],
  sigpending: [100, 200, 300],
  stack: [2 ** 20, 2 ** 21, 2 ** 22],
}
const names = Object.keys(values)
const limitsBy = (shape: (low: number, middle: number, high: number) => unknown): object =>
  Object.fromEntries(names.map(name => [name, shape(...(values[name] ?? [0, 0, 0]))]))

const soon = { restart: 'always', start_retries: -1, backoff: { delay: '1ms', max: '1ms' } }

/** Foster with one program that has these settings; the program's pid as the test sees it. */
async function start(rig: Rig, settings: object, options = {}): Promise<{ foster: Foster; pid: number }> {
  const web = rig.puppet('web')
  const foster = await rig.start({ programs: { web: { command: web.command, ...settings } } }, options)
  return { foster, pid: (await rig.facts(foster, await web.up())).pid }
}

e2e('ulimits: a number is the soft and the hard limit', async rig => {
  const { foster, pid } = await start(rig, { ulimits: limitsBy(low => low) })
  const own = limitsOf(foster.pid)
  const found = limitsOf(pid)
  for (const name of names) assert.deepEqual(found[name], { soft: values[name]?.[0], hard: values[name]?.[0] }, name)
  for (const name of names) if (values[name]?.[0] !== 0) assert.notDeepEqual(own[name], found[name], name)
})

e2e('ulimits: soft and hard, each by itself', async rig => {
  const both = await start(rig, { ulimits: limitsBy((low, _middle, hard) => ({ soft: low, hard })) })
  for (const name of names) {
    assert.deepEqual(limitsOf(both.pid)[name], { soft: values[name]?.[0], hard: values[name]?.[2] }, name)
  }
  const own = limitsOf(both.foster.pid)
  const [soft, hard] = [rig.puppet('soft'), rig.puppet('hard')]
  const programs = {
    soft: { command: soft.command, ulimits: limitsBy((_low, middle) => ({ soft: middle })) },
    hard: { command: hard.command, ulimits: limitsBy((_low, _middle, high) => ({ hard: high })) },
  }
  // A machine that allows no core dumps allows them no soft limit either.
  if (own.core?.hard === 0) delete (programs.soft.ulimits as { core?: unknown }).core
  const foster = await rig.start({ programs })
  const [ofSoft, ofHard] = [await rig.facts(foster, await soft.up()), await rig.facts(foster, await hard.up())]
  for (const name of Object.keys(programs.soft.ulimits)) {
    assert.deepEqual(limitsOf(ofSoft.pid)[name], { soft: values[name]?.[1], hard: own[name]?.hard }, name)
  }
  for (const name of names) {
    const most = values[name]?.[2] ?? 0
    assert.deepEqual(limitsOf(ofHard.pid)[name], { soft: Math.min(own[name]?.soft ?? 0, most), hard: most }, name)
  }
  assert.deepEqual(limitsOf(foster.pid), own)
})

e2e('without ulimits a program has those of foster, around the wrapper too', async rig => {
  const [plain, other] = [rig.puppet('plain'), rig.puppet('other')]
  const programs = { plain: { command: plain.command }, other: { command: other.command, ulimits: { locks: 10 } } }
  const foster = await rig.start({ programs }, { via: ['prlimit', '--nofile=1000:20000', '--core=0:0'] })
  const ofPlain = limitsOf((await rig.facts(foster, await plain.up())).pid)
  const ofOther = limitsOf((await rig.facts(foster, await other.up())).pid)
  assert.deepEqual(ofPlain, limitsOf(foster.pid))
  assert.deepEqual(ofPlain.nofile, { soft: 20_000, hard: 20_000 })
  assert.deepEqual(ofOther, { ...ofPlain, locks: { soft: 10, hard: 10 } })
})

/** With and without the wrapper, which a higher oom_score_adj needs. */
for (const [name, oom] of [
  ['umask and nice', undefined],
  ['umask, nice and oom_score_adj', 7],
] as const) {
  e2e(
    `${name} hold for the first child, and foster stays as it is`,
    async rig => {
      const web = rig.puppet('web', `(umask; nice; cat /proc/self/oom_score_adj) >"$dir/first"; : >"$dir/made"`)
      const settings = { umask: '0137', nice: -3, oom_score_adj: oom ?? null, ulimits: { nofile: { soft: 5000 } } }
      const plain = rig.puppet('plain', `: >"$dir/plain-made"`)
      const programs = { web: { command: web.command, ...settings, ...soon }, plain: { command: plain.command } }
      const foster = await rig.start({ programs })
      // Foster has what the test has; its own may just have been changed for a spawn.
      const before = settingsOf(process.pid)
      const { pid } = await rig.facts(foster, await web.up())
      const expected = { umask: '0137', nice: -3, oom: oom ?? before.oom }
      assert.equal(readFileSync(join(rig.dir, 'first'), 'utf8'), `0137\n-3\n${expected.oom}\n`)
      assert.deepEqual(settingsOf(pid), expected)
      assert.equal(limitsOf(pid).nofile?.soft, 5000)
      assert.equal(statSync(join(rig.dir, 'made')).mode & 0o777, 0o640)
      for (let round = 0; round < 3; round++) {
        web.start('exit 1')
        await web.up()
      }
      await eventually('foster says so', () => foster.output.stderr.match(/web: started/g)?.length === 4)
      assert.deepEqual(settingsOf(foster.pid), before)
      const other = await rig.facts(foster, await plain.up())
      assert.deepEqual([settingsOf(other.pid), limitsOf(other.pid)], [before, limitsOf(foster.pid)])
      const usual = 0o666 & ~Number.parseInt(before.umask, 8)
      assert.equal(statSync(join(rig.dir, 'plain-made')).mode & 0o777, usual)
    },
    'root',
  )
}

e2e(
  'an oom_score_adj below that of foster holds, and foster stays as it is',
  async rig => {
    const { foster, pid } = await start(rig, { oom_score_adj: -7 })
    assert.equal(settingsOf(pid).oom, -7)
    assert.equal(settingsOf(foster.pid).oom, 0)
  },
  'machine',
)

const as12345 = ['setpriv', '--reuid=12345', '--regid=12345', '--clear-groups', '--no-new-privs', '--inh-caps=-all']

e2e(
  'foster as uid 12345: everything that anybody may do',
  async rig => {
    const settings = { umask: 77, nice: 19, oom_score_adj: 500, ulimits: limitsBy(low => low), groups: ['12345'] }
    const { foster, pid } = await start(rig, settings, { via: as12345, binary: rig.reachable() })
    assert.deepEqual(settingsOf(pid), { umask: '0077', nice: 19, oom: 500 })
    for (const name of names) assert.equal(limitsOf(pid)[name]?.hard, values[name]?.[0], name)
    const own = settingsOf(foster.pid)
    assert.ok(own.nice < 19 && own.oom < 500)
  },
  'root',
)

e2e(
  'foster as uid 12345: what it may not do is refused before anything is started',
  async rig => {
    const via = ['prlimit', '--nofile=1000:2000', '--nice=0:0', '--', ...as12345]
    const options = { via, binary: rig.reachable() }
    const refusals: readonly (readonly [object, RegExp])[] = [
      [{ groups: ['4711'] }, /cannot add groups: foster runs as uid 12345/],
      [{ nice: -20 }, /cannot set nice -20: .* needs CAP_SYS_NICE/],
      [{ oom_score_adj: -1000 }, /cannot set oom_score_adj -1000: .* needs CAP_SYS_RESOURCE/],
      [{ ulimits: { nofile: 2001 } }, /cannot set the hard limit 2001: foster's own is 2000, .* CAP_SYS_RESOURCE/],
      [{ ulimits: { nofile: { soft: 2001 } } }, /above the hard one, which is foster's own 2000/],
    ]
    for (const [settings, message] of refusals) {
      const foster = await rig.start({ programs: { web: { command: 'true', ...settings } } }, options)
      assert.equal((await foster.exit()).code, 2, foster.story())
      assert.match(foster.output.stderr, message)
    }
  },
  'root',
)

e2e(
  "as root a hard limit may be raised, also for another user's program",
  async rig => {
    const options = { via: ['prlimit', '--nofile=1000:2000', '--'] }
    const settings = { user: '4711', ulimits: { nofile: { soft: 2500, hard: 3000 } } }
    const { foster, pid } = await start(rig, settings, options)
    assert.deepEqual(limitsOf(pid).nofile, { soft: 2500, hard: 3000 })
    assert.deepEqual(limitsOf(foster.pid).nofile, { soft: 2000, hard: 2000 })
  },
  'machine',
)

e2e('200 starts through the wrapper leave nothing behind', async rig => {
  const few = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [
      `t${i}`,
      { command: 'false', critical: false, ...soon, ulimits: { core: 0, cpu: 60 } },
    ]),
  )
  const web = rig.puppet('web')
  const foster = await rig.start({ programs: { ...few, web: { command: web.command, ulimits: { locks: 5 } } } })
  await web.up()
  const count = (): number => foster.output.stderr.match(/t\d: exited with code 1 /g)?.length ?? 0
  const now = (): number => Object.keys(descriptorsOf(foster.pid)).length
  const open = async (least: number): Promise<number> => {
    await eventually(`${least} ends`, () => count() >= least)
    return now()
  }
  const before = await open(10)
  await open(210)
  // Each that runs right now has one descriptor, and one that is just being started two more.
  await eventually(`no more descriptors than ${before} and 13`, () => now() <= before + 13)
  const trouble = foster.lines.filter(line => /cannot start|internal|killed/.test(line))
  assert.deepEqual(trouble, [])
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})
