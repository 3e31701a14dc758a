/** What programs start with, and what foster may be started with. */
import assert from 'node:assert/strict'
import { openSync, readFileSync } from 'node:fs'
import { e2e, type Options, type Rig } from './rig.ts'
import { belowShell, type Foster } from './rig-foster.ts'
import { descriptorsOf, type ProcessFacts } from './rig-proc.ts'
import { eventually } from './rig-wait.ts'

const programs = { web: { command: 'sleep 1001' }, db: { command: 'sleep 1002' } }

/** The two programs of the configuration, once they run. */
async function sleepers(foster: Foster): Promise<readonly ProcessFacts[]> {
  return eventually('both programs run', () => {
    const found = foster.others().filter(it => it.argv[0] === 'sleep')
    return found.length === 2 && found
  })
}

/** Its descriptors, once there are three: right after its exec a program may still be reading its locale. */
async function atRest(pid: number): Promise<Readonly<Record<number, string>>> {
  return eventually('it has opened nothing else', () => {
    const now = descriptorsOf(pid)
    return Object.keys(now).length === 3 && now
  })
}

/** Whether a configuration and a command work as usual under these circumstances. */
async function worksAsUsual(rig: Rig, options: Options): Promise<void> {
  const web = rig.puppet('web')
  const program = { command: web.command, restart: 'always', start_retries: -1, backoff: { delay: '10ms' } }
  const foster = await rig.start({ programs: { web: program, other: { command: 'sleep 1000' } } }, options)
  await web.up()
  web.start('exit 3')
  await web.up()
  foster.kill('SIGTERM')
  assert.deepEqual(await foster.exit(), { code: 0, signal: null })
  const command = await rig.command(['sh', '-c', '(exit 5) & kill -USR1 $PPID; exit 42'], options)
  assert.notEqual((await command.exit()).code, 0)
  const plain = await rig.command(['sh', '-c', 'exit 42'], options)
  assert.deepEqual(await plain.exit(), { code: 42, signal: null })
}

const closed: Readonly<Record<string, string>> = {
  'stdin is closed': '<&-',
  'stdout is closed': '>&-',
  'stderr is closed': '2>&-',
  'stdin, stdout and stderr are closed': '<&- >&- 2>&-',
}
for (const [name, redirection] of Object.entries(closed)) {
  e2e(`works as usual when ${name}`, rig => worksAsUsual(rig, { via: ['sh', '-c', `exec "$@" ${redirection}`, 'sh'] }))
}

e2e('works as usual when SIGCHLD is ignored', rig => worksAsUsual(rig, { via: ['env', '--ignore-signal=CHLD'] }))
e2e('works as usual when SIGCHLD is blocked', rig => worksAsUsual(rig, { via: ['env', '--block-signal=CHLD'] }))
e2e('works as usual when every signal is blocked', rig => worksAsUsual(rig, { via: ['env', '--block-signal'] }))
e2e('works as usual when every signal is ignored', rig => worksAsUsual(rig, { via: ['env', '--ignore-signal'] }))
e2e('works as usual under no_new_privs', rig => worksAsUsual(rig, { via: ['setpriv', '--no-new-privs'] }))
e2e('works as usual when NODE_OPTIONS is set for the programs', rig =>
  worksAsUsual(rig, { env: { NODE_OPTIONS: '--inspect=0 --no-such-option', NODE_DEBUG: 'net' } }),
)

e2e('programs start with default dispositions and an empty mask', async rig => {
  const foster = await rig.start({ programs }, { via: ['env', '--ignore-signal=HUP,PIPE', '--block-signal=USR2,TERM'] })
  for (const { status } of await sleepers(foster)) {
    for (const mask of ['SigBlk', 'SigIgn', 'SigCgt', 'SigPnd']) assert.match(status[mask] ?? '', /^0+$/, mask)
  }
})

e2e('each program has a session and a process group of its own', async rig => {
  const foster = await rig.start({ programs })
  for (const { pid, group, session } of await sleepers(foster)) {
    assert.equal(group, pid)
    assert.equal(session, pid)
  }
})

e2e('ps and pgrep know foster by its name', async rig => {
  const foster = await rig.start({ programs })
  await sleepers(foster)
  assert.equal(readFileSync(`/proc/${foster.pid}/comm`, 'utf8'), 'foster\n')
})

