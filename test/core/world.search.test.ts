/**
 * The whole world, searched: legal orders of events over graphs of programs, each step under the laws of `laws.ts`.
 * What runs by default takes seconds; with FOSTER_SEARCH=full every plan is searched to its end.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Dependency, Plan, Program } from '../../src/core/plan.ts'
import { anyPlan } from './any.ts'
import { choices, graphs, type Lists, names, randomOf } from './graphs.ts'
import { on, planOf, programOf } from './plans.ts'
import { type Count, search, walk } from './search.ts'

const full = process.env.FOSTER_SEARCH === 'full'
/** Uptimes beyond this are all the same to the plans that are searched. */
const resetAfter = 400
const conditions = (['started', 'completed'] as const).flatMap(condition =>
  [true, false].map((required): Partial<Dependency> => ({ condition, required })),
)

const shapes: readonly Partial<Program>[] = (['service', 'task'] as const).flatMap(kind =>
  [true, false].flatMap(critical =>
    (['never', 'on-failure', 'always'] as const).map(restart => ({ kind, critical, restart, startRetries: 1 })),
  ),
)

/** A plan with different times for each program. `edges`: the conditions of the edges, in order. */
function plan(lists: Lists, own: readonly Partial<Program>[], edges: readonly Partial<Dependency>[], delay = 0): Plan {
  const left = [...edges]
  const programs = lists.map((list, index) =>
    programOf(names[index] ?? '', {
      startMillis: index === 0 ? 0 : 10,
      backoff: { delay: index === 1 ? 0 : 20, factor: 2, max: 50, jitter: 0, resetAfter },
      stopGraceMillis: [400, 600, 300][index] ?? 100,
      dependsOn: list.map(it => on(names[it] ?? '', left.shift())),
      ...own[index],
    }),
  )
  return planOf(programs, { timeout: 1000, delay })
}

/** All plans of so many programs. */
function plansOf(size: number, delay = 0): readonly Plan[] {
  return graphs(size).flatMap(lists =>
    choices(conditions, lists.flat().length).flatMap(edges =>
      choices(shapes, size).map(own => plan(lists, own, edges, delay)),
    ),
  )
}

describe('the world, legal orders of events', () => {
  const count = (): Count => ({ plans: 0, worlds: 0, steps: 0 })

  test('one program: all plans, all orders, an operator with two wishes', t => {
    const seen = count()
    for (const delay of [0, 100]) for (const it of plansOf(1, delay)) search(it, 2, seen, 10)
    t.diagnostic(JSON.stringify(seen))
    assert.ok(seen.worlds > 1000, 'the search is smaller than it was')
  })

  test('two programs: all orders', t => {
    const seen = count()
    for (const [i, it] of plansOf(2).entries()) if (full || i % 151 === 0) search(it, 0, seen, 40)
    for (const [i, it] of plansOf(2, 100).entries()) if (i % (full ? 41 : 907) === 3) search(it, 1, seen, 40)
    t.diagnostic(JSON.stringify(seen))
    assert.ok(seen.worlds > 10_000, 'the search is smaller than it was')
  })

  test('three programs: all graphs with all conditions, at random', t => {
    const seen = count()
    const random = randomOf(1)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    for (const lists of graphs(3)) {
      for (const edges of choices(conditions, lists.flat().length)) {
        seen.plans++
        for (let times = full ? 200 : 8; times > 0; times--) {
          const own = lists.map(() => pick(shapes))
          walk(plan(lists, own, edges, pick([0, 100])), pick([0, 2]), random, seen)
        }
      }
    }
    t.diagnostic(JSON.stringify(seen))
    assert.equal(seen.plans, 601)
  })

  test('up to six programs of any kind, at random', t => {
    const seen = count()
    const any = fc.record({ seed: fc.nat(), wishes: fc.nat({ max: 8 }), plan: anyPlan })
    fc.assert(
      fc.property(any, it => walk(it.plan, it.wishes, randomOf(it.seed), seen)),
      { numRuns: full ? 50_000 : 1500 },
    )
    t.diagnostic(JSON.stringify(seen))
    assert.ok(seen.steps > 20_000, 'the walks are shorter than they were')
  })
})
