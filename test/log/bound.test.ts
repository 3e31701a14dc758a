/** PID 1's memory: the table in docs/logs.md, with everything blocked that can be and programs that write all they can. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FileTarget, fileDefaults } from '../../src/core/log-plan.ts'
import { bench, type SomeLog } from './fakes.ts'

const pending = 4096
const read = 68 * 1024
/** What a read of empty lines becomes, which grows most: a prefix of nine bytes for each of them. */
const formatted = read * (1 + 'foster | '.length)
const count = 40

/** Programs of every kind: to foster's streams and to files, that wait or whose lines are dropped. */
const programs: readonly SomeLog[] = Array.from({ length: count }, (_, index) => {
  const file: FileTarget = { to: 'file', ...fileDefaults, path: `/${index}`, format: 'prefix' }
  const overflow = index % 2 === 0 ? 'block' : 'drop'
  const stdout =
    index % 3 === 0 ? [file] : index % 3 === 1 ? [{ to: 'forward', stream: 'stdout' } as const, file] : undefined
  return { name: `p${index}`, log: { overflow, ...(stdout && { stdout }) } } as const
})

for (const text of ['\n', 'x', `${'x'.repeat(99)}\n`]) {
  test(`what waits is bounded, whatever is written: ${JSON.stringify(text.slice(-2))}`, () => {
    const { logs, pipes, expire } = bench({ programs, room: 0, pending, format: 'prefix' })
    for (let turn = 0; turn < 12; turn++) {
      for (let index = 0; index < count; index++) {
        for (const fd of [10 * index + 1, 10 * index + 2]) {
          if (!pipes.isPaused(fd)) pipes.write(fd, text.repeat(read / text.length))
          while (pipes.turn(fd));
        }
      }
    }
    let waiting = Number.POSITIVE_INFINITY
    logs.flush(0, ({ unwritten }) => {
      waiting = unwritten - pipes.total()
    })
    expire()
    const outputs = 2 * (2 * pending + formatted + pending)
    const files = 64 * pending + formatted
    const unfinished = 8 * 1024 * 1024 + 2 * count * 4096
    const most = outputs + files + (text === 'x' ? unfinished : 0)
    assert.ok(waiting > 2 * pending && waiting <= most, `${waiting} of ${most}`)
  })
}
