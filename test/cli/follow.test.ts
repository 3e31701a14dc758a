/** tail, logs and events: what is asked, what is printed, how following ends. */
import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { eventLine } from '../../src/cli/events.ts'
import { foster, processAs, type Replies } from './fake.ts'

const line = (process: string, message: string, whole = true) => ({
  ...{ type: 'line', process, stream: 'stdout', message, whole },
})
const gap = (process: string, bytes: number) => ({ type: 'gap', process, stream: 'stdout', bytes })
const programs = {
  'GET /v1/programs': { value: { programs: ['web', 'worker:0'].map(name => processAs({ name })) } },
}

test('tail prints the bytes as they were written', async () => {
  const bytes = Buffer.from([0x61, 0xff, 0x0a, 0x62])
  const pieces: Uint8Array[] = []
  const target = 'GET /v1/logs?program=web&stream=stderr&bytes=100&raw=1'
  const { code } = await foster('tail -100 web stderr', {
    replies: { [target]: response => void response.end(bytes) },
    write: (_output, what) => pieces.push(Buffer.from(what)) > 0,
  })
  assert.equal(code, 0)
  assert.deepEqual(Buffer.concat(pieces), bytes)
})

test('tail --json prints the lines of the server', async () => {
  const target = 'GET /v1/logs?program=web&stream=stdout&bytes=1600'
  const lines = [line('web', 'a'), gap('web', 7)]
  const { stdout } = await foster('tail --json web', { replies: { [target]: { lines } } })
  assert.equal(stdout, lines.map(it => `${JSON.stringify(it)}\n`).join(''))
})

test('logs: each line after its name, padded to the longest; cut lines are marked', async () => {
  const lines = [
    line('web', 'a'),
    line('worker:0', 'b', false),
    line('web', 'x'),
    line('worker:0', 'c'),
    line('worker:0', 'd'),
  ]
  const { stdout, asked } = await foster('logs', { replies: { ...programs, 'GET /v1/logs': { lines } } })
  assert.equal(stdout, 'web      | a\nworker:0 | b\nweb      | x\nworker:0 |+ c\nworker:0 | d\n')
  assert.deepEqual(asked, ['GET /v1/programs', 'GET /v1/logs'])
})

test('logs of some: names, lines and stream are asked for; the names alone count for the width', async () => {
  const target = 'GET /v1/logs?program=web&stream=stderr&lines=2'
  const { stdout } = await foster('logs -n 2 --stream stderr web', {
    replies: { ...programs, [target]: { lines: [line('web', 'a')] } },
  })
  assert.equal(stdout, 'web | a\n')
})

test('logs on a terminal: the colours that foster itself has', async () => {
  const lines = [line('worker:0', 'a'), line('web', 'b')]
  const { stdout } = await foster('logs', {
    replies: { ...programs, 'GET /v1/logs': { lines } },
    isColoured: () => true,
  })
  assert.equal(stdout, '\x1b[32mworker:0 |\x1b[0m a\n\x1b[31mweb      |\x1b[0m b\n')
})

test('logs for one who may not see the status', async () => {
  const refused = { status: 403, value: { code: 'not-allowed', message: 'no', hint: null } }
  const replies = { 'GET /v1/programs': refused, 'GET /v1/logs': { lines: [line('web', 'a'), line('longer', 'b')] } }
  assert.equal((await foster('logs', { replies })).stdout, 'web | a\nlonger | b\n')
})

test('what was forgotten is said in the middle, not at the beginning', async () => {
  const lines = [gap('web', 100), line('web', 'a'), gap('web', 7), line('web', 'b')]
  const { stdout } = await foster('logs', { replies: { ...programs, 'GET /v1/logs': { lines } } })
  assert.match(stdout, /^web +\| a\nweb +\| \.\.\. 7 bytes are missing here.*\nweb +\| b\n$/)
})

/** Answers this, and then the connection breaks. */
const broken =
  (text: string): Replies[string] =>
  (response: ServerResponse) => {
    response.write(text)
    setImmediate(() => response.destroy())
  }

