/** Who programs run as, and foster as somebody else than root. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { e2e, type Rig } from './rig.ts'
import { processFacts } from './rig-proc.ts'
import { eventually } from './rig-wait.ts'

const passwd = `root:x:0:0::/root:/bin/sh
app:x:4711:4712:The app:/srv/app:/bin/sh
nobody:x:65534:65534::/nonexistent:/bin/sh
`
const group = `root:x:0:
app:x:4712:
media:x:4801:somebody,app
cache:x:4802:app
secret:x:4803:somebody
`

/** Foster in an image with these accounts, and groups of its own that no program is to have. */
function image(rig: Rig): { via: readonly string[] } {
  rig.file('passwd', passwd)
  rig.file('group', group)
  const script = 'mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/group" /etc/group && exec "$@"'
  return { via: ['sh', '-c', script, rig.dir, 'setpriv', '--groups=4901,4902'] }
}

const ids = (text = '') => text.split(/\s+/).filter(Boolean).map(Number)

/** uid, gid and supplementary groups of a process. */
function identity(pid: number) {
  const { Uid, Gid, Groups, CapEff } = processFacts(pid)?.status ?? {}
  return { uid: ids(Uid), gid: ids(Gid), groups: ids(Groups).sort(), capabilities: BigInt(`0x${CapEff}`) }
}

const four = (id: number) => [id, id, id, id]

e2e(
  'user: uid, gid, exactly its supplementary groups, HOME, USER, LOGNAME',
  async rig => {
    const web = rig.puppet('web')
    const foster = await rig.start({ programs: { web: { command: web.command, user: 'app' } } }, image(rig))
    const { pid } = await rig.facts(foster, await web.up())
    const expected = { uid: four(4711), gid: four(4712), groups: [4712, 4801, 4802], capabilities: 0n }
    assert.deepEqual(identity(pid), expected)
    assert.equal(await web.tells('echo $HOME $USER $LOGNAME'), '/srv/app app app')
    assert.equal(await web.tells('id -G'), '4712 4801 4802')
  },
  'root',
)

e2e(
  'groups: further ones, for a user and for foster itself',
  async rig => {
    const [web, own] = [rig.puppet('web'), rig.puppet('own')]
    const programs = {
      web: { command: web.command, user: 'app', groups: ['secret', '4999', 'media'] },
      own: { command: own.command, groups: ['4999'], environment: { LOGNAME: 'kept' } },
    }
    const foster = await rig.start({ programs }, image(rig))
    const ofWeb = await rig.facts(foster, await web.up())
    const ofOwn = await rig.facts(foster, await own.up())
    // Until it says so, foster itself may still have what it has taken on for a start.
    for (const name of ['web', 'own']) await foster.line(new RegExp(`${name}: started`))
    assert.deepEqual(identity(ofWeb.pid).groups, [4712, 4801, 4802, 4803, 4999])
    assert.deepEqual(identity(ofOwn.pid), { ...identity(foster.pid), groups: [4901, 4902, 4999] })
    assert.deepEqual(identity(foster.pid).groups, [4901, 4902])
    assert.equal(await own.tells('echo $LOGNAME'), 'kept')
    foster.kill('SIGTERM')
    const unknown = await rig.start({ programs: { web: { command: 'true', groups: ['wheel'] } } }, image(rig))
    assert.equal((await unknown.exit()).code, 2)
    assert.match(unknown.output.stderr, /there is no group "wheel"/)
  },
  'root',
)

const others: ReadonlyArray<[user: string, uid: number, gid: number, groups: number[], variables: string]> = [
  ['nobody', 65534, 65534, [65534], '/nonexistent nobody nobody'],
  ['4711', 4711, 4712, [4712, 4801, 4802], '/srv/app app app'],
  ['app:media', 4711, 4801, [4801, 4802], '/srv/app app app'],
  ['app:4999', 4711, 4999, [4801, 4802, 4999], '/srv/app app app'],
  ['12345', 12345, 0, [], '/ none none'],
  ['12345:4801', 12345, 4801, [], '/ none none'],
]
for (const [user, uid, gid, groups, variables] of others) {
  e2e(
    `user: ${user}`,
    async rig => {
      const web = rig.puppet('web')
      const foster = await rig.start({ programs: { web: { command: web.command, user } } }, image(rig))
      const { pid } = await rig.facts(foster, await web.up())
      assert.deepEqual(identity(pid), { uid: four(uid), gid: four(gid), groups, capabilities: 0n })
      assert.equal(
        await web.tells('echo $HOME $(printenv USER || echo none) $(printenv LOGNAME || echo none)'),
        variables,
      )
    },
    'root',
  )
}

