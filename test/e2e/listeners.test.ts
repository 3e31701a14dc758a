/** Supervisor's event listeners, written in Python with its own `childutils`, under foster. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { e2e, fixture, type Puppet } from './rig.ts'
import { ask, socketOf } from './rig-cli.ts'
import { eventually } from './rig-wait.ts'
import { type Peer, peer, supervisorVersion, withBoth } from './supervisor-peer.ts'

const installed = supervisorVersion()

/** A test that needs Debian's package. */
function withSupervisor(name: string, body: Parameters<typeof e2e>[1]): void {
  if (installed === '4.2.5') e2e(name, body)
  else test(name, { skip: `needs Debian's package supervisor 4.2.5; there is ${installed ?? 'none'}` }, () => {})
}

/** A puppet's command as a file says it. */
const said = ({ command }: Puppet): string =>
  command.map(word => `'${word.replaceAll('%', '%%').replaceAll("'", `'"'"'`)}'`).join(' ')

const python = (name: string, ...args: readonly string[]): string =>
  ['/usr/bin/python3', fixture(name), ...args].join(' ')

/** Has 100 MB in use and stays. */
const eater = `/usr/bin/python3 -c "import time; x = bytearray(100000000); time.sleep(1000)"`

type Heard = readonly [headers: Readonly<Record<string, string>>, payload: string]

/** What a listener, or the two of a pool, have written down, in the order of their pool. */
function heardBy({ dir }: Peer, name: string): readonly Heard[] {
  const paths = [name, `${name}_0`, `${name}_1`].map(it => join(dir, it)).filter(path => existsSync(path))
  const lines = paths.flatMap(path => readFileSync(path, 'utf8').split('\n').slice(0, -1))
  const heard = lines.map((line): Heard => JSON.parse(line))
  return heard.sort(([{ poolserial: a }], [{ poolserial: b }]) => Number(a) - Number(b))
}

const compared = `
[program:output]
command=/bin/sh -c 'printf "one <!--XSUPERVISOR:BEGIN-->capt\\303\\266red<!--XSUPERVISOR:END--> and then more than a mark"; printf "bad \\210 and then more than a mark" >&2; exec cat'
startsecs=0
stdout_events_enabled=true
stdout_capture_maxbytes=100
stderr_events_enabled=true
[program:ends]
command=/bin/sh -c 'exit 3'
startsecs=0
autorestart=false
[program:again]
command=/bin/sh -c 'test -e DIR/again && exec sleep 1000; touch DIR/again; exit 2'
startsecs=0
[program:early]
command=/bin/false
startsecs=5
startretries=1
[program:missing]
command=/nowhere/at-all
startretries=0
[program:steered]
command=/bin/sleep 1000
autostart=false
startsecs=0
[program:w]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)d
numprocs=2
startsecs=0
[group:g]
programs=w
[eventlistener:all]
command=${python('listener.py', 'DIR/all')}
events=PROCESS_STATE,PROCESS_LOG,PROCESS_COMMUNICATION,REMOTE_COMMUNICATION,SUPERVISOR_STATE_CHANGE,PROCESS_GROUP
buffer_size=200
[eventlistener:exits]
command=${python('listener.py', 'DIR/exits_%(process_num)d')}
process_name=%(program_name)s_%(process_num)d
numprocs=2
events=process_state_exited, REMOTE_COMMUNICATION
startsecs=0
`

/**
 * What is told of one process or group, in order, and what is told of each of its streams: how the two come together
 * differs from run to run, and so do some numbers.
 */
function stories(heard: readonly Heard[]): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {}
  for (const [{ eventname, len, ver, server, pool }, payload] of heard) {
    const key = `${/(?:process|group)name:\S+/.exec(payload)?.[0]} ${/STDOUT|STDERR/.exec(eventname ?? '')?.[0] ?? ''}`
    const masked = payload.replace(/pid:\d+/, 'pid:N')
    const length = Number(len) - payload.length + masked.length
    found[key] = [...(found[key] ?? []), `${ver} ${server} ${pool} ${eventname} ${length} ${masked}`]
  }
  return found
}

const isEnd = ([{ eventname }, payload]: Heard): boolean =>
  eventname === 'REMOTE_COMMUNICATION' && payload === 'type:the\nend \u00fc \u{1f600}'

/** Has things happen, and waits until the listeners have heard of them. */
async function listen(it: Peer): Promise<void> {
  const heard = (pattern: RegExp): Promise<true> =>
    eventually(
      `${it.who}: ${pattern}`,
      () => heardBy(it, 'all').some(([, payload]) => pattern.test(payload)) || undefined,
    )
  await heard(/processname:all .* from_state:STARTING pid/)
  await heard(/processname:early .* from_state:BACKOFF$/)
  await it.session(['start steered', 'stop steered', 'restart g:*', 'stop early'])
  writeFileSync(it.config, readFileSync(it.config, 'utf8').replace('[program:steered]', '[program:other]'))
  await it.session(['update'])
  await heard(/groupname:steered\n/)
  await it.remote('the', 'end \u00fc \u{1f600}')
  for (const name of ['all', 'exits']) await eventually(`the end in ${name}`, () => heardBy(it, name).some(isEnd))
}