test('who follows is told by the end of foster that there is nothing more; who does not, that it is not all', async () => {
  const text = `${JSON.stringify(line('web', 'a'))}\n`
  const replies = { ...programs, 'GET /v1/logs': broken(text), 'GET /v1/logs?follow=1': broken(text) }
  const follows = await foster('logs -f', { replies })
  assert.deepEqual([follows.code, follows.stderr], [0, ''])
  assert.match(follows.stdout, /web +\| a\n/)
  const once = await foster('logs', { replies })
  assert.equal(once.code, 1)
  assert.match(once.stderr, /foster has gone/)
})

test('a reader that has gone ends it, without a word: 141', async () => {
  const target = 'GET /v1/logs?program=web&stream=stdout&bytes=1600&follow=1&raw=1'
  const replies: Replies = { [target]: response => void response.write('a\n') }
  const { code, stderr } = await foster('tail -f web', { replies, onWrite: () => false })
  assert.deepEqual([code, stderr], [141, ''])
})

test('a reader that has gone is noticed although nothing is written', async () => {
  const target = 'GET /v1/events?follow=1'
  let look = () => {}
  const replies: Replies = { [target]: response => void response.write('\n', () => look()) }
  const { code, stderr } = await foster('events -f', {
    replies,
    isUnread: output => output === 1,
    every: (millis, call) => {
      if (millis === 1000) look = call
      return () => {}
    },
  })
  assert.deepEqual([code, stderr], [141, ''])
})

const at = { time: '2026-11-26T12:00:00.250Z' }
const exited = { pid: 12, how: 'exited', code: 3, signal: null, core: false, reason: 'exited with code 3', uptime: 61 }
const events = [
  [
    { seq: 1, ...at, type: 'state', process: 'web', from: 'STOPPED', to: 'STARTING', pid: 12, reason: null },
    'web: STARTING, was STOPPED, pid 12',
  ],
  [{ seq: 2, ...at, type: 'exit', process: 'web', cause: 'self', ...exited }, 'web: exited with code 3, after 0:01:01'],
  [
    { seq: 3, ...at, type: 'exit', process: 'web', cause: 'probe', ...exited },
    'web: exited with code 3, after 0:01:01, stopped for its probe',
  ],
  [{ seq: 4, ...at, type: 'ready', process: 'web', ready: false }, 'web: not ready'],
  [
    { seq: 5, ...at, type: 'probe', process: 'web', probe: 'liveness', ok: false, reason: 'HTTP 503' },
    'web: liveness probe fails: HTTP 503',
  ],
  [
    { seq: 6, ...at, type: 'request', uid: 1000, pid: 77, verb: 'restart', names: ['web'], status: 200 },
    'request restart web by uid 1000, pid 77: 200',
  ],
  [{ seq: 7, ...at, type: 'dropped', process: 'web', lines: 3 }, 'web: 3 lines were dropped'],
  [
    { seq: 8, ...at, type: 'container', phase: 'stopping', reason: 'web is over', code: 3 },
    'container: stopping: web is over, exit code 3',
  ],
  [{ seq: 9, ...at, type: 'reload', ok: true, changes: ['web restarted'] }, 'reload: web restarted'],
  [{ seq: 10, ...at, type: 'gap', missed: 5 }, '5 events are missing here'],
] as const

test('events in words', () => {
  for (const [event, words] of events) {
    assert.equal(eventLine(event), `${event.seq} 2026-11-26 12:00:00.250Z ${words}`)
  }
  const news = { seq: 11, ...at, type: 'news', about: 'something' }
  assert.equal(eventLine(news), JSON.stringify(news), 'what a newer foster tells is shown as it is')
})

test('events: what is asked; as JSON they are what the server says', async () => {
  const lines = events.map(([event]) => event)
  const target = 'GET /v1/events?program=web&since=3&follow=1'
  const json = await foster('events -f --since 3 --json web', { replies: { [target]: { lines } } })
  assert.equal(json.stdout, lines.map(it => `${JSON.stringify(it)}\n`).join(''))
  const text = await foster('events -f --since 3 web', { replies: { [target]: { lines } } })
  assert.equal(text.stdout.split('\n').length, lines.length + 1)
})
