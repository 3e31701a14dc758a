/** start, stop, restart: what is asked, in which order, what is said meanwhile, how it ends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Changes, foster, processAs, type Replies, resultAs } from './fake.ts'

const result = (...results: Parameters<typeof resultAs>[0][]) => ({ type: 'result', results: results.map(resultAs) })
const progress = (changes: Parameters<typeof processAs>[0]) => ({ type: 'progress', process: processAs(changes) })

const asking = (action: string, name: string, more = '') => `POST /v1/programs/${name}/${action}?progress=1${more}`

test('start: asks, waits, and says it in the words of the server', async () => {
  const replies = { [asking('start', 'web%3A0')]: { lines: [result({ name: 'web:0' })] } }
  const { code, stdout, stderr } = await foster('start web:0', { replies })
  assert.deepEqual([code, stdout, stderr], [0, 'web:0: started\n', ''])
})

test('--timeout in seconds, --no-wait', async () => {
  const replies: Replies = {
    [asking('restart', 'web', '&timeout=1.5')]: { lines: [result({ name: 'web' })] },
    'POST /v1/programs/web/stop?wait=none': {
      value: { results: [resultAs({ name: 'web', message: 'web: asked to stop' })] },
    },
  }
  assert.equal((await foster('restart web --timeout 1500ms', { replies })).code, 0)
  assert.equal((await foster('stop web --no-wait', { replies })).stdout, 'web: asked to stop\n')
})

for (const [line, code, exit] of [
  ['start web', 'already-started', 0],
  ['stop web', 'not-running', 0],
  ['start web', 'failed', 7],
  ['restart web', 'stopped-meanwhile', 7],
  ['stop web', 'started-meanwhile', 1],
  ['start web', 'timeout', 1],
  ['start web', 'shutting-down', 1],
] as const) {
  test(`${line}: ${code} is ${exit}`, async () => {
    const [action = ''] = line.split(' ')
    const given = result({ name: 'web', ok: false, code, message: `web: ${code}`, hint: 'do something' })
    const outcome = await foster(line, { replies: { [asking(action, 'web')]: { lines: [given] } } })
    assert.equal(outcome.code, exit)
    assert.equal(outcome.stdout, `web: ${code}\n`)
    assert.equal(outcome.stderr, '  do something\n')
  })
}

test('the server refuses what is so already: no failure, in the order of the names', async () => {
  const conflict = (code: string) => ({ status: 409, value: { code, message: `web: ${code}`, hint: 'pid 7' } })
  const start = await foster('start web', { replies: { [asking('start', 'web')]: conflict('already-started') } })
  assert.deepEqual([start.code, start.stdout, start.stderr], [0, 'web: already-started\n', '  pid 7\n'])
  const stop = await foster('stop web db', {
    replies: {
      [asking('stop', 'web')]: conflict('not-running'),
      [asking('stop', 'db')]: { lines: [result({ name: 'db', code: 'stopped', message: 'db: stopped' })] },
    },
  })
  assert.deepEqual([stop.code, stop.stdout], [0, 'web: not-running\ndb: stopped\n'])
  const ending = { ...conflict('shutting-down') }
  const late = await foster('start web', { replies: { [asking('start', 'web')]: ending } })
  assert.deepEqual([late.code, late.stdout], [1, ''])
})

const unknown = {
  ...{
    status: 404,
    value: { code: 'unknown-program', message: 'there is no program "wbe"', hint: 'did you mean "web"?' },
  },
}

test('a name that is not there does not keep the others from being started', async () => {
  const replies = { [asking('start', 'wbe')]: unknown, [asking('start', 'web')]: { lines: [result({ name: 'web' })] } }
  const { code, stdout, stderr } = await foster('start wbe web', { replies })
  assert.deepEqual([code, stdout], [1, 'web: started\n'])
  assert.equal(stderr, 'foster: there is no program "wbe"\n  did you mean "web"?\n')
  const json = await foster('start --json wbe web', { replies })
  const { results, failures } = JSON.parse(json.stdout)
  assert.deepEqual([results[0].name, failures[0].name, failures[0].code], ['web', 'wbe', 'unknown-program'])
  assert.deepEqual([json.code, json.stderr], [1, ''])
})

/** Turns of the loop in which another request would have come. */
function someTurns(then: () => void, left = 300): void {
  setImmediate(() => (left === 0 ? then() : someTurns(then, left - 1)))
}

