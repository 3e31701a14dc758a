/** Where the configuration comes from, and what a faulty one leads to: every fault at its place, exit 2, nothing started. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { e2e, type Options, type Rig } from './rig.ts'
import { binary } from './rig-foster.ts'
import { eventually } from './rig-wait.ts'

/** Runs a faulty configuration: what it says, without the pictures. */
async function faults(rig: Rig, args: readonly string[], options: Options = {}): Promise<readonly string[]> {
  const foster = await rig.start(args, options)
  assert.deepEqual(await foster.exit(), { code: 2, signal: null })
  assert.deepEqual(rig.calls, [], 'nothing is started')
  assert.equal(foster.output.stdout, '')
  return foster.output.stderr.split('\n').filter(line => /^[^ ]+: /.test(line))
}

e2e('every fault of a file is reported at once, each with file, line and column', async rig => {
  const web = rig.puppet('web')
  const path = rig.file(
    'bad.yaml',
    [
      'programs:',
      '  web:',
      `    command: ${JSON.stringify(web.command)}`,
      '    restrat: always', // an unknown key
      '    start_retries: [many]', // a wrong type
      '  api:',
      '    command: sleep 1000',
      '    depends_on: [db]', // a cycle
      '  db:',
      '    command: sleep 1000',
      '    depends_on: [api, nobody-knows]', // an unknown program
      '    user: no-such-user',
      'shutdown: {timeout: soon}',
      '',
    ].join('\n'),
  )
  const said = await faults(rig, ['-c', path])
  for (const place of ['4:5', '5:20', '11:23', '12:11', '13:21']) {
    assert.ok(
      said.some(it => it.startsWith(`${path}:${place}: `)),
      `${place} in\n${said.join('\n')}`,
    )
  }
  assert.equal(said.filter(it => /cycle|circle/.test(it)).length, 1)
  assert.ok(said.every(it => /:\d+:\d+: /.test(it)))
})

e2e('a file that is not there, one that is no YAML, one that is empty', async rig => {
  const missing = join(rig.dir, 'missing.yaml')
  assert.match(
    (await faults(rig, ['-c', missing])).join('\n'),
    /missing\.yaml: .*(no such file|not found|ENOENT|does not exist)/i,
  )
  const broken = rig.file('broken.yaml', 'programs:\n  web: {command: [a\n')
  assert.match((await faults(rig, ['-c', broken])).join('\n'), /broken\.yaml:\d+:\d+: /)
  const empty = rig.file('empty.yaml', '')
  assert.notEqual((await faults(rig, ['-c', empty])).length, 0)
})

e2e('foster check finds the same, and starts nothing when there is nothing to find', async rig => {
  const web = rig.puppet('web')
  const good = rig.file('good.yaml', JSON.stringify({ programs: { web: { command: web.command } } }))
  const check = await rig.start(['check', '-c', good])
  assert.equal((await check.exit()).code, 0)
  assert.match(check.output.stdout, /1 program, no errors/)
  assert.deepEqual(rig.calls, [])
  const bad = rig.file('bad.yaml', 'programs: {web: {comand: x}}')
  assert.match((await faults(rig, ['check', '-c', bad])).join('\n'), /bad\.yaml:1:18: /)
})

e2e('a configuration of variables alone', async rig => {
  const web = rig.puppet('web', "trap 'home USR1; exit 0' USR1")
  const env = {
    FOSTER_PROGRAM_WEB: web.command.map(it => `'${it.replaceAll("'", "'\\''")}'`).join(' '),
    FOSTER_PROGRAM_WEB__STOP_SIGNAL: 'USR1',
    FOSTER_PROGRAM_WEB__ENVIRONMENT__Greeting: 'good morning',
    FOSTER_PROGRAM_WEB__STOP_GRACE_PERIOD: '60s',
    FOSTER__SHUTDOWN__TIMEOUT: '70s',
  }
  const foster = await rig.start([], { env })
  await web.up()
  assert.equal(await web.tells('echo $Greeting'), 'good morning')
  foster.kill('SIGTERM')
  await web.call('USR1')
  assert.equal((await foster.exit()).code, 0)
})

e2e('a fault in a variable names it', async rig => {
  const said = await faults(rig, [], { env: { FOSTER_PROGRAM_WEB: 'true', FOSTER_PROGRAM_WEB__RESTART: 'perhaps' } })
  assert.match(said.join('\n'), /FOSTER_PROGRAM_WEB__RESTART: /)
})

e2e('later files and variables win over earlier files', async rig => {
  const web = rig.puppet('web')
  const base = { programs: { web: { command: web.command, environment: { A: 'base', B: 'base', C: 'base' } } } }
  const over = { programs: { web: { environment: { B: 'over', C: 'over' } } } }
  const files = ['-c', rig.file('base.yaml', JSON.stringify(base)), '-c', rig.file('over.yaml', JSON.stringify(over))]
  await rig.start(files, { env: { FOSTER_PROGRAM_WEB__ENVIRONMENT__C: 'variable' } })
  await web.up()
  assert.equal(await web.tells('echo $A $B $C'), 'base over variable')
})

