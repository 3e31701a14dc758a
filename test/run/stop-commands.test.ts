/** Commands that stop programs: one at a time, and the program is not gone before its command is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommandResult } from '../../src/os/commands.ts'
import { StopCommands } from '../../src/run/stop-commands.ts'
import { Clock } from './probes/clock.ts'

const done: CommandResult = { ending: { how: 'exited', code: 0 }, output: '' }

function make() {
  const clock = new Clock()
  const told: string[] = []
  const running: { signal: AbortSignal; end: () => void }[] = []
  const commands = new StopCommands({ after: clock.after })
  const begin = (index: number): void =>
    commands.begin(
      index,
      signal => new Promise(resolve => running.push({ signal, end: () => resolve(done) })),
      (_result, isLate) => told.push(`ended${isLate ? ' late' : ''}`),
    )
  const hold = (index: number): void => commands.hold(index, () => told.push('over'))
  return { clock, told, running, commands, begin, hold }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('a program without a command, or whose command has ended, is over at once', async () => {
  const { told, running, begin, hold, commands } = make()
  hold(0)
  assert.deepEqual(told.splice(0), ['over'])
  begin(0)
  running[0]?.end()
  await turn()
  hold(0)
  assert.deepEqual([told, commands.isHeld(0)], [['ended', 'over'], false])
})

test('a program is over when its command has ended; others do not wait', async () => {
  const { told, running, begin, hold, commands, clock } = make()
  begin(0)
  hold(1)
  assert.deepEqual(told.splice(0), ['over'])
  hold(0)
  assert.deepEqual([told, commands.isHeld(0), clock.pending], [[], true, []])
  running[0]?.end()
  await turn()
  assert.deepEqual([told, commands.isHeld(0)], [['ended', 'over'], false])
})

test('at the end of the time it is killed, before the program is gone or after', async () => {
  for (const isFirst of [true, false]) {
    const { told, running, begin, hold, commands, clock } = make()
    begin(0)
    if (isFirst) commands.kill(0)
    hold(0)
    if (!isFirst) commands.kill(0)
    commands.kill(0)
    assert.deepEqual([running[0]?.signal.aborted, clock.pending], [true, [500]])
    running[0]?.end()
    await turn()
    assert.deepEqual([told, clock.pending], [['ended late', 'over'], []])
  }
})

test('one that cannot be killed is waited for no longer, and its end then means nothing', async () => {
  const { told, running, begin, hold, commands, clock } = make()
  begin(0)
  hold(0)
  commands.kill(0)
  clock.strike()
  assert.deepEqual([told.splice(0), commands.isHeld(0)], [['over'], false])
  begin(0)
  running[0]?.end()
  await turn()
  hold(0)
  assert.deepEqual(told.splice(0), ['ended late'], 'the second one still runs')
  running[1]?.end()
  await turn()
  assert.deepEqual(told, ['ended', 'over'])
})

test('who is asked to stop meanwhile is asked when the command has ended, if it is there', async () => {
  const { told, running, begin, hold, commands } = make()
  const again = (): void => void told.push('again')
  assert.equal(commands.isBusy(0, again), false)
  begin(0)
  assert.equal(commands.isBusy(0, again), true)
  running[0]?.end()
  await turn()
  assert.deepEqual(told.splice(0), ['ended', 'again'])
  begin(0)
  assert.equal(commands.isBusy(0, again), true)
  hold(0)
  running[1]?.end()
  await turn()
  assert.deepEqual(told, ['ended', 'over'])
})
