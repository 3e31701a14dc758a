/** sd_notify: who may not speak for a program, and whom a program cannot name. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { e2e, fixture, type Puppet, type Rig } from './rig.ts'
import type { Foster } from './rig-foster.ts'
import { isAlive } from './rig-proc.ts'

const atOnce = { start_seconds: '0s' }
const probes = { readiness: { notify: true } }
const python = '/usr/bin/python3'
const lacksPython = !existsSync(python) && `needs ${python}`

interface Two {
  readonly foster: Foster
  readonly web: Puppet
  readonly evil: Puppet
  /** The pid of web as it calls itself. */
  readonly pid: number
  /** How to speak to web's socket. */
  readonly say: string
}

/** A program that is listened to, and another one that wants to speak for it. */
async function two(rig: Rig, users: { web?: string; evil?: string } = {}): Promise<Two> {
  const [web, evil] = [rig.puppet('web'), rig.puppet('evil')]
  const script = rig.file('notify.py', readFileSync(fixture('notify.py'), 'utf8'), 0o755)
  const as = (user: string | undefined) => (user === undefined ? atOnce : { ...atOnce, user })
  const foster = await rig.start({
    programs: {
      web: { ...as(users.web), command: web.command, probes },
      evil: { ...as(users.evil), command: evil.command, critical: false },
    },
  })
  const pid = await web.up()
  await evil.up()
  const path = await web.tells('echo $NOTIFY_SOCKET')
  return { foster, web, evil, pid, say: `${python} ${script} --to ${path}` }
}

/** Has a puppet say something and stay, so that it can be looked at. */
const stay = ({ say }: Two, text: string): string =>
  `mkfifo $dir/stay; ${say} --stay ${text} <$dir/stay >$dir/sent & exec 8>$dir/stay; while ! [ -s $dir/sent ]; do sleep 0.01; done`

/** Has a puppet say something and end before foster can look at who it was. */
async function sayAndGo({ foster, say }: Two, puppet: Puppet, text: string): Promise<void> {
  foster.kill('SIGSTOP')
  await puppet.does(`${say} ${text}`)
  foster.kill('SIGCONT')
}

const pairs: ReadonlyArray<[what: string, users: { web?: string; evil?: string }]> = [
  ['both are root', {}],
  ['both are the same user', { web: 'nobody', evil: 'nobody' }],
  ['the program is root and the other is not', { evil: 'nobody' }],
  ['the other is root and the program is not', { web: 'nobody' }],
]
for (const [what, users] of pairs) {
  e2e(
    `another program is not heard: ${what}`,
    async (rig, context) => {
      if (lacksPython) return context.skip(lacksPython)
      if (users.evil !== undefined) rig.file('sent', '', 0o666)
      execFileSync('chmod', ['777', rig.dir])
      const it = await two(rig, users)
      await it.evil.does(stay(it, 'READY=1 MAINPID=1'))
      await it.foster.line(/web: a notification was refused: it came from process \d+: it belongs to evil/)
      await it.web.does(`${it.say} STATUS=heard`)
      assert.doesNotMatch(it.foster.output.stderr, /web: ready/)
      await it.web.does(`${it.say} READY=1`)
      await it.foster.line(/web: ready/)
    },
    'root',
  )
}

e2e(
  'a socket is closed to other users, where the program is not root',
  async (rig, context) => {
    if (lacksPython) return context.skip(lacksPython)
    const it = await two(rig, { web: 'nobody', evil: 'daemon' })
    assert.match(await it.evil.tells(`${it.say} READY=1 2>&1 | tail -1`), /Permission denied/)
    const { mode, uid } = statSync(`/proc/${it.foster.pid}/root${await it.web.tells('echo $NOTIFY_SOCKET')}`)
    assert.deepEqual([mode & 0o777, uid], [0o600, 65534])
  },
  'root',
)

e2e(
  'who has ended before it could be looked at is heard if it was the program’s user, and only then',
  async (rig, context) => {
    if (lacksPython) return context.skip(lacksPython)
    const it = await two(rig, { evil: 'nobody' })
    await sayAndGo(it, it.evil, 'READY=1')
    await it.foster.line(
      /web: a notification was refused: it came from process \d+: it has ended, and was of user 65534/,
    )
    assert.doesNotMatch(it.foster.output.stderr, /web: ready/)
    await sayAndGo(it, it.web, 'READY=1')
    await it.foster.line(/web: ready/)
  },
  'root',
)