e2e('$FOSTER_CONFIG, $FOSTER_CONFIG_INLINE and ./foster.yaml', async rig => {
  const task = (text: string) => JSON.stringify({ programs: { web: { kind: 'task', command: ['echo', text] } } })
  const run = async (options: Options) => {
    const foster = await rig.start([], options)
    assert.equal((await foster.exit()).code, 0)
    return foster.output.stdout
  }
  const named = rig.file('named.yaml', task('named'))
  assert.equal(await run({ env: { FOSTER_CONFIG: named } }), 'named\n')
  assert.equal(await run({ env: { FOSTER_CONFIG_INLINE: task('inline') } }), 'inline\n')
  rig.file('foster.yaml', task('here'))
  assert.equal(await run({}), 'here\n')
})

e2e('a configuration and a CMD: main starts when all the others are ready, and gives its code', async rig => {
  const [db, migrate, main] = [rig.puppet('db'), rig.puppet('migrate'), rig.puppet('main')]
  const programs = {
    db: { command: db.command, start_seconds: '0s' },
    migrate: { kind: 'task', command: migrate.command },
    manual: { command: 'sleep 1000', autostart: false },
  }
  const config = rig.file('with.yaml', JSON.stringify({ programs }))
  const foster = await rig.start(['-c', config, '--', ...main.command])
  await db.up()
  await migrate.up()
  await db.does('true')
  assert.ok(!rig.calls.includes('main up'))
  migrate.start('exit 0')
  await main.up()
  assert.doesNotMatch(foster.output.stderr, /manual: started/)
  main.start('exit 5')
  assert.equal((await foster.exit()).code, 5)
})

e2e('a configuration and a CMD: if a program that it needs fails, CMD never starts', async rig => {
  const main = rig.puppet('main')
  const migrate = { kind: 'task', command: ['sh', '-c', 'exit 3'], restart: 'never' }
  const config = rig.file('with.yaml', JSON.stringify({ programs: { migrate } }))
  const foster = await rig.start(['-c', config, '--', ...main.command])
  assert.equal((await foster.exit()).code, 3)
  assert.deepEqual(rig.calls, [])
})

e2e('nothing to run: usage, exit 2; an unknown word: did you mean, 127', async rig => {
  assert.notEqual((await faults(rig, [])).length, 0)
  rig.file('foster.yml', 'programs: {web: {command: "true"}}\n')
  const misnamed = await rig.start([], { cwd: rig.dir })
  assert.equal((await misnamed.exit()).code, 2)
  assert.match(misnamed.output.stderr, /There is \.\/foster\.yml: call it foster\.yaml, or name it with -c/)
  const word = await rig.start(['chekc'])
  assert.equal((await word.exit()).code, 127)
  assert.match(word.output.stderr, /chekc: not found\n.*did you mean "check"\?/)
  const plan = rig.file('plan.yaml', 'programs: {web: {command: sleep inf}}\n')
  const beside = await rig.start(['-c', plan, 'stauts'])
  assert.equal((await beside.exit()).code, 127)
  assert.equal(beside.output.stderr, 'foster: stauts: not found\n  did you mean "status"?\n')
  const file = await rig.start(['web.yaml'])
  assert.equal((await file.exit()).code, 127)
  assert.match(file.output.stderr, /web\.yaml: not found\n.*did you mean "foster -c web\.yaml"\?/)
})

e2e(
  'foster export prints what the configuration is elsewhere, and starts nothing; faults are those of check',
  async rig => {
    const web = rig.puppet('web')
    const path = rig.file('shop.yaml', `programs: {web: {command: ${JSON.stringify(web.command)}, user: "12345"}}\n`)
    for (const [format, first] of [
      ['kubernetes', /^kind: Pod$/m],
      ['compose', /^services:$/m],
    ] as const) {
      const foster = await rig.start(['export', format, '-c', path, '--image', 'shop:1', '--name', 'shop'])
      assert.deepEqual(await foster.exit(), { code: 0, signal: null })
      assert.match(foster.output.stdout, first)
      assert.match(foster.output.stdout, /image: "shop:1"/)
      assert.equal(foster.output.stderr, '')
    }
    const faulty = rig.file('faulty.yaml', 'programs: {web: {comand: x}}\n')
    const said = await faults(rig, ['export', 'compose', '-c', faulty, '--image', 'shop:1'])
    assert.match(said.join('\n'), /faulty\.yaml:1:18: /)
    assert.deepEqual(rig.calls, [])
  },
)

e2e('a configuration on standard input', async rig => {
  const path = rig.file('piped.yaml', 'programs: {web: {command: a}, db: {comand: b}}\n')
  const { status, stderr } = spawnSync('/bin/sh', ['-c', `cat ${path} | ${binary} check -c -`], { encoding: 'utf8' })
  assert.equal(status, 2)
  assert.match(stderr, /^\/dev\/stdin:1:36: error: unknown key "comand" in program "db"\n/)
})

e2e('check ends of a signal like any program, also while it reads', async rig => {
  const path = join(rig.dir, 'slow')
  execFileSync('mkfifo', [path])
  // Somebody who could write something, and does not.
  const writer = openSync(path, constants.O_RDWR)
  try {
    const check = spawn(binary, ['check', '-c', path], { stdio: 'ignore' })
    const ended = once(check, 'exit')
    const fds = `/proc/${check.pid}/fd`
    await eventually('the file is being read', () => readdirSync(fds).some(fd => linkOf(join(fds, fd)) === path))
    check.kill('SIGTERM')
    assert.deepEqual(await ended, [null, 'SIGTERM'])
  } finally {
    closeSync(writer)
  }
})

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
