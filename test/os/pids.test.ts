/** The pid rule, over process tables made up for it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isStill, judgeProcess, type ProcessTable, type Run, refusalOf } from '../../src/os/pids.ts'
import type { ProcessEntry } from '../../src/os/processes.ts'

interface Made {
  readonly parent: number
  readonly group?: number
  readonly session?: number
  readonly mark?: number
  readonly started?: number
  readonly isZombie?: boolean
}

function tableOf(made: Readonly<Record<number, Made>>, self = 1): ProcessTable {
  const stat = (pid: number): ProcessEntry | undefined => {
    const it = made[pid]
    if (it === undefined) return undefined
    const { parent, group = pid, session = group, isZombie = false, started = pid } = it
    return { pid, parent, group, session, isZombie, started }
  }
  return { stat, mark: pid => made[pid]?.mark, self }
}

/** Our program: main process 10 of run 77. Another one: main process 20 of run 88. */
const web: Run = { name: 'web', pid: 10, mark: 77 }
const api: Run = { name: 'api', pid: 20, mark: 88 }
/** Its launcher has been reaped. */
const forked: Run = { ...web, pid: undefined }

const machine = tableOf({
  1: { parent: 0 },
  10: { parent: 1, mark: 77 },
  11: { parent: 10, group: 10, mark: 77 },
  12: { parent: 11, mark: 77 },
  13: { parent: 1, group: 10 },
  14: { parent: 1, mark: 77 },
  15: { parent: 14, mark: 77 },
  16: { parent: 1, mark: 77, isZombie: true },
  17: { parent: 1, mark: 76 },
  20: { parent: 1, mark: 88 },
  21: { parent: 20, group: 20, mark: 88 },
  22: { parent: 1, mark: 88 },
  // Below another program, however it is marked.
  23: { parent: 20, mark: 77 },
  24: { parent: 1, session: 20, mark: 77 },
  30: { parent: 1 },
  // What docker exec starts has a parent outside.
  40: { parent: 0, mark: 77 },
  41: { parent: 40, mark: 77 },
})

const judge = (pid: number, run: Run = web, table = machine) => {
  const verdict = judgeProcess(pid, run, [api], table)
  return 'reason' in verdict ? verdict.reason : verdict.pid
}

describe('a process is the program’s', () => {
  const accepted: ReadonlyArray<[what: string, pid: number, run?: Run]> = [
    ['its main process', 10],
    ['a child', 11],
    ['a grandchild in a session of its own', 12],
    ['an orphan in the group of its main process', 13],
    ['a daemon by its mark', 14],
    ['a child of such a daemon', 15],
    ['one that has just ended', 16],
    ['a daemon whose launcher is gone', 14, forked],
  ]
  for (const [what, pid, run] of accepted) test(what, () => assert.equal(judge(pid, run), pid))
})

