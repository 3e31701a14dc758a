/** Events in Supervisor's words: the texts are those of its own tests and of its manual. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  communicationNews,
  envelope,
  groupNews,
  logNews,
  type News,
  remoteNews,
  stateNews,
  supervisorNews,
  undecodable,
} from '../../src/core/event-text.ts'
import { eventTypes, isAskedFor, isEventType } from '../../src/core/event-types.ts'

const cat = { process: 'cat', group: 'pets' }

const rows: readonly [News, string, string][] = [
  [
    stateNews(cat, 'STARTING', 'STOPPED', 'tries:0'),
    'PROCESS_STATE_STARTING',
    'processname:cat groupname:pets from_state:STOPPED tries:0',
  ],
  [stateNews(cat, 'FATAL', 'BACKOFF'), 'PROCESS_STATE_FATAL', 'processname:cat groupname:pets from_state:BACKOFF'],
  [
    logNews(cat, 'stderr', 7, 'a\nb'),
    'PROCESS_LOG_STDERR',
    'processname:cat groupname:pets pid:7 channel:stderr\na\nb',
  ],
  [communicationNews(cat, 'stdout', 7, 'x'), 'PROCESS_COMMUNICATION_STDOUT', 'processname:cat groupname:pets pid:7\nx'],
  [remoteNews('a', 'b'), 'REMOTE_COMMUNICATION', 'type:a\nb'],
  [groupNews('ADDED', 'g'), 'PROCESS_GROUP_ADDED', 'groupname:g\n'],
  [supervisorNews('STOPPING'), 'SUPERVISOR_STATE_CHANGE_STOPPING', ''],
]

for (const [news, type, payload] of rows) test(type, () => assert.deepEqual(news, { type, payload }))

test('an envelope tells its length in code points', () => {
  const address = { identifier: 'supervisor', pool: 'l', serial: 21, poolSerial: 10 }
  const text = envelope(remoteNews('a', 'Malm\u00f6 \u{1f600}'), address)
  const header = 'ver:3.0 server:supervisor serial:21 pool:l poolserial:10 eventname:REMOTE_COMMUNICATION len:14'
  assert.equal(text, `${header}\ntype:a\nMalm\u00f6 \u{1f600}`)
})

test('bytes that are no UTF-8 are shown as Python shows them', () => {
  assert.equal(undecodable('bad\x88\n'), String.raw`Undecodable: b'bad\x88\n'`)
  assert.equal(undecodable("it's \\ \t\r\x7f"), String.raw`Undecodable: b"it's \\ \t\r\x7f"`)
  assert.equal(undecodable('\'"'), String.raw`Undecodable: b'\'"'`)
})

test('a kind is asked for by its own name and by that of what it is a kind of', () => {
  assert.ok(isAskedFor('TICK_60', ['TICK_60']) && isAskedFor('TICK_60', ['TICK']) && isAskedFor('TICK_60', ['EVENT']))
  assert.ok(!isAskedFor('TICK_60', ['TICK_5', 'PROCESS_STATE']) && !isAskedFor('TICK', ['TICK_60']))
  assert.ok(eventTypes.every(it => isAskedFor(it, ['EVENT']) && isEventType(it)) && eventTypes.length === 27)
  assert.ok(!isEventType('toString') && !isEventType(''))
})
