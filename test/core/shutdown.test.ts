import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { graphOf } from '../../src/core/graph.ts'
import { shutdownDefaults } from '../../src/core/plan.ts'
import { budgetOf, levelBudget, stopLevels } from '../../src/core/shutdown.ts'
import { on, programOf } from './plans.ts'

const seconds = (...list: readonly number[]): readonly number[] => list.map(it => it * 1000)

/** What each level gets when it uses `share` of what it may (1: it hangs). */
function gets(budget: number, graces: readonly number[], share: (level: number) => number = () => 1): number[] {
  let left = budget
  return graces.map((_, level) => {
    const got = levelBudget(left, graces.slice(level))
    left -= got * share(level)
    return got
  })
}

describe('the worked examples of the design', () => {
  const { programs } = budgetOf(shutdownDefaults)

  test('of nine seconds the programs have eight', () => {
    assert.deepEqual(budgetOf(shutdownDefaults), { delay: 0, programs: 8000, strays: 500, flush: 500 })
  })

  test('api (grace 8) over db (grace 8), both well-behaved: neither is cut short', () => {
    const [api, db] = gets(programs, seconds(8, 8), level => (level === 0 ? 0.005 : 1))
    assert.equal(api, 4000)
    assert.equal(db, 7980)
  })

  test('the same, api hangs: killed after 4 s, db has 4 s', () => {
    assert.deepEqual(gets(programs, seconds(8, 8)), seconds(4, 4))
  })

  test('api (grace 2) hangs, db (grace 5): killed after its 2 s, db has its 5', () => {
    assert.deepEqual(gets(programs, seconds(2, 5)), seconds(2, 5))
  })
})

describe('the parts of the timeout', () => {
  test('a short timeout keeps a quarter in reserve', () => {
    assert.deepEqual(budgetOf({ timeout: 2000, delay: 500, exitCode: 'zero' }), {
      delay: 500,
      programs: 1000,
      strays: 250,
      flush: 250,
    })
  })

  test('they are never negative and add up to the timeout', () => {
    fc.assert(
      fc.property(fc.nat({ max: 100_000 }), fc.nat({ max: 100_000 }), (timeout, delay) => {
        const parts = Object.values(budgetOf({ timeout, delay, exitCode: 'zero' }))
        assert.ok(parts.every(it => it >= 0))
        assert.ok(Math.abs(parts.reduce((sum, it) => sum + it, 0) - timeout) < 1e-6)
      }),
    )
  })
})

describe('the share of a level', () => {
  const graces = fc.array(fc.nat({ max: 20_000 }), { minLength: 1, maxLength: 12 })
  const budget = fc.nat({ max: 60_000 })
  const shares = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }))

  test('all levels together never get more than there is, however much each of them uses', () => {
    fc.assert(
      fc.property(budget, graces, shares, (b, list, uses) => {
        const used = list.map(() => uses.next().value as number)
        const spent = gets(b, list, level => used[level] ?? 1).reduce((sum, it, i) => sum + it * (used[i] ?? 1), 0)
        assert.ok(spent <= b + 1e-6, `${spent} of ${b}`)
      }),
    )
  })

  test('each gets its longest grace when all of them fit', () => {
    fc.assert(
      fc.property(graces, fc.nat({ max: 5000 }), (list, more) => {
        const all = list.reduce((sum, it) => sum + it, 0)
        assert.deepEqual(gets(all + more, list), list)
      }),
    )
  })

  test('never more than its grace, never less than an equal share of what is left unless its grace is less', () => {
    fc.assert(
      fc.property(budget, graces, (b, list) => {
        const got = levelBudget(b, list)
        assert.ok(got <= (list[0] ?? 0))
        assert.ok(got >= Math.min(list[0] ?? 0, b / list.length) - 1e-6)
      }),
    )
  })

  test('when all hang, the last level still has an equal share of the whole, or its grace', () => {
    fc.assert(
      fc.property(budget, graces, (b, list) => {
        const last = gets(b, list).at(-1) ?? 0
        assert.ok(last >= Math.min(list.at(-1) ?? 0, b / list.length) - 1e-6)
      }),
    )
  })

  test('nothing is left: nothing, not less', () => {
    assert.equal(levelBudget(-5, [100, 100]), 0)
    assert.equal(levelBudget(0, [100]), 0)
  })
})

describe('the levels of the stop', () => {
  test('dependants first, what does not live is left out, those of one depth together', () => {
    const programs = [
      programOf('db'),
      programOf('cache'),
      programOf('api', { dependsOn: [on('db'), on('cache')] }),
      programOf('web', { dependsOn: [on('api')] }),
    ]
    const graph = graphOf(programs)
    assert.deepEqual(stopLevels(graph, [0, 1, 2, 3]), [[3], [2], [0, 1]])
    assert.deepEqual(stopLevels(graph, [0, 3]), [[3], [0]])
    assert.deepEqual(stopLevels(graph, []), [])
  })
})