e2e(
  'foster stays what it was, and a program without user is what foster is',
  async rig => {
    const [web, own] = [rig.puppet('web', "trap 'exit 0' TERM"), rig.puppet('own')]
    const more = { restart: 'always', start_retries: -1, backoff: { delay: '10ms' } }
    const programs = { web: { command: web.command, user: 'app', ...more }, own: { command: own.command } }
    const foster = await rig.start({ programs }, image(rig))
    await web.up()
    web.start('exit 1')
    await web.up()
    // The program may be up before the call that started it has come back to foster.
    await eventually('foster says so', () => foster.output.stderr.match(/web: started/g)?.length === 2)
    const before = identity(process.pid)
    const expected = { uid: four(0), gid: four(0), groups: [4901, 4902], capabilities: before.capabilities }
    assert.deepEqual(identity(foster.pid), expected)
    const { pid } = await rig.facts(foster, await own.up())
    assert.deepEqual(identity(pid), expected)
    // Programs of root's may still look at PID 1: it is dumpable.
    await own.does('echo straight >/proc/1/fd/1')
    await foster.line(/^straight$/)
    foster.kill('SIGTERM')
    assert.equal((await foster.exit()).code, 0)
  },
  'root',
)

e2e(
  "a stop_command runs as the program's user",
  async rig => {
    const web = rig.puppet('web', "trap 'exit 0' TERM")
    const stop = [
      '/bin/sh',
      '-c',
      `echo "web 0 $(id -u):$(id -g):$(id -G | tr ' ' ,) $HOME" >${rig.dir}/home; kill $MAINPID`,
    ]
    const program = { command: web.command, user: 'app', stop_command: stop }
    const foster = await rig.start({ programs: { web: program } }, image(rig))
    await web.up()
    foster.kill('SIGTERM')
    assert.equal(await web.call(/:/), '4711:4712:4712,4801,4802 /srv/app')
    assert.equal((await foster.exit()).code, 0)
  },
  'root',
)

e2e(
  'what its user may not execute or enter is named',
  async rig => {
    mkdirSync(join(rig.dir, 'private'), { mode: 0o700 })
    rig.file('private/tool', '#!/bin/sh\n', 0o755)
    const once = { restart: 'never', user: 'app' }
    const foster = await rig.start(
      { programs: { web: { command: join(rig.dir, 'private/tool'), ...once } } },
      image(rig),
    )
    assert.equal((await foster.exit()).code, 126)
    assert.match(foster.output.stderr, /cannot start web: .*private\/tool: /)
    const inside = { command: 'true', working_dir: join(rig.dir, 'private'), ...once }
    const second = await rig.start({ programs: { web: inside } }, image(rig))
    assert.equal((await second.exit()).code, 1)
    assert.match(second.output.stderr, /cannot start web: working_dir .*private: /)
  },
  'root',
)

e2e(
  'without the capabilities to change users: said, nothing is run as root instead',
  async rig => {
    const web = rig.puppet('web')
    const via = ['setpriv', '--bounding-set=-setuid,-setgid', '--inh-caps=-setuid,-setgid']
    const foster = await rig.start(
      { programs: { web: { command: web.command, user: '4711', restart: 'never' } } },
      { via },
    )
    assert.equal((await foster.exit()).code, 2)
    assert.match(foster.output.stderr, /cannot run as user "?4711"?: foster lacks CAP_SETUID or CAP_SETGID/)
    // Without /proc it cannot be told beforehand.
    const blind = { via: [...via, 'sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh'] }
    for (const ulimits of [{}, { locks: 5 }]) {
      const program = { command: web.command, user: '4711', restart: 'never', ulimits }
      const other = await rig.start({ programs: { web: program } }, blind)
      assert.equal((await other.exit()).code, 1)
      assert.match(other.output.stderr, /cannot start web: cannot become (user 4711|its user): .*EPERM/)
    }
    assert.deepEqual(rig.calls, [])
  },
  'root',
)

const as12345 = ['setpriv', '--reuid=12345', '--regid=12345', '--clear-groups', '--no-new-privs', '--inh-caps=-all']

e2e(
  'foster as uid 12345, without any privilege, works',
  async rig => {
    const web = rig.puppet('web', "trap 'home TERM; exit 0' TERM")
    const options = { via: as12345, binary: rig.reachable() }
    const more = { restart: 'always', start_retries: -1, backoff: { delay: '10ms' } }
    const foster = await rig.start(
      { programs: { web: { command: web.command, ...more }, db: { command: 'sleep 1000' } } },
      options,
    )
    const { pid } = await rig.facts(foster, await web.up())
    assert.deepEqual(identity(pid), { uid: four(12345), gid: four(12345), groups: [], capabilities: 0n })
    await web.does('(true &); echo to stdout >/dev/stdout')
    await foster.line(/^web {4}\| to stdout$/)
    web.start('exit 1')
    await web.up()
    foster.kill('SIGTERM')
    assert.equal((await foster.exit()).code, 0)
    const command = await rig.command(['sh', '-c', 'exit 42'], options)
    assert.equal((await command.exit()).code, 42)
  },
  'root',
)

e2e(
  'foster as uid 12345: another user is a fault of the configuration, its own is none',
  async rig => {
    const options = { via: as12345, binary: rig.reachable() }
    const other = await rig.start({ programs: { web: { command: 'true', user: 'nobody' } } }, options)
    assert.equal((await other.exit()).code, 2)
    assert.match(other.output.stderr, /foster runs as uid 12345, and only root can change the user/)
    const own = await rig.start({ programs: { web: { kind: 'task', command: 'true', user: '12345' } } }, options)
    assert.equal((await own.exit()).code, 0)
  },
  'root',
)
