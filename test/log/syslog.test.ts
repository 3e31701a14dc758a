/** Lines for the system's log: whole, however they come; bounded; lost without a stop. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LaneOptions } from '../../src/log/lane.ts'
import type { Shared } from '../../src/log/log-shared.ts'
import { Syslog, syslogLane } from '../../src/log/syslog.ts'

function lane(result: () => number) {
  const sent: string[] = []
  const said: string[] = []
  let dropped = 0
  const syslog = (message: Buffer): number => {
    if (result() === 0) sent.push(message.toString().replace(/^<14>Jan {2}1 00:00:00 supervisord: /, ''))
    return result()
  }
  const say = (_level: string, text: string): void => void said.push(text)
  const system = new Syslog({ syslog, say, errnoName: String })
  const shared = { system, now: () => new Date(2026, 0, 1) } as unknown as Shared
  const options = { name: 'web', onDropped: (lines: number) => (dropped += lines) } as unknown as LaneOptions
  const { lines } = syslogLane(shared, options)
  const feed = (text: string): void => {
    const chunk = Buffer.from(`<<\n${text}\n>>`)
    lines.feed(chunk, 3, chunk.length - 3)
  }
  return { feed, lines, sent, said, dropped: () => dropped }
}

test('one message for each line, with the last one at the end of the run', () => {
  const { feed, lines, sent } = lane(() => 0)
  for (const piece of ['on', 'e\ntwo\r\n\nth', 'ree']) feed(piece)
  assert.deepEqual(sent, ['web one', 'web two', 'web '])
  assert.equal(lines.held(), 5)
  lines.end()
  assert.deepEqual(sent.at(-1), 'web three')
})

test('a line without an end is sent in pieces', () => {
  const { feed, lines, sent } = lane(() => 0)
  feed('x'.repeat(20_000))
  lines.end()
  assert.deepEqual(
    sent.map(it => it.length),
    [8196, 8196, 3620],
  )
})

test('what is not taken is counted, and said at its beginning and its end', () => {
  let result = -11
  const { feed, sent, said, dropped } = lane(() => result)
  feed('a\nb\n')
  result = 0
  feed('c\nd\n')
  assert.deepEqual(sent, ['web c', 'web d'])
  assert.equal(dropped(), 2)
  assert.deepEqual(said, [
    'syslog: cannot write to /dev/log: 11; lines are lost',
    'syslog: /dev/log takes lines again; 2 were lost',
  ])
})
