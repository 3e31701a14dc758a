/** Supervisor's event listeners, written in Python with its own `childutils`, under foster. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Puppet } from './rig.ts'
import { ask, socketOf } from './rig-cli.ts'
import { type Heard, heardBy, python, said, withSupervisor } from './rig-listeners.ts'
import { eventually } from './rig-wait.ts'
import { type Peer, peer, withBoth } from './supervisor-peer.ts'

/** Has 100 MB in use and stays. */
const eater = `/usr/bin/python3 -c "import time; x = bytearray(100000000); time.sleep(1000)"`

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
startsecs=100
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

/** What comes by itself, in whatever order; some of it more than once. */
const byItself: readonly (readonly [eventname: string, pattern: RegExp, count: number])[] = [
  ['PROCESS_STATE_RUNNING', /processname:all /, 1],
  ['PROCESS_STATE_RUNNING', /processname:exits_[01] /, 2],
  ['PROCESS_STATE_RUNNING', /processname:w_[01] /, 2],
  ['PROCESS_STATE_RUNNING', /processname:again /, 2],
  ['PROCESS_STATE_EXITED', /processname:ends /, 1],
  ['PROCESS_STATE_FATAL', /processname:missing /, 1],
  ['PROCESS_STATE_RUNNING', /processname:output /, 1],
  ['PROCESS_LOG_STDOUT', / and then more than a mark$/, 1],
  ['PROCESS_LOG_STDERR', /processname:output /, 1],
]

/** Has things happen, and waits until the listeners have heard of them. */
async function listen(it: Peer): Promise<void> {
  const heard = (pattern: RegExp, event = '', count = 1): Promise<true> =>
    eventually(`${it.who}: ${event} ${pattern}`, () => {
      const isIt = ([{ eventname }, payload]: Heard) => (eventname ?? '').startsWith(event) && pattern.test(payload)
      return heardBy(it, 'all').filter(isIt).length >= count || undefined
    })
  for (const [event, pattern, count] of byItself) await heard(pattern, event, count)
  await heard(/processname:early .* from_state:BACKOFF$/)
  await it.session(['start steered', 'stop steered', 'restart g:*', 'stop early'])
  writeFileSync(it.config, readFileSync(it.config, 'utf8').replace('[program:steered]', '[program:other]'))
  await it.session(['update'])
  await heard(/groupname:steered\n/)
  await it.remote('the', 'end \u00fc \u{1f600}')
  for (const name of ['all', 'exits']) {
    // One of a pool may still be busy with what came before the end.
    const isAll = (told: readonly Heard[]) => told.length > Number(told.find(isEnd)?.[0].poolserial ?? Infinity)
    await eventually(`the end in ${name}, and what came before`, () => isAll(heardBy(it, name)))
  }
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
