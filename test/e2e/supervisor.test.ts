/** Supervisor's files, run: what supervisord does with them. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { signalNumbers } from '../../src/core/signal.ts'
import { e2e, type Puppet, type Rig } from './rig.ts'
import { binary } from './rig-foster.ts'
import { eventually } from './rig-wait.ts'

/** A puppet's command as a file says it. */
const said = ({ command }: Puppet): string =>
  command.map(word => `'${word.replaceAll('%', '%%').replaceAll("'", `'"'"'`)}'`).join(' ')

const fileOf = (rig: Rig, ...lines: readonly string[]): readonly string[] => [
  '-c',
  rig.file('supervisord.conf', ['[supervisord]', 'nodaemon=true', ...lines, ''].join('\n')),
]

e2e('a program that reads its standard input waits, as it does under supervisord', async rig => {
  const foster = await rig.start(fileOf(rig, '[program:foo]', 'command=/bin/cat'))
  await foster.line(/foo: started/)
  foster.kill('SIGTERM')
  assert.deepEqual(await foster.exit(), { code: 0, signal: null })
  assert.match(foster.output.stderr, /foo: killed by SIGTERM/)
})

e2e('the container stays when all have ended', async rig => {
  const once = rig.puppet('once')
  const more = ['startsecs=0', 'autorestart=false']
  const foster = await rig.start(fileOf(rig, '[program:once]', `command=${said(once)}`, ...more))
  await once.up()
  once.start('exit 3')
  await foster.line(/once: exited with code 3/)
  foster.kill('SIGUSR1')
  await foster.taken()
  assert.ok(!foster.isOver)
  foster.kill('SIGTERM')
  assert.deepEqual(await foster.exit(), { code: 0, signal: null })
})

e2e('without any program it stays, too', async rig => {
  const foster = await rig.start(fileOf(rig))
  await eventually('it waits', () => foster.catches(signalNumbers.HUP))
  foster.kill('SIGTERM')
  assert.deepEqual(await foster.exit(), { code: 0, signal: null })
})

e2e('an end before startsecs is tried again whatever its code, startretries times', async rig => {
  const early = rig.puppet('early')
  const more = ['startsecs=600', 'startretries=1', 'autorestart=false']
  const foster = await rig.start(fileOf(rig, '[program:early]', `command=${said(early)}`, ...more))
  await early.up()
  early.start('exit 0')
  await foster.line(/early: exited with code 0 .*starting again in .* \(retry 1 of 1\)/)
  await early.up()
  early.start('exit 0')
  await foster.line(/early: exited with code 0 .*given up after 2 attempts/)
  foster.kill('SIGTERM')
  assert.deepEqual(await foster.exit(), { code: 0, signal: null })
})

e2e('later ends are judged by autorestart and exitcodes, and followed by a start at once', async rig => {
  const worker = rig.puppet('worker')
  const more = ['startsecs=0', 'exitcodes=0,2']
  const foster = await rig.start(fileOf(rig, '[program:worker]', `command=${said(worker)}`, ...more))
  await worker.up()
  worker.start('exit 1')
  await foster.line(/worker: exited with code 1/)
  await worker.up()
  worker.start('exit 2')
  await foster.line(/worker: exited with code 2/)
  foster.kill('SIGTERM')
  assert.deepEqual(await foster.exit(), { code: 0, signal: null })
})

e2e('priorities part the stop: the highest first, the next when it is gone', async rig => {
  const onTerm = "trap 'home TERM' TERM"
  const [db, api, web] = ['db', 'api', 'web'].map(name => rig.puppet(name, onTerm)) as [Puppet, Puppet, Puppet]
  const sections = [
    [web, 30],
    [db, 10],
    [api, 20],
  ] as const
  const lines = sections.flatMap(([puppet, priority]) => [
    `[program:p${priority}]`,
    `command=${said(puppet)}`,
    `priority=${priority}`,
    'stopwaitsecs=600',
  ])
  const foster = await rig.start(fileOf(rig, ...lines))
  for (const puppet of [db, api, web]) await puppet.up()
  foster.kill('SIGTERM')
  for (const puppet of [web, api, db]) {
    await puppet.call('TERM')
    await puppet.does('home leaving')
    puppet.start('exit 0')
  }
  assert.deepEqual(await foster.exit(), { code: 0, signal: null })
  const calls = rig.calls.filter(it => /TERM|leaving/.test(it))
  assert.deepEqual(calls, ['web TERM', 'web leaving', 'api TERM', 'api leaving', 'db TERM', 'db leaving'])
})

e2e('numprocs, names and the environment of a process', async rig => {
  const [one, two] = ['w-1', 'w-2'].map(name => rig.puppet(name)) as [Puppet, Puppet]
  const command = said(one).replaceAll('w-1', 'w-%(process_num)d')
  const lines = ['process_name=%(program_name)s_%(process_num)02d', 'numprocs=2', 'numprocs_start=1']
  const environment = 'environment=A="x,y",B="%(ENV_OUTER)s-%(process_num)d",SUPERVISOR_ENABLED=yes'
  const file = fileOf(rig, '[program:w]', `command=${command}`, ...lines, environment)
  const foster = await rig.start(file, { env: { OUTER: 'out', FOSTER_X: 'mine' } })
  for (const puppet of [one, two]) await puppet.up()
  const names = ['A', 'B', 'SUPERVISOR_ENABLED', 'SUPERVISOR_PROCESS_NAME', 'SUPERVISOR_GROUP_NAME', 'FOSTER_GROUP']
  const shown = `echo ${names.map(name => `$${name}`).join(' ')}`
  assert.equal(await one.tells(shown), 'x,y out-1 yes w_01 w w')
  assert.equal(await two.tells(shown), 'x,y out-2 yes w_02 w w')
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e(
  'a user changes neither HOME nor USER',
  async rig => {
    const web = rig.puppet('web')
    const file = fileOf(rig, '[program:web]', `command=${said(web)}`, 'user=nobody')
    const foster = await rig.start(file, { env: { HOME: '/somewhere', USER: 'me' } })
    await web.up()
    assert.equal(await web.tells('echo $(id -un) $HOME $USER'), 'nobody /somewhere me')
    foster.kill('SIGTERM')
    assert.equal((await foster.exit()).code, 0)
  },
  'root',
)

e2e(
  'output for /dev/stdout is passed on as it is, AUTO output with its name; redirect_stderr keeps the order',
  async rig => {
    const [raw, auto] = ['raw', 'auto'].map(name => rig.puppet(name)) as [Puppet, Puppet]
    const foster = await rig.start(
      fileOf(
        rig,
        ...['[program:raw]', `command=${said(raw)}`, 'stdout_logfile=/dev/stdout', 'stdout_logfile_maxbytes=50MB'],
        'redirect_stderr=true',
        ...['[program:auto]', `command=${said(auto)}`],
      ),
    )
    for (const puppet of [raw, auto]) await puppet.up()
    await raw.does('for i in 1 2 3; do echo out $i; echo err $i >&2; done')
    await auto.does('echo plain')
    await foster.line(/plain/)
    await foster.line(/err 3/)
    foster.kill('SIGTERM')
    await foster.exit()
    assert.match(foster.output.stdout, /^out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n/m)
    assert.match(foster.output.stdout, /^auto +\| plain$/m)
  },
)

e2e('files that are included lie beside it', async rig => {
  const web = rig.puppet('web')
  mkdirSync(join(rig.dir, 'supervisord.d'))
  rig.file('supervisord.d/web.ini', `[program:web]\ncommand=${said(web)}\nenvironment=H="%(here)s"\n`)
  const foster = await rig.start(fileOf(rig, '[include]', 'files = supervisord.d/*.ini'))
  await web.up()
  assert.equal(await web.tells('echo $H'), join(rig.dir, 'supervisord.d'))
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e("foster's own options stand beside Supervisor's: a critical program ends the container", async rig => {
  const [db, web] = ['db', 'web'].map(name => rig.puppet(name)) as [Puppet, Puppet]
  const foster = await rig.start(
    fileOf(
      rig,
      ...['[program:web]', `command=${said(web)}`, 'startsecs=0', 'autorestart=false', 'critical=true'],
      'depends_on=db',
      ...['[program:db]', `command=${said(db)}`, 'startsecs=0'],
    ),
  )
  await db.up()
  await web.up()
  // Which of the two calls home first is not given: a program counts as started when it is spawned.
  await foster.line(/web: started/)
  const started = foster.lines.flatMap(line => /(\w+): started/.exec(line)?.[1] ?? [])
  assert.deepEqual(started, ['db', 'web'])
  web.start('exit 7')
  assert.deepEqual(await foster.exit(), { code: 7, signal: null })
})

e2e('what is wrong is told at its place, and nothing is started', async rig => {
  const foster = await rig.start(fileOf(rig, '[program:a]', 'command=a', 'startsecs=soon', 'stopsignal=FOO'))
  assert.deepEqual(await foster.exit(), { code: 2, signal: null })
  const places = foster.lines.flatMap(line => /:(\d+:\d+): error/.exec(line)?.[1] ?? [])
  assert.deepEqual(places, ['5:11', '6:12'])
})

e2e('called by the name supervisord it finds its file and takes its options', async rig => {
  const web = rig.puppet('web')
  mkdirSync(join(rig.dir, 'etc'))
  rig.file('etc/supervisord.conf', `[supervisord]\n[program:web]\ncommand=${said(web)}\n`)
  // As a link to foster is called.
  const via = ['bash', '-c', 'exec -a "$0" "$@"', join(rig.dir, 'bin/supervisord')]
  const foster = await rig.start(['-n', '-l', '/dev/null', '-e', 'debug'], { via })
  await web.up()
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
})

e2e('foster supervisord does the same; the options win over the file', async rig => {
  const web = rig.puppet('web')
  const file = rig.file('any-name', `[supervisord]\nloglevel=nonsense\n[program:web]\ncommand=${said(web)}\n`)
  const foster = await rig.start(['supervisord', '-nc', file, '--loglevel=info'])
  await web.up()
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  const wrong = await rig.start(['supervisord', '-x'])
  assert.equal((await wrong.exit()).code, 2)
  assert.match(wrong.output.stderr, /^Error: option -x not recognized\nFor help, use supervisord -h\n$/)
})

e2e('foster convert writes YAML that foster takes', async rig => {
  const file = rig.file('s.conf', '[supervisord]\n[program:web]\ncommand=web --port %(ENV_PORT)s\n')
  const yaml = execFileSync(binary, ['convert', file], { env: { PORT: '80', FOSTER_PROGRAM_X: 'x' }, encoding: 'utf8' })
  assert.match(yaml, /command: \[web, "--port", "\$\{PORT\}"\]/)
  assert.ok(!yaml.includes('x:'))
  const check = await rig.start(['check', '-c', rig.file('foster.yaml', yaml)], { env: { PORT: '80' } })
  assert.deepEqual(await check.exit(), { code: 0, signal: null })
})

e2e('log files are written, each program its own', async rig => {
  const [web, db] = ['web', 'db'].map(name => rig.puppet(name)) as [Puppet, Puppet]
  const logs = 'stdout_logfile=%(here)s/%(program_name)s.log'
  const foster = await rig.start(
    fileOf(
      rig,
      ...['[program:web]', `command=${said(web)}`, logs, 'stderr_logfile=%(here)s/%(program_name)s.err.log'],
      ...['[program:db]', `command=${said(db)}`, logs, 'redirect_stderr=true', 'stdout_logfile_maxbytes=0'],
    ),
  )
  for (const puppet of [web, db]) {
    await puppet.up()
    await puppet.does('echo out; echo err >&2')
  }
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  const read = (name: string): string => readFileSync(join(rig.dir, name), 'utf8')
  assert.deepEqual([read('web.log'), read('web.err.log'), read('db.log')], ['out\n', 'err\n', 'out\nerr\n'])
  assert.doesNotMatch(foster.output.stdout, /out|err/)
})

e2e('the pid file is written while it runs; what is no regular file is left alone', async rig => {
  const pidfile = join(rig.dir, 's.pid')
  const foster = await rig.start(fileOf(rig, 'pidfile=%(here)s/s.pid', '[program:foo]', 'command=/bin/cat'))
  await eventually('it is written', () => existsSync(pidfile) && readFileSync(pidfile, 'utf8') === '1\n')
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  assert.ok(!existsSync(pidfile))
  symlinkSync('elsewhere', pidfile)
  const again = await rig.start(fileOf(rig, 'pidfile=%(here)s/s.pid', '[program:foo]', 'command=/bin/cat'))
  await again.line(/cannot write .*s\.pid: too many symbolic links/)
  again.kill('SIGTERM')
  assert.equal((await again.exit()).code, 0)
  assert.ok(!existsSync(join(rig.dir, 'elsewhere')) && lstatSync(pidfile).isSymbolicLink())
})