withSupervisor('the same events as under supervisord, in the same words', rig =>
  withBoth(rig, compared, async (foster, oracle) => {
    await Promise.all([foster, oracle].map(listen))
    for (const name of ['all', 'exits']) {
      const [ours, theirs] = [foster, oracle].map(it => heardBy(it, name)) as [readonly Heard[], readonly Heard[]]
      assert.deepEqual(stories(ours), stories(theirs), name)
      const serials = ours.map(([{ poolserial }]) => Number(poolserial))
      assert.deepEqual(serials, [...serials.keys()], 'poolserial')
    }
    assert.ok(heardBy(foster, 'all').length > 40)
  }),
)

withSupervisor('a notifier of crashes', async rig => {
  const [good, bad] = ['good', 'bad'].map(name => rig.puppet(name)) as [Puppet, Puppet]
  const lines = (puppet: Puppet, name: string): string =>
    `[program:${name}]\ncommand=${said(puppet)}\nstartsecs=0\nautorestart=false\n`
  const { foster } = await peer(
    rig,
    'foster',
    `[eventlistener:crash]\ncommand=${python('listener_crash.py')}\nevents=PROCESS_STATE_EXITED\nstartsecs=0
${lines(good, 'good')}${lines(bad, 'bad')}`,
    'foster',
    { FOSTER__CONTROL__SOCKET: socketOf(rig) },
  )
  for (const puppet of [good, bad]) await puppet.up()
  good.start('exit 0')
  await foster?.line(/good: exited with code 0/)
  bad.start('kill -9 $$')
  await foster?.line(/^crash +\| bad:bad \(pid \d+\) died in RUNNING$/)
  assert.ok(!foster?.lines.some(line => /good:good|READY|RESULT/.test(line)))
  // What it says to foster is in memory, for those who ask for it.
  assert.doesNotMatch((await ask(rig, ['logs'])).stdout, /READY|RESULT/)
  assert.match((await ask(rig, ['logs', 'crash'])).stdout, /crash.*READY/)
})

withSupervisor('a listener that ends the container by a signal to its parent', async rig => {
  const { foster } = await peer(
    rig,
    'foster',
    `[eventlistener:fatal]\ncommand=${python('listener_fatal.py')}\nevents=PROCESS_STATE_FATAL\nstartsecs=0
[program:stays]\ncommand=/bin/cat\n[program:fails]\ncommand=/bin/false\nstartretries=0`,
  )
  assert.deepEqual(await foster?.exit(), { code: 0, signal: null })
  assert.match(foster?.output.stderr ?? '', /fails: exited with code 1 .*\n(.*\n)*foster +\| SIGQUIT received/)
})

withSupervisor('a listener that restarts what uses too much memory, at a tick', async rig => {
  const { foster } = await peer(
    rig,
    'foster',
    `[eventlistener:memory]\ncommand=${python('listener_memory.py', 'large', '50000000')}\nevents=TICK_5\nstartsecs=0
environment=SUPERVISOR_USERNAME="user",SUPERVISOR_PASSWORD="secret"
[program:large]\ncommand=/bin/sh -c 'test -e DIR/large && exec sleep 1000; touch DIR/large; exec ${eater}'\nstartsecs=0
[program:small]\ncommand=/bin/cat\nstartsecs=0`,
  )
  await foster?.line(/memory +\| large uses too much: restarting pid \d+/)
  await foster?.lineCount(/foster \| large: started/, 2)
  foster?.kill('SIGTERM')
  assert.deepEqual(await foster?.exit(), { code: 0, signal: null })
  assert.equal(foster?.lines.filter(line => /small: started|large uses too much/.test(line)).length, 2)
})

/** A listener of this kind, told of what is sent. */
async function odd(rig: Parameters<typeof peer>[0], act: string): Promise<Peer> {
  const events = 'events=REMOTE_COMMUNICATION\nstartsecs=0\nbuffer_size=3'
  return peer(rig, 'foster', `[eventlistener:odd]\ncommand=${python('listener_odd.py', act, 'DIR/once')}\n${events}`)
}

withSupervisor('what a listener refuses is told again, and so is what it dies over', async rig => {
  for (const act of ['fail', 'die']) {
    const it = await odd(rig, act)
    await it.remote('t', 'first')
    await it.remote('t', 'second')
    await it.foster?.line(/odd +\| told second/)
    const told = it.foster?.lines
      .filter(line => /told|rejected|exited/.test(line))
      .map(line => line.replace(/^.*\| /, ''))
    assert.match(
      told?.join('\n') ?? '',
      act === 'fail'
        ? /^odd: event was rejected\ntold first\ntold second$/
        : /^odd: exited with code 3.*\ntold first\ntold second$/,
    )
    it.foster?.kill('SIGTERM')
    assert.equal((await it.foster?.exit())?.code, 0)
    rmSync(it.dir, { recursive: true })
  }
})