e2e(
  'who comes from outside is not heard, whether foster can see it or not',
  async (rig, context) => {
    if (lacksPython) return context.skip(lacksPython)
    const it = await two(rig)
    const [file = '', ...args] = it.say.split(' ')
    const target = ['-t', String(it.foster.pid)]
    execFileSync('nsenter', [...target, '--mount', file, ...args, 'READY=1'])
    await it.foster.line(/refused: it came from process 0: it is in another PID namespace/)
    // As docker exec does it: in the namespace, with a parent that is not.
    const inside = spawn('nsenter', [...target, '--mount', '--pid', file, ...args, '--stay', 'READY=1'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    await once(inside.stdout, 'data')
    await it.foster.line(/refused: it came from process \d+: it does not descend from foster/)
    inside.stdin.end()
    await once(inside, 'exit')
    assert.doesNotMatch(it.foster.output.stderr, /web: ready/)
  },
  'root',
)

e2e(
  'MAINPID cannot name another program, foster, or who stands beside it; the stop goes to the program itself',
  async (rig, context) => {
    if (lacksPython) return context.skip(lacksPython)
    const it = await two(rig)
    const evil = await rig.facts(it.foster, await it.evil.tells('echo $$').then(Number))
    const inside = spawn('nsenter', ['-t', String(it.foster.pid), '-p', 'sh', '-c', 'echo $$; read -r line'])
    const stranger = Number(String((await once(inside.stdout, 'data'))[0]))
    await it.web.does(`${it.say} MAINPID=1 MAINPID=${evil.innerPid} MAINPID=${stranger} MAINPID=99999`)
    await it.foster.line(/web: MAINPID=1 was refused: it is foster itself/)
    await it.foster.line(new RegExp(`web: MAINPID=${evil.innerPid} was refused: it belongs to evil`))
    await it.foster.line(new RegExp(`web: MAINPID=${stranger} was refused: it does not descend from foster`))
    await it.foster.line(/web: MAINPID=99999 was refused: there is no such process/)
    it.web.start('exit 3')
    await it.foster.line(/web: exited with code 3/)
    assert.equal(isAlive(evil.pid), true)
    assert.doesNotMatch(it.foster.output.stderr, /its main process/)
    inside.stdin.end()
  },
  'root',
)

/** Somebody else's directory is no place, and neither is what somebody else can write. One that nobody has left. */
function somebodyElses(): { readonly uid: number; readonly taken: string } {
  for (let uid = 40_000 + (process.pid % 20_000); ; uid++) {
    const taken = `/tmp/foster-${uid}`
    if (existsSync(taken)) continue
    mkdirSync(taken, { mode: 0o777 })
    return { uid, taken }
  }
}

e2e(
  'without a place for a socket it has a name in the abstract namespace, and the same ears',
  async (rig, context) => {
    if (lacksPython) return context.skip(lacksPython)
    const { uid, taken } = somebodyElses()
    try {
      const [web, api] = [rig.puppet('web'), rig.puppet('api')]
      const say = `${python} ${rig.file('notify.py', readFileSync(fixture('notify.py'), 'utf8'), 0o755)}`
      const via = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
      const programs = {
        web: { ...atOnce, command: web.command, probes },
        api: { ...atOnce, command: api.command, depends_on: { web: 'ready' } },
      }
      const foster = await rig.start({ programs }, { via, binary: rig.reachable(), env: { XDG_RUNTIME_DIR: taken } })
      await web.up()
      const name = await web.tells('echo $NOTIFY_SOCKET')
      assert.match(name, /^@foster-/)
      execFileSync(python, [fixture('notify.py'), '--to', name, 'READY=1'])
      await foster.line(/refused: it came from process 0/)
      await web.does(`${say} READY=1`)
      await api.up()
    } finally {
      rmSync(taken, { recursive: true })
    }
  },
  'root',
)
