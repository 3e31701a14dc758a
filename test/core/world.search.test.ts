/**
 * The whole world, searched: legal orders of events over graphs of programs, each step under the laws of `laws.ts`.
 * What runs by default takes seconds; with FOSTER_SEARCH=full every plan is searched to its end.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Dependency, Plan, Program } from '../../src/core/plan.ts'
import { resetAfter } from './outside.ts'
import { on, planOf, programOf } from './plans.ts'
import { type Count, search, walk } from './search.ts'

const full = process.env.FOSTER_SEARCH === 'full'
const names = ['a', 'b', 'c', 'd', 'e', 'f']

type Lists = ReadonlyArray<readonly number[]>

/** All ways in which `size` programs may depend on each other, cycles left out. */
function graphs(size: number): readonly Lists[] {
  const nodes = [...Array(size).keys()]
  const edges = nodes.flatMap(from => nodes.filter(to => to !== from).map(to => [from, to] as const))
  const all = Array.from({ length: 2 ** edges.length }, (_, bits) => edges.filter((_, bit) => bits & (1 << bit)))
  return all.map(chosen => nodes.map(node => chosen.filter(it => it[0] === node).map(it => it[1]))).filter(isAcyclic)
}

function isAcyclic(lists: Lists): boolean {
  const left = new Set(lists.keys())
  for (let before = -1; before !== left.size; ) {
    before = left.size
    for (const node of left) if (!lists[node]?.some(it => left.has(it))) left.delete(node)
  }
  return left.size === 0
}

const conditions = (['started', 'completed'] as const).flatMap(condition =>
  [true, false].map((required): Partial<Dependency> => ({ condition, required })),
)

const shapes: readonly Partial<Program>[] = (['service', 'task'] as const).flatMap(kind =>
  [true, false].flatMap(critical =>
    (['never', 'on-failure', 'always'] as const).map(restart => ({ kind, critical, restart, startRetries: 1 })),
  ),
)

/** Every choice of `length` among the options. */
function choices<T>(options: readonly T[], length: number): ReadonlyArray<readonly T[]> {
  if (length === 0) return [[]]
  return choices(options, length - 1).flatMap(rest => options.map(it => [...rest, it]))
}

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

/** A small random generator with a seed, so that a failure can be found again: mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296
  }
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
    for (const [i, it] of plansOf(2).entries()) if (full || i % 101 === 0) search(it, 0, seen, 40)
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
    const any = fc.record({ seed: fc.nat(), wishes: fc.nat({ max: 3 }), plan: anyPlan })
    fc.assert(
      fc.property(any, it => walk(it.plan, it.wishes, randomOf(it.seed), seen)),
      { numRuns: full ? 50_000 : 2000 },
    )
    t.diagnostic(JSON.stringify(seen))
  })
})

/** Plans with any times, in which programs depend on later or earlier ones alike. */
const anyPlan: fc.Arbitrary<Plan> = fc.boolean().chain(backwards => {
  const millis = fc.constantFrom(0, 10, 50, 300, 5000)
  const program = fc.record({
    kind: fc.constantFrom('service' as const, 'task' as const),
    critical: fc.boolean(),
    autostart: fc.constantFrom(true, true, false),
    restart: fc.constantFrom('never' as const, 'on-failure' as const, 'always' as const),
    successExitCodes: fc.constantFrom([0], [0, 3], [3], []),
    startMillis: millis,
    startRetries: fc.constantFrom(0, 1, 2, Number.POSITIVE_INFINITY),
    backoff: millis.map(delay => ({ delay, factor: 2, max: 500, jitter: 0, resetAfter })),
    stopGraceMillis: millis,
    dependsOn: fc.array(
      fc.record({
        program: fc.constantFrom(...names),
        condition: fc.constantFrom('started' as const, 'ready' as const, 'completed' as const),
        required: fc.boolean(),
        restart: fc.constant(false),
      }),
      { maxLength: 3 },
    ),
  })
  const shutdown = fc.record({ timeout: fc.constantFrom(0, 40, 1000, 9000), delay: fc.constantFrom(0, 100, 2000) })
  return fc.tuple(fc.array(program, { minLength: 1, maxLength: 6 }), shutdown).map(([list, times]) => {
    const all = list.map((it, index) => {
      // Only names before it, each once: no cycles.
      const before = new Set(names.slice(0, index))
      return programOf(names[index] ?? '', {
        ...it,
        dependsOn: it.dependsOn.filter(({ program: p }) => before.delete(p)),
      })
    })
    return planOf(backwards ? all.reverse() : all, times)
  })
})
