/** What `status` says of a process, and how it stands in the table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProcessStatus } from '../../src/api/answers.ts'
import { describe, uptimeText } from '../../src/cli/describe.ts'
import { statusTable } from '../../src/cli/table.ts'
import { widthOf } from '../../src/cli/width.ts'
import { processAs } from './fake.ts'

const down = { name: 'web', pid: null, uptime: null, ready: false } as const
const exit = {
  ...{ how: 'exited' as const, code: 3, signal: null, core: false, reason: 'exited with code 3' },
  ...{ at: '2026-11-26T12:00:00.000Z', uptime: 1, success: false },
}
/** In whatever zone the test runs. */
const since = new Date(2026, 10, 6, 17, 4).toISOString()
const probe = (name: ProcessStatus['probes'][number]['probe'], ok: boolean | null, reason: string | null = null) => ({
  ...{ probe: name, ok, reason },
})

for (const [words, changes] of [
  ['pid 12, uptime 0:01:40', { name: 'web' }],
  ['pid 12, uptime 0:01:40, ready, 1 restart', { name: 'web', restarts: 1, probes: [probe('readiness', true)] }],
  [
    'pid 12, uptime 0:01:40, not ready: HTTP 503, 2 restarts',
    {
      ...{ name: 'web', ready: false, restarts: 2, reason: 'not ready: HTTP 503' },
      probes: [probe('readiness', false, 'HTTP 503')],
    },
  ],
  ['pid 12, uptime 0:01:40, liveness fails: timeout', { name: 'web', probes: [probe('liveness', false, 'timeout')] }],
  [
    'pid 12, uptime 0:00:02, starting up: refused',
    { name: 'web', state: 'STARTING', ready: false, uptime: 2, probes: [probe('startup', false, 'refused')] },
  ],
  ['waits for db, redis', { ...down, state: 'WAITING', waiting_for: ['db', 'redis'], reason: 'waits for db, redis' }],
  ['Not started', { ...down, state: 'STOPPED' }],
  [
    'Nov 06 05:04 PM, stopped by an operator',
    { ...down, state: 'STOPPED', since, last_exit: exit, reason: 'stopped by an operator' },
  ],
  ['Nov 06 05:04 PM, exited with code 3', { ...down, state: 'EXITED', since, last_exit: exit }],
  [
    'exited with code 3, again in 1.5 s, 2 failures in a row',
    { ...down, state: 'BACKOFF', reason: 'exited with code 3', retry_in: 1.53, failures: 2 },
  ],
  [
    'depends on db, which was killed by SIGSEGV',
    { ...down, state: 'FATAL', reason: 'depends on db, which was killed by SIGSEGV' },
  ],
  ['unknown error (try "tail web")', { ...down, state: 'FATAL' }],
  [
    'pid 12, uptime 0:01:40, its liveness probe has failed',
    { name: 'web', state: 'STOPPING', reason: 'its liveness probe has failed' },
  ],
] as const satisfies readonly (readonly [string, Parameters<typeof processAs>[0]])[]) {
  test(`in words: ${words}`, () => assert.equal(describe(processAs(changes)), words))
}

test('the time of a stop, round the clock', () => {
  const at = (hour: number) =>
    describe(processAs({ ...down, state: 'EXITED', since: new Date(2026, 0, 31, hour, 5).toISOString() }))
  assert.deepEqual([0, 11, 12, 23].map(at), [
    'Jan 31 12:05 AM',
    'Jan 31 11:05 AM',
    'Jan 31 12:05 PM',
    'Jan 31 11:05 PM',
  ])
})

test('uptimes as Python writes them', () => {
  assert.equal(uptimeText(3.9), '0:00:03')
  assert.equal(uptimeText(86_399), '23:59:59')
  assert.equal(uptimeText(86_400), '1 day, 0:00:00')
  assert.equal(uptimeText(2 * 86_400 + 3661), '2 days, 1:01:01')
})

const plain = { columns: undefined, isColoured: false }

test('a table for programs: no colours, no breaks, names as wide as the widest', () => {
  const reason = 'why '.repeat(50).trim()
  const table = statusTable(
    [processAs({ name: '网站' }), processAs({ ...down, name: 'a', state: 'FATAL', reason })],
    plain,
  )
  assert.equal(table, `网站  RUNNING   pid 12, uptime 0:01:40\na     FATAL     ${reason}\n`)
})

test('a table for a terminal fits it, whatever stands in it', () => {
  const long = 'a-name-that-is-longer-than-a-terminal-has-room-for-it:0'
  const reason = 'it could not be started: no such file: it is 网站 and 🚀 '.repeat(5)
  const rows = [
    processAs({ name: long }),
    processAs({ ...down, name: 'web', state: 'FATAL', reason }),
    processAs({ ...down, name: '网站', state: 'BACKOFF', reason: 'x', retry_in: 12 }),
  ]
  for (const columns of [60, 80, 100]) {
    const table = statusTable(rows, { columns, isColoured: false })
    for (const line of table.split('\n')) assert.ok(widthOf(line) <= columns, line)
    for (const { name } of rows) assert.ok(table.includes(name))
    assert.equal(table.replace(/\s+/g, ' ').includes(reason.trim()), true)
  }
})

test('states are coloured, the columns stay', () => {
  const rows = [processAs({ name: 'web' }), processAs({ ...down, name: 'db', state: 'FATAL', reason: 'gone' })]
  const table = statusTable(rows, { columns: 80, isColoured: true })
  assert.equal(table, 'web  \x1b[32mRUNNING\x1b[0m   pid 12, uptime 0:01:40\ndb   \x1b[31mFATAL\x1b[0m     gone\n')
})

test('no processes, no lines', () => assert.equal(statusTable([], plain), ''))

test('escape sequences of a program do not reach the terminal', () => {
  const table = statusTable([processAs({ ...down, name: 'web', state: 'FATAL', reason: '\x1b[2J\x07' })], plain)
  assert.equal(table, 'web  FATAL     \ufffd[2J\ufffd\n')
})