test('starts are asked for at once, since they may wait for one another; stops one after the other', async () => {
  const waiting: (() => void)[] = []
  const once =
    (name: string): Replies[string] =>
    response => {
      const end = () => void response.end(`${JSON.stringify(result({ name }))}\n`)
      waiting.push(end)
      if (waiting.length === 2) for (const each of waiting) each()
    }
  const both = { [asking('start', 'a')]: once('a'), [asking('start', 'b')]: once('b') }
  assert.equal((await foster('start a b', { replies: both })).code, 0)

  const order: string[] = []
  const stop =
    (name: string): Replies[string] =>
    response => {
      order.push(`ask ${name}`)
      someTurns(() => {
        order.push(`end ${name}`)
        response.end(`${JSON.stringify(result({ name, code: 'stopped' }))}\n`)
      })
    }
  const replies = { [asking('stop', 'a')]: stop('a'), [asking('stop', 'b')]: stop('b') }
  await foster('stop a b', { replies })
  assert.deepEqual(order, ['ask a', 'end a', 'ask b', 'end b'])
})

const waits = { name: 'web', state: 'WAITING', pid: null, uptime: null, ready: false, reason: 'waits for db' } as const

test('on a terminal: what is waited for, in one line that fits and is gone in the end', async () => {
  const lines = [progress(waits), progress({ name: 'web', state: 'STARTING', ready: false }), result({ name: 'web' })]
  const { stdout, stderr } = await foster('start web', {
    replies: { [asking('start', 'web')]: { lines } },
    columns: () => 40,
  })
  assert.equal(stdout, 'web: started\n')
  assert.deepEqual(stderr.split('\r').slice(1), [
    'starting (0 s): web WAITING, waits for…\x1b[K',
    'starting (0 s): web STARTING, pid 12, …\x1b[K',
    '\x1b[K',
  ])
})

test('elsewhere: nothing for three seconds, then each change once', async () => {
  const lines = [
    progress(waits),
    progress({ ...waits, restarts: 1 }),
    progress({ name: 'web', state: 'STARTING', ready: false }),
    result({ name: 'web' }),
  ]
  const replies = { [asking('start', 'web')]: { lines } }
  assert.equal((await foster('start web', { replies })).stderr, '')
  let now = 0
  const slow = await foster('start web', { replies, now: () => (now += 2000) })
  assert.deepEqual(slow.stderr.split('\n').slice(0, -1), [
    'foster: starting, 4 s: web WAITING, waits for db, 1 restart',
    'foster: starting, 6 s: web STARTING, pid 12, uptime 0:01:40',
  ])
})

test('Ctrl-C ends the waiting, not the start; 130', async () => {
  let interrupt = () => {}
  const replies: Changes['replies'] = { [asking('start', 'web')]: () => interrupt() }
  const { code, stderr } = await foster('start web', {
    replies,
    onInterrupt: call => {
      interrupt = call
      return () => {}
    },
  })
  assert.equal(code, 130)
  assert.equal(stderr, 'foster: not waited for: start goes on; see foster status\n')
})

test('Ctrl-C in a stop of several: those whose turn has not come are named', async () => {
  let interrupt = () => {}
  const replies: Changes['replies'] = { [asking('stop', 'web')]: () => interrupt() }
  const { code, stderr } = await foster('stop web db cache', {
    replies,
    onInterrupt: call => {
      interrupt = call
      return () => {}
    },
  })
  assert.equal(code, 130)
  assert.equal(stderr, 'foster: not waited for: stop goes on; not asked yet: db cache; see foster status\n')
})

test('foster goes meanwhile: 1', async () => {
  const replies: Replies = {
    [asking('start', 'web')]: response => {
      response.write(`${JSON.stringify(progress(waits))}\n`)
      setImmediate(() => response.destroy())
    },
  }
  const { code, stderr } = await foster('start web', { replies })
  assert.equal(code, 1)
  assert.match(stderr, /foster has gone/)
})

test('lines of a newer foster are not understood: 5', async () => {
  const { code } = await foster('start web', { replies: { [asking('start', 'web')]: { lines: [{ type: 'news' }] } } })
  assert.equal(code, 5)
})
