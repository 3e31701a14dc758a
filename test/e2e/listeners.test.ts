/** Supervisor's event listeners, written in Python with its own `childutils`, under foster. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { e2e, fixture, type Puppet } from './rig.ts'
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

type Heard = readonly [headers: Readonly<Record<string, string>>, payload: string]

/** What a listener has written down. */
function heardBy({ dir }: Peer, name: string): readonly Heard[] {
  const path = join(dir, name)
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.map(line => JSON.parse(line))
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
command=${python('listener.py', 'DIR/exits')}
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
  )
  for (const puppet of [good, bad]) await puppet.up()
  good.start('exit 0')
  await foster?.line(/good: exited with code 0/)
  bad.start('kill -9 $$')
  await foster?.line(/^crash +\| bad:bad \(pid \d+\) died in RUNNING$/)
  assert.ok(!foster?.lines.some(line => /good:good|READY|RESULT/.test(line)))
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
