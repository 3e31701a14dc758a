/** The laws of one program's table, probes left out. */
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { Ending } from '../../src/core/ending.ts'
import type { Program } from '../../src/core/plan.ts'
import { type Event, isOver, pidOf } from '../../src/core/state.ts'
import { wordOf } from './ages.ts'
import type { One } from './one.ts'

/** What is true after an event, whatever it was. */
export function checkState(before: One, event: Event, after: One, program: Program): void {
  const { state, asked, pid, last, wanted } = after
  assert.equal(state.at === 'launching', asked, 'launching is when a process was asked for')
  assert.equal('pid' in state && state.gone !== undefined, after.gone, 'it is known whether the process has ended')
  if (event.on === 'gone') assert.equal(state.at, before.state.at, 'its end is not its exit')
  assert.equal(pidOf(state), pid, 'a state has the pid of the process that lives, and only then')
  assert.ok(isSameEnding(state.last, last), 'the last ending is the last one that came')
  if (state.at === 'running' || state.at === 'starting') assert.ok(wanted, 'it runs although it is to be down')
  if (state.at === 'stopped') assert.ok(!wanted, 'stopped although it is wanted')
  if (event.on === 'deadline') assert.notEqual(wordOf(state), wordOf(before.state), 'a deadline that leads nowhere')
  if ('deadline' in state && state.at !== 'starting') {
    assert.ok(Number.isFinite(state.deadline), 'a deadline that never comes')
  }
  if (state.at === 'fatal' && state.cause.why === 'failed') assert.equal(state.cause.ending, state.last)
  if (event.on === 'up' || event.on === 'restart') assert.ok(!isOver(state), 'a start that leads nowhere')
  if (event.on === 'exit') checkExit(before, after, program)
}

/** The ending that came, but for the probe that is named beside it. */
export function isSameEnding(known: Ending | undefined, came: Ending | undefined): boolean {
  if (known === came) return true
  if (known === undefined || !('unhealthy' in known)) return false
  const { unhealthy: _, ...rest } = known
  return isDeepStrictEqual(rest, came)
}

/** Whoever was stopped because it was not well has failed, whatever its code, and that stays the cause. */
function checkExit(before: One, { state }: One, program: Program): void {
  const blamed = state.last !== undefined && 'unhealthy' in state.last ? state.last.unhealthy : undefined
  assert.equal(blamed && (blamed.probe ?? 'fork'), before.ill, 'the first cause is kept')
  if (before.state.at !== 'stopping' || before.state.next !== 'retry') return
  const { since, gone = 0, failures } = before.state
  const expected = (gone - since >= program.backoff.resetAfter ? 0 : failures) + 1
  if (program.restart === 'never') return assert.equal(state.at, 'exited')
  assert.equal(state.failures, expected, 'a failed probe is a failure')
  if (expected > program.startRetries) assert.equal(state.at, 'fatal')
  else assert.equal(state.at, program.backoff.delay > 0 ? 'backoff' : 'waiting')
}