e2e("programs have descriptors 0 to 2 and none of foster's", async rig => {
  const secret = openSync(rig.file('secret', 'x'), 'r')
  const stdio = ['ignore', undefined, undefined, undefined, undefined, undefined, undefined, secret] as const
  const foster = await rig.start({ programs }, { stdio })
  assert.ok(Object.values(descriptorsOf(foster.pid)).some(it => it.endsWith('/secret')))
  for (const { pid } of await sleepers(foster)) {
    const { 0: stdin, 1: stdout = '', 2: stderr = '', ...more } = await atRest(pid)
    assert.equal(stdin, '/dev/null')
    assert.match(stdout, /^pipe:/)
    assert.match(stderr, /^pipe:/)
    assert.notEqual(stdout, stderr)
    assert.deepEqual(more, {})
  }
})

e2e("foster -- CMD has foster's own descriptors 0 to 2, and none above", async rig => {
  const secret = openSync(rig.file('secret', 'x'), 'r')
  const stdio = ['ignore', undefined, undefined, undefined, undefined, undefined, undefined, secret] as const
  const foster = await rig.command(['sleep', '1001'], { stdio })
  const [cmd] = await eventually('CMD runs', () => {
    const found = foster.others().filter(it => it.argv[0] === 'sleep')
    return found.length === 1 && found
  })
  const own = descriptorsOf(foster.pid)
  assert.deepEqual(await atRest(cmd?.pid ?? 0), { 0: own[0], 1: own[1], 2: own[2] })
})

e2e("a program's stdin is empty and cannot be written to, unless it inherits foster's", async rig => {
  const stdin = openSync(rig.file('stdin', 'hello\n'), 'r')
  const read = { kind: 'task', command: ['sh', '-c', 'cat; echo more 2>/dev/null >&0 || echo end'] }
  const programs = { no: read, yes: { ...read, stdin: 'inherit' } }
  const foster = await rig.start({ programs }, { stdio: [stdin] })
  assert.equal((await foster.exit()).code, 0)
  assert.deepEqual(foster.output.stdout.split('\n').sort(), ['', 'no     | end', 'yes    | end', 'yes    | hello'])
})

e2e('programs inherit the environment without FOSTER_*', async rig => {
  const web = rig.puppet('web')
  const env = { HELLO: 'there', FOSTER__SHUTDOWN__TIMEOUT: '5s', FOSTER_PROGRAM_WEB__STOP_SIGNAL: 'TERM' }
  await rig.start({ programs: { web: { command: web.command } } }, { env })
  await web.up()
  const variables = (await web.tells('env')).split(' ')
  assert.ok(variables.includes('HELLO=there'))
  assert.deepEqual(variables.filter(it => it.startsWith('FOSTER')).sort(), [
    'FOSTER_GROUP=web',
    'FOSTER_NAME=web',
    'FOSTER_REPLICA=0',
    'FOSTER_SOCKET=/run/foster.sock',
  ])
})

e2e('not PID 1: a subreaper with the same results', async rig => {
  await worksAsUsual(rig, { below: belowShell })
  const main = rig.puppet('main')
  const foster = await rig.command(main.command, { below: belowShell })
  await main.up()
  await main.does('(sleep 1000 & echo $! >$dir/orphan)')
  const orphan = await eventually('the orphan runs', () => foster.others().find(it => it.argv[0] === 'sleep'))
  assert.equal(orphan.parent, foster.pid)
  await main.does('kill -KILL $(cat $dir/orphan)')
  await rig.gone(orphan.pid)
  main.start('kill -KILL $$')
  assert.equal((await foster.exit()).code, 137)
})

e2e("not PID 1: strays are foster's own descendants, nobody else", async rig => {
  const web = rig.puppet('web')
  const below = 'setsid sleep 1003 & bystander=$!; "$@"; code=$?; kill -0 $bystander && exit $code; exit 99'
  const foster = await rig.start({ programs: { web: { command: web.command } } }, { below })
  await web.up()
  await web.does('setsid sleep 1004 &')
  const stray = await eventually('the stray runs', () => foster.others().find(it => it.argv[1] === '1004'))
  foster.kill('SIGTERM')
  assert.equal((await foster.exit()).code, 0)
  await rig.gone(stray.pid)
})
