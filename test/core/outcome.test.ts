/** Design, section 2, "Who ended, and what becomes of the container": each row by example, and what no row may do. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { describeEnding, type Ending, exitCodeOf, isSuccess } from '../../src/core/ending.ts'
import { type Ended, endedOf, endedRows, otherRows, outcomeOf, stopOutcomeOf } from '../../src/core/outcome.ts'
import type { Program } from '../../src/core/plan.ts'
import { signalNames, signalNumbers } from '../../src/core/signal.ts'
import { programOf } from './plans.ts'

const exited = (code: number): Ending => ({ how: 'exited', code })
const killed = (signal: number): Ending => ({ how: 'killed', signal, core: false })
const unstartable = (code: 126 | 127 | 1): Ending => ({ how: 'unstartable', reason: 'because', code })

const ended = (changes: Partial<Program>, ending: Ending | undefined, more: Partial<Ended> = {}): Ended => ({
  program: programOf('p', changes),
  ending,
  cause: undefined,
  isCommand: false,
  ...more,
})
const fatal = (ending: Ending): Partial<Ended> => ({ cause: { why: 'failed', ending } })
const dependency = (ending: Ending | undefined): Partial<Ended> => ({
  cause: { why: 'dependency', on: 'db', root: 'db', ending },
})

describe('each row by example', () => {
  const task = { kind: 'task' } as const
  const rows: readonly [row: string, exit: number | undefined, it: Ended][] = [
    ['service-success', 0, ended({}, exited(0))],
    ['service-success', 0, ended({ successExitCodes: [0, 3] }, exited(3))],
    ['service-success', 0, ended({ successExitCodes: ['TERM'] }, killed(15))],
    ['service-failure', 3, ended({}, exited(3))],
    ['service-failure', 139, ended({}, killed(11))],
    ['service-failure', 1, ended({ successExitCodes: [7] }, exited(0))],
    ['fatal', 3, ended({}, exited(3), fatal(exited(3)))],
    ['fatal', 127, ended({}, unstartable(127), fatal(unstartable(127)))],
    ['fatal', 126, ended({}, unstartable(126), fatal(unstartable(126)))],
    ['fatal', 1, ended({ successExitCodes: [7] }, exited(0), fatal(exited(0)))],
    ['fatal', 4, ended(task, exited(4), fatal(exited(4)))],
    ['task-success', undefined, ended(task, exited(0))],
    ['task-failure', 5, ended(task, exited(5))],
    ['task-failure', 1, ended({ ...task, successExitCodes: [7] }, exited(0))],
    ['fatal-dependency', 9, ended({}, undefined, dependency(exited(9)))],
    ['fatal-dependency', 1, ended({}, undefined, dependency(exited(0)))],
    ['fatal-dependency', 1, ended({}, exited(6), dependency(undefined))],
    ['not-critical', undefined, ended({ critical: false }, exited(3))],
    ['not-critical', undefined, ended({ critical: false }, exited(3), fatal(exited(3)))],
    ['not-critical', undefined, ended({ critical: false }, undefined, dependency(exited(9)))],
    ['command', 3, ended({}, exited(3), { isCommand: true })],
    ['command', 0, ended({ successExitCodes: [7] }, exited(0), { isCommand: true })],
    ['command', 137, ended({ critical: false }, killed(9), { isCommand: true })],
    ['command', 127, ended({}, unstartable(127), { isCommand: true, ...fatal(unstartable(127)) })],
  ]
  for (const [id, exit, it] of rows) {
    const { kind, critical } = it.program
    const how = it.ending === undefined ? 'never began' : describeEnding(it.ending)
    test(`${id}: ${critical ? 'critical ' : ''}${kind} ${how} -> ${exit ?? 'goes on'}`, () => {
      const outcome = outcomeOf(it)
      assert.deepEqual([outcome.row.id, outcome.exit], [id, exit])
      assert.equal(outcome.row.container === 'ends', exit !== undefined, 'the words say what happens')
    })
  }

  test('every row has an example, and an id of its own', () => {
    assert.deepEqual(new Set(rows.map(([id]) => id)), new Set(endedRows.map(it => it.id)))
    const ids = [...endedRows.map(it => it.id), ...Object.values(otherRows).map(it => it.id)]
    assert.equal(new Set(ids).size, ids.length)
  })
})

const anyEnding: fc.Arbitrary<Ending> = fc.oneof(
  fc.nat({ max: 255 }).map(exited),
  fc.integer({ min: 1, max: 64 }).map(killed),
  fc.constantFrom(126 as const, 127 as const, 1 as const).map(unstartable),
)
const anyProgram = fc.record({
  kind: fc.constantFrom('service' as const, 'task' as const),
  critical: fc.boolean(),
  stopSignal: fc.constantFrom(...signalNames),
  successExitCodes: fc.array(fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...signalNames)), { maxLength: 3 }),
})
const anyEnded = fc
  .tuple(anyProgram, fc.option(anyEnding, { nil: undefined }), fc.constantFrom('over', 'fatal', 'dependency'))
  .map(([program, ending, how]) => {
    if (how === 'dependency') return ended(program, undefined, dependency(ending))
    return how === 'fatal' && ending !== undefined
      ? ended(program, ending, fatal(ending))
      : ended(program, ending ?? exited(1))
  })

describe('all rows', () => {
  test('a code from 0 to 255, and 0 only for what succeeded', () => {
    fc.assert(
      fc.property(anyEnded, it => {
        const { exit } = outcomeOf(it)
        if (exit === undefined) {
          const fine = it.ending !== undefined && isSuccess(it.ending, it.program.successExitCodes)
          assert.ok(!it.program.critical || (it.program.kind === 'task' && fine && it.cause === undefined))
          return
        }
        assert.ok(Number.isInteger(exit) && exit >= 0 && exit <= 255, `${exit}`)
        if (exit !== 0) return
        assert.equal(it.cause, undefined)
        assert.ok(it.ending !== undefined && isSuccess(it.ending, it.program.successExitCodes))
      }),
      { numRuns: 2000 },
    )
  })

  test("each exit code of a service is the container's, each signal 128 + n", () => {
    for (let code = 0; code < 256; code++) assert.equal(outcomeOf(ended({}, exited(code))).exit, code)
    for (const name of signalNames) {
      assert.equal(outcomeOf(ended({}, killed(signalNumbers[name]))).exit, 128 + signalNumbers[name])
      assert.equal(exitCodeOf(killed(signalNumbers[name])), 128 + signalNumbers[name])
    }
  })

  test('only what is over is asked about', () => {
    const program = programOf('p')
    const past = { failures: 2, streak: 2, last: exited(3), runs: 3 }
    assert.equal(endedOf(program, { at: 'stopped', by: 'operator', ...past }, false), undefined)
    assert.equal(endedOf(program, { at: 'backoff', deadline: 1, ...past }, false), undefined)
    assert.deepEqual(
      endedOf(program, { at: 'exited', ...past }, true),
      ended({}, exited(3), { isCommand: true, program }),
    )
    const cause = { why: 'failed', ending: exited(3) } as const
    assert.deepEqual(endedOf(program, { at: 'fatal', cause, ...past }, false)?.cause, cause)
  })
})

describe('a requested stop', () => {
  const rows: readonly [string, Partial<Program>, Ending, boolean, ReturnType<typeof stopOutcomeOf>][] = [
    ['by our signal', {}, killed(15), false, undefined],
    ['by its own signal', { stopSignal: 'QUIT' }, killed(3), false, undefined],
    ['the signal caught, 128 + n', {}, exited(143), false, undefined],
    ['a success code', {}, exited(0), false, undefined],
    ['SIGKILLed', {}, killed(9), true, { id: 'requested-killed', code: 137 }],
    ['SIGKILLed, a task', { kind: 'task' }, killed(9), true, { id: 'requested-killed', code: 137 }],
    ['a task interrupted', { kind: 'task' }, killed(15), false, { id: 'requested-task', code: 143 }],
    [
      'a task interrupted by QUIT',
      { kind: 'task', stopSignal: 'QUIT' },
      exited(1),
      false,
      { id: 'requested-task', code: 131 },
    ],
    ['a task that was done', { kind: 'task' }, exited(0), false, undefined],
    ['another code', {}, exited(7), false, { id: 'requested-failure', code: 7 }],
    ['another signal', {}, killed(11), false, { id: 'requested-failure', code: 139 }],
    ["somebody else's SIGKILL", {}, killed(9), false, { id: 'requested-failure', code: 137 }],
    ['0 is no success code', { successExitCodes: [7] }, exited(0), false, { id: 'requested-failure', code: 1 }],
    ['ended well just before the SIGKILL', {}, exited(0), true, undefined],
    ['not critical', { critical: false }, killed(9), true, undefined],
  ]
  for (const [name, changes, ending, wasKilled, expected] of rows) {
    test(name, () => assert.deepEqual(stopOutcomeOf(programOf('p', changes), ending, wasKilled), expected))
  }

  test('a flaw is never 0, and there is none for what is not critical or succeeded', () => {
    fc.assert(
      fc.property(anyProgram, anyEnding, fc.boolean(), (changes, ending, wasKilled) => {
        const flaw = stopOutcomeOf(programOf('p', changes), ending, wasKilled)
        const fine = !changes.critical || isSuccess(ending, changes.successExitCodes)
        if (fine) assert.equal(flaw, undefined)
        if (flaw !== undefined) assert.ok(flaw.code > 0 && flaw.code <= 255 && flaw.id in otherRows)
      }),
      { numRuns: 2000 },
    )
  })
})