withSupervisor('a listener that breaks the protocol is told nothing more until it is started again', async rig => {
  const it = await odd(rig, 'noise')
  await it.remote('t', 'first')
  await it.foster?.line(/odd: bad result line: 'RESULT nothing'/)
  await it.foster?.line(/odd: has entered the UNKNOWN state/)
  await it.remote('t', 'second')
  assert.equal(await it.ctl('restart', 'odd'), 'odd: stopped\nodd: started\nexit 0\n')
  await it.foster?.line(/odd +\| told second/)
  const told = it.foster?.lines.filter(line => /\| told/.test(line)).map(line => line.replace(/^.*\| /, ''))
  assert.deepEqual(told, ['told first', 'told second'])
})

withSupervisor(
  'a listener that does not read holds nobody up; what there is no room for is dropped and told',
  async rig => {
    const it = await peer(
      rig,
      'foster',
      `[eventlistener:all]\ncommand=${python('listener.py', 'DIR/all')}\nevents=REMOTE_COMMUNICATION\nstartsecs=0\nbuffer_size=2`,
    )
    await it.remote('t', 'first')
    await eventually('it listens', () => heardBy(it, 'all').length === 1)
    assert.equal(await it.ctl('signal', 'STOP', 'all'), 'all: signalled\nexit 0\n')
    // More than a pipe takes.
    const large = 'x'.repeat(100_000)
    for (const data of [large, 'b', 'c', 'd']) await it.remote('t', data)
    await it.foster?.line(/pool all event buffer overflowed, discarding event 2$/)
    assert.match(await it.ctl('status'), /all +RUNNING/)
    await it.ctl('signal', 'CONT', 'all')
    await eventually('it has heard the rest', () => heardBy(it, 'all').length === 4)
    const heard = heardBy(it, 'all').map(([, payload]) => payload.replace('type:t\n', ''))
    assert.deepEqual(heard, ['first', large, 'c', 'd'])
    // Half of an event is in the pipe of a run that ends: the next one gets all of it.
    await it.ctl('signal', 'STOP', 'all')
    await it.remote('t', large)
    await it.ctl('signal', 'KILL', 'all')
    await eventually('the next run has heard it', () => heardBy(it, 'all').length === 5)
    assert.equal(heardBy(it, 'all')[4]?.[1], `type:t\n${large}`)
    it.foster?.kill('SIGTERM')
    assert.deepEqual(await it.foster?.exit(), { code: 0, signal: null })
  },
)

withSupervisor('at the end of the container listeners hear of what was stopped before them', async rig => {
  const it = await peer(
    rig,
    'foster',
    `[eventlistener:all]\ncommand=${python('listener.py', 'DIR/all')}\nevents=EVENT\nstartsecs=0
[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n[program:b]\ncommand=/bin/sleep 1000\nstartsecs=0`,
  )
  await eventually('it listens', () => heardBy(it, 'all').some(([, payload]) => payload.includes('processname:b ')))
  it.foster?.kill('SIGTERM')
  assert.deepEqual(await it.foster?.exit(), { code: 0, signal: null })
  const heard = heardBy(it, 'all').map(
    ([{ eventname }, payload]) => `${eventname} ${/processname:\S+/.exec(payload)?.[0]}`,
  )
  for (const name of ['a', 'b'])
    assert.ok(heard.includes(`PROCESS_STATE_STOPPED processname:${name}`), heard.join('\n'))
  assert.ok(heard.includes('SUPERVISOR_STATE_CHANGE_STOPPING undefined'))
})

withSupervisor('supervisorctl reload begins everything anew, with the configuration as it is by then', async rig => {
  const [db, web] = ['db', 'web'].map(name => rig.puppet(name, `trap 'home TERM; exit 0' TERM`)) as [Puppet, Puppet]
  const it = await peer(
    rig,
    'foster',
    `[program:db]\ncommand=${said(db)}\npriority=1\nstartsecs=0\n[program:web]\ncommand=${said(web)}\nstartsecs=0
[program:off]\ncommand=/bin/cat\nautostart=false`,
  )
  await Promise.all([db.up(), web.up()])
  const text = readFileSync(it.config, 'utf8')
  writeFileSync(it.config, text.replace('startsecs=0', 'startsecs=soon'))
  assert.match(await it.ctl('reload'), /FAILED: .*invalid literal for int.*'soon'/)
  writeFileSync(it.config, text.replace('[program:off]', '[program:new]'))
  assert.match(await it.ctl('reload'), /^Restarted supervisord\nexit 0/)
  await Promise.all([db.up(), web.up()])
  const calls = rig.calls.slice(2)
  assert.deepEqual(calls.slice(0, 3), ['web TERM', 'db TERM', 'db up'])
  assert.match(await it.session(['status']), /db +RUNNING.*\nnew +STOPPED.*\nweb +RUNNING/)
})
