/** Who may use the commands, what others are told, and what shells complete. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { helpOf } from '../../docs/cli.ts'
import { commandWords } from '../../src/cli/arguments.ts'
import { e2e, type Rig } from './rig.ts'
import { soon } from './rig-api.ts'
import { answering, ask, controlled } from './rig-cli.ts'
import { binary } from './rig-foster.ts'

const as = (uid: number, gid = uid) => ({ via: ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'] })

async function withTwo(rig: Rig, control: object = {}) {
  const web = rig.puppet('web')
  const db = rig.puppet('db')
  const plan = { programs: { web: { command: web.command, start_seconds: 0 }, db: { command: db.command } } }
  await rig.start(controlled(rig, plan, control))
  await Promise.all([web.up(), db.up()])
  await answering(rig)
  return { web, db }
}

e2e(
  'another user without a rule: told whom to ask; 4',
  async rig => {
    await withTwo(rig)
    const { code, stdout, stderr } = await ask(rig, ['pid'], { ...as(4711), binary: rig.reachable() })
    assert.deepEqual([code, stdout], [4, ''])
    assert.match(stderr, /no permission to use .*control\.sock\n {2}ask .* control\.access .*\(you are uid 4711\)/)
    assert.equal((await ask(rig, ['health'], { ...as(4711), binary: rig.reachable() })).code, 1)
  },
  'root',
)

e2e(
  'another user with a rule: what is its own, and nothing else',
  async rig => {
    const rule = { user: '4711', allow: ['status', 'restart', 'logs'], programs: ['web'] }
    const { web } = await withTwo(rig, { access: [rule] })
    const options = { ...as(4711), binary: rig.reachable() }
    const status = await ask(rig, ['status'], options)
    assert.equal(status.code, 0, status.stderr)
    assert.match(status.stdout, /^web +RUNNING/)
    assert.doesNotMatch(status.stdout, /db/)
    const restart = await ask(rig, ['restart', 'web'], options)
    assert.deepEqual([restart.code, restart.stdout], [0, 'web: restarted\n'], restart.stderr)
    await web.up()
    await web.does('echo hello')
    assert.equal((await ask(rig, ['logs'], options)).stdout, 'web | hello\n')
    for (const args of [['stop', 'web'], ['shutdown']]) {
      const { code, stderr } = await ask(rig, args, options)
      assert.equal(code, 4, args.join(' '))
      assert.match(stderr, /^foster: .*\n {2}.*/)
    }
    const hidden = await ask(rig, ['restart', 'db'], options)
    assert.notEqual(hidden.code, 0)
    assert.equal(hidden.stdout, '')
  },
  'root',
)

e2e(
  'a foster of another user is not believed',
  async rig => {
    const foster = { via: ['setpriv', '--reuid=4711', '--regid=4711', '--clear-groups'], binary: rig.reachable() }
    const programs = { web: { command: ['sleep', '1000'] } }
    const running = await rig.start({ programs }, foster)
    await running.line(/web: started/)
    const enter = ['nsenter', `--target=${running.pid}`, '--mount']
    const options = { binary: foster.binary, env: { FOSTER_SOCKET: '' } }
    // The socket opens after the first start.
    const own = { ...options, via: [...enter, ...foster.via] }
    await soon('it answers its own user', async () => (await ask(rig, ['pid'], own)).code === 0)
    const root = await ask(rig, ['pid'], { ...options, via: enter })
    assert.equal(root.code, 4)
    assert.match(root.stderr, /is uid 4711, neither root nor you \(uid 0\)/)
  },
  'root',
)

test('every help is that of docs/cli.md', () => {
  const page = readFileSync('docs/cli.md', 'utf8')
  for (const word of commandWords) {
    if (word === 'help') continue
    const help = execFileSync(binary, [word, '--help'], { encoding: 'utf8' })
    assert.equal(help, helpOf(word))
    assert.ok(page.includes(help.trimEnd()), word)
  }
  assert.ok(page.includes(execFileSync(binary, ['--help'], { encoding: 'utf8' }).trimEnd()))
})
