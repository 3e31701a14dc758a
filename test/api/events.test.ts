import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '../../src/api/answers.ts'
import { Events, shownTo } from '../../src/api/events.ts'
import type { LineSource } from '../../src/api/lines.ts'

function filled(count: number): Events {
  const events = new Events(() => 0)
  for (let i = 0; i < count; i++) events.add({ type: 'ready', process: `p${i % 2}`, ready: true })
  return events
}

/** All that can be had now. */
function drain(lines: LineSource, most = 65_536): readonly Event[] {
  let text = ''
  for (let piece = lines.pull(most); piece !== undefined; piece = lines.pull(most)) text += String(piece)
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Event)
}

const all = { since: 0, follow: false, shown: (event: Event) => event }

test('events are numbered from 1 and come in order', () => {
  const lines = filled(3).read(all)
  assert.deepEqual(
    drain(lines).map(it => it.seq),
    [1, 2, 3],
  )
  assert.equal(lines.isOver, true)
  assert.equal(drain(filled(0).read(all)).length, 0)
})

test('since leaves out what is known, a filter what is not to be seen', () => {
  const events = filled(5)
  assert.deepEqual(
    drain(events.read({ ...all, since: 3 })).map(it => it.seq),
    [4, 5],
  )
  assert.deepEqual(drain(events.read({ ...all, since: 99 })), [])
  const shown = (event: Event) => ('process' in event && event.process === 'p0' ? event : undefined)
  assert.deepEqual(
    drain(events.read({ ...all, shown })).map(it => it.seq),
    [1, 3, 5],
  )
})

test('a thousand are kept; who asks for older ones is told how many are missing', () => {
  const [gap, first, ...rest] = drain(filled(1500).read(all))
  assert.deepEqual(gap, { seq: 500, time: '1970-01-01T00:00:00.000Z', type: 'gap', missed: 500 })
  assert.equal(first?.seq, 501)
  assert.equal(rest.length, 999)
})

test('a follower hears of what comes, once for each time it waits', () => {
  const events = filled(1)
  const lines = events.read({ ...all, follow: true })
  assert.equal(drain(lines).length, 1)
  let calls = 0
  lines.onMore(() => calls++)
  events.add({ type: 'ready', process: 'p0', ready: false })
  events.add({ type: 'ready', process: 'p0', ready: true })
  assert.equal(calls, 1)
  assert.equal(drain(lines).length, 2)
  assert.equal(lines.isOver, false)
  lines.onMore(() => calls++)
  lines.close()
  events.add({ type: 'ready', process: 'p0', ready: false })
  assert.equal(calls, 1)
})

test('a follower that is too slow gets a gap and the end', () => {
  const events = filled(1)
  const lines = events.read({ ...all, follow: true })
  drain(lines)
  for (let i = 0; i < 2000; i++) events.add({ type: 'ready', process: 'p0', ready: true })
  const rest = drain(lines)
  assert.equal(rest.length, 1)
  assert.equal(rest[0]?.type === 'gap' && rest[0].missed, 1000)
  assert.equal(lines.isOver, true)
})

test('pieces are small, and texts are clipped', () => {
  const events = filled(1000)
  const lines = events.read(all)
  assert.ok(String(lines.pull(1000)).length < 2000)
  events.add({ type: 'request', uid: 0, pid: 1, verb: 'x'.repeat(10_000), names: Array(1000).fill('n'), status: 200 })
  const last = drain(events.read({ ...all, since: 1000 }))[0]
  assert.ok(JSON.stringify(last).length < 1000)
})

test('of a reload only an operator sees what has become of processes that are not his', () => {
  const events = new Events(() => 0)
  events.add({ type: 'reload', ok: true, changes: ['restarted web:0', 'removed db', 'updated web', 'added a b'] })
  const told = (labels: readonly string[], isOperator: boolean) => {
    const reader = { labels: new Set(labels), isOperator, isNarrowed: false }
    const [event] = drain(events.read({ ...all, shown: it => shownTo(reader, it) }))
    return event?.type === 'reload' ? event.changes : undefined
  }
  assert.deepEqual(told(['web:0', 'a b'], false), ['restarted web:0', 'added a b'])
  assert.deepEqual(told(['other'], false), [])
  assert.equal(told([], true)?.length, 4)
})
