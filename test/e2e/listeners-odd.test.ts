/** Event listeners that refuse, die, break the protocol or do not read; and what they hear at the end. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Puppet } from './rig.ts'
import { soon } from './rig-api.ts'
import { type Heard, heardBy, python, said, withSupervisor } from './rig-listeners.ts'
import { eventually } from './rig-wait.ts'
import { type Peer, peer } from './supervisor-peer.ts'

/** A listener of this kind, told of what is sent. */
async function odd(rig: Parameters<typeof peer>[0], act: string): Promise<Peer> {
  const events = 'events=REMOTE_COMMUNICATION\nstartsecs=0\nbuffer_size=3'
  return peer(rig, 'foster', `[eventlistener:odd]\ncommand=${python('listener_odd.py', act, 'DIR/once')}\n${events}`)
}

/** Waits until foster has read that it is ready again after so many events. */
const isReady = (it: Peer, events: number): Promise<void> =>
  soon('it is ready', async () => (await it.ctl('tail', 'all')).match(/READY/g)?.length === events + 1)

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

withSupervisor(
  "what supervisor_stdout would have printed is in foster's output, and no answer of it is a refusal",
  async rig => {
    const it = await peer(
      rig,
      'foster',
      `[eventlistener:odd]\ncommand=${python('listener_odd.py', 'fail', 'DIR/once')}\nevents=PROCESS_LOG,REMOTE_COMMUNICATION
result_handler=supervisor_stdout:event_handler\nstartsecs=0
[program:quiet]\ncommand=/bin/sh -c 'echo heard; exec sleep 1000'\nstdout_logfile=NONE\nstdout_events_enabled=true
[program:plain]\ncommand=/bin/sh -c 'echo unheard; exec sleep 1000'\nstdout_logfile=NONE`,
    )
    await it.foster?.line(/quiet +\| heard$/)
    for (const data of ['first', 'second', 'third']) await it.remote('t', data)
    await it.foster?.line(/odd +\| told third$/)
    const lines = it.foster?.lines.join('\n') ?? ''
    assert.doesNotMatch(lines, /rejected|unheard$/m)
  },
)

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
    await isReady(it, 1)
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
    await isReady(it, 4)
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

const plain = ([{ eventname }, payload]: Heard): string => `${eventname} ${/processname:\S+/.exec(payload)?.[0]}`

withSupervisor('at the end of the container listeners hear of what was stopped before them', async rig => {
  const wanted = [
    ...['a', 'b'].map(name => `PROCESS_STATE_STOPPED processname:${name}`),
    'SUPERVISOR_STATE_CHANGE_STOPPING undefined',
  ]
  const missing = async (name: string): Promise<readonly string[]> => {
    const it = await peer(
      rig,
      'foster',
      `[eventlistener:all]\ncommand=${python('listener.py', 'DIR/all')}\nevents=EVENT\nstartsecs=0
[program:a]\ncommand=/bin/sleep 1000\nstartsecs=0\n[program:b]\ncommand=/bin/sleep 1000\nstartsecs=0`,
      name,
    )
    await eventually('it listens', () => heardBy(it, 'all').some(([, payload]) => payload.includes('processname:b ')))
    it.foster?.kill('SIGTERM')
    assert.deepEqual(await it.foster?.exit(), { code: 0, signal: null })
    const heard = heardBy(it, 'all').map(plain)
    return wanted.filter(event => !heard.includes(event))
  }
  // A listener has a second for what waits, which a busy machine may not give it.
  let left = wanted
  for (let turn = 0; turn < 5 && left.length > 0; turn++) left = [...(await missing(`turn-${turn}`))]
  assert.deepEqual(left, [])
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
  assert.deepEqual(calls.slice(0, 2), ['web TERM', 'db TERM'])
  assert.match(await it.session(['status']), /db +RUNNING.*\nnew +STOPPED.*\nweb +RUNNING/)
})