describe('a process is not the program’s', () => {
  const refused: ReadonlyArray<[what: string, pid: number, reason: RegExp, run?: Run]> = [
    ['foster', 1, /foster itself/],
    ['no process: 0', 0, /no process/],
    ['no process: a group', -10, /no process/],
    ['no process: half a number', 1.5, /no process/],
    ['not a number', Number.NaN, /no process/],
    ['nobody', 99, /no such process/],
    ['another program', 20, /belongs to api/],
    ['a child of another program', 21, /belongs to api/],
    ['a daemon of another program', 22, /does not descend from web/],
    ['one below another program, whatever its mark', 23, /belongs to api/],
    ['one in the session of another program, whatever its mark', 24, /belongs to api/],
    ['an orphan that nobody has marked', 30, /does not descend from web/],
    ['what an earlier run has left', 17, /does not descend from web/],
    ['one that was started from outside, whatever its mark', 40, /does not descend from foster/],
    ['a child of such', 41, /does not descend from foster/],
    ['an orphan whose group is named like a launcher that is gone', 13, /does not descend from web/, forked],
  ]
  for (const [what, pid, reason, run] of refused) test(what, () => assert.match(String(judge(pid, run)), reason))

  test('PID 1, where foster is not that', () => {
    const outside = tableOf({ 1: { parent: 0 }, 5: { parent: 1 }, 10: { parent: 5 }, 30: { parent: 1, mark: 77 } }, 5)
    assert.equal(judge(10, web, outside), 10)
    assert.match(String(judge(1, web, outside)), /no process/)
    assert.match(String(judge(30, web, outside)), /does not descend from foster/)
    assert.match(String(judge(5, web, outside)), /foster itself/)
  })

  test('one whose parents end while they are looked at: it is looked at again', () => {
    let looks = 0
    const stat = (pid: number) => {
      if (pid === 12) looks++
      return pid === 11 && looks === 1 ? undefined : machine.stat(pid)
    }
    assert.equal(judge(12, web, { ...machine, stat }), 12)
    assert.equal(looks, 2)
  })

  test('a chain without an end', () => {
    assert.match(String(judge(50, web, tableOf({ 50: { parent: 51 }, 51: { parent: 50 } }))), /does not descend/)
  })
})

test('a stranger is never accepted, an own process always', () => {
  // Who has started whom is known; daemons have lost their parents, but nobody carries a mark that he was not given.
  const node = fc.record({ parent: fc.nat(), setsid: fc.boolean(), orphaned: fc.boolean() })
  fc.assert(
    fc.property(fc.array(node, { maxLength: 30 }), nodes => {
      const owners: (Run | undefined)[] = [web, api, undefined]
      const made: Record<number, Made> = { 1: { parent: 0 } }
      const pids = [10, 20, 30]
      made[10] = { parent: 1, mark: 77 }
      made[20] = { parent: 1, mark: 88 }
      made[30] = { parent: 1 }
      nodes.forEach(({ parent, setsid, orphaned }, i) => {
        const pid = 100 + i
        const by = parent % pids.length
        const above = made[pids[by] ?? 0] ?? { parent: 0 }
        const { group = pids[by] ?? 0, session = group, mark } = above
        const place = setsid ? {} : { group, session }
        made[pid] = { parent: orphaned ? 1 : (pids[by] ?? 1), ...place, ...(mark === undefined ? {} : { mark }) }
        pids.push(pid)
        owners.push(owners[by])
      })
      const table = tableOf(made)
      pids.forEach((pid, i) => {
        for (const run of [web, forked]) {
          const verdict = judgeProcess(pid, run, [api], table)
          assert.equal('pid' in verdict, owners[i] === web, `process ${pid}`)
        }
      })
    }),
    { numRuns: 500 },
  )
})

describe('a sender', () => {
  const refusal = (pid: number, uid: number) => refusalOf({ pid, uid }, 4711, web, [api], machine)
  test('of the program is heard, whoever it has become', () => assert.equal(refusal(11, 33), undefined))
  test('of another program is not, though it is of the same user', () => assert.match(refusal(21, 4711) ?? '', /api/))
  test('that is gone is heard if it was the program’s user', () => assert.equal(refusal(99, 4711), undefined))
  test('that is gone is not if it was somebody else, root included', () => {
    assert.match(refusal(99, 33) ?? '', /user 33/)
    assert.match(refusal(99, 0) ?? '', /user 0/)
  })
  test('that cannot be seen is not', () => assert.match(refusal(0, 4711) ?? '', /namespace/))
})

test('a process is still the one that was meant, by its start time', () => {
  const before = { pid: 10, started: 10 }
  assert.equal(isStill(before, machine), true)
  assert.equal(isStill(before, tableOf({ 10: { parent: 1, started: 11 } })), false)
  assert.equal(isStill(before, tableOf({ 10: { parent: 1, isZombie: true } })), false)
  assert.equal(isStill(before, tableOf({})), true, 'nothing can be read')
})
