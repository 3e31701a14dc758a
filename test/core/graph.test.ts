import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { findCycle, graphOf } from '../../src/core/graph.ts'
import { on, programOf } from './plans.ts'

/** Any graph, cycles included: for each of n nodes the nodes it depends on. */
const anyGraph = fc
  .integer({ min: 1, max: 8 })
  .chain(n => fc.array(fc.uniqueArray(fc.nat({ max: n - 1 }), { maxLength: 3 }), { minLength: n, maxLength: n }))

/** A graph without cycles in an order that says nothing: nodes depend on earlier ones only, then all are renamed. */
const acyclicGraph = fc.integer({ min: 1, max: 10 }).chain(n =>
  fc
    .tuple(
      fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: n, maxLength: n }),
      fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n }),
    )
    .map(([picks, order]) => {
      const lists: number[][] = Array.from({ length: n }, () => [])
      for (let i = 1; i < n; i++) {
        lists[order[i] ?? 0] = [...new Set((picks[i] ?? []).map(it => order[it % i] ?? 0))]
      }
      return lists
    }),
)

const namesOf = (graph: readonly unknown[]): readonly string[] => graph.map((_, i) => `p${i}`)
const dependsOn =
  (graph: ReadonlyArray<readonly number[]>) =>
  (name: string): readonly string[] =>
    (graph[Number(name.slice(1))] ?? []).map(it => `p${it}`)

/** Whether there is a cycle, the slow way: some node reaches itself. */
function hasCycle(graph: ReadonlyArray<readonly number[]>): boolean {
  return graph.some((_, start) => {
    const reached = new Set<number>()
    const todo = [...(graph[start] ?? [])]
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      if (!reached.has(next)) todo.push(...(graph[next] ?? []))
      reached.add(next)
    }
    return reached.has(start)
  })
}

const programsOf = (graph: ReadonlyArray<readonly number[]>) =>
  graph.map((list, i) => programOf(`p${i}`, { dependsOn: list.map(it => on(`p${it}`)) }))

describe('findCycle', () => {
  test('by example', () => {
    assert.deepEqual(
      findCycle(['a'], () => ['a']),
      ['a', 'a'],
    )
    assert.deepEqual(findCycle(['p0', 'p1', 'p2'], dependsOn([[1], [2], [1]])), ['p1', 'p2', 'p1'])
    assert.equal(
      findCycle([], () => []),
      undefined,
    )
    assert.equal(
      findCycle(['a'], () => ['not-there']),
      undefined,
    )
  })

  test('finds one exactly where there is one, as a path of real edges without repetition', () => {
    fc.assert(
      fc.property(anyGraph, graph => {
        const path = findCycle(namesOf(graph), dependsOn(graph))
        assert.equal(path !== undefined, hasCycle(graph))
        if (path === undefined) return
        assert.equal(path[0], path.at(-1))
        assert.equal(new Set(path).size, path.length - 1)
        for (const [i, name] of path.slice(0, -1).entries()) {
          assert.ok(dependsOn(graph)(name).includes(path[i + 1] ?? ''), `${path.join()}: no edge from ${name}`)
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('a chain of ten thousand does not overflow, closed or open', () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => (i < 9999 ? [i + 1] : []))
    assert.equal(findCycle(namesOf(chain), dependsOn(chain)), undefined)
    chain[9999] = [0]
    assert.equal(findCycle(namesOf(chain), dependsOn(chain))?.length, 10_001)
  })

  test('many paths to the same node are walked once', () => {
    const ladder = Array.from({ length: 200 }, (_, i) => (i < 198 ? [i + 1, i + 2] : []))
    let asked = 0
    const counted = (name: string): readonly string[] => {
      asked++
      return dependsOn(ladder)(name)
    }
    assert.equal(findCycle(namesOf(ladder), counted), undefined)
    assert.equal(asked, 200)
  })
})

describe('graphOf', () => {
  test('a dependant is always above what it depends on, by the longest way', () => {
    fc.assert(
      fc.property(acyclicGraph, lists => {
        const { dependencies, dependants, levels } = graphOf(programsOf(lists))
        for (const [i, edges] of dependencies.entries()) {
          assert.deepEqual(
            edges.map(it => it.on),
            lists[i],
          )
          for (const edge of edges) {
            assert.ok((levels[i] ?? 0) < (levels[edge.on] ?? 0))
            assert.ok(dependants[edge.on]?.includes(i))
          }
          const above = dependants[i]?.map(it => levels[it] ?? 0) ?? []
          assert.equal(levels[i], above.length === 0 ? 0 : Math.max(...above) + 1)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('a chain of ten thousand does not overflow', () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => (i < 9999 ? [i + 1] : []))
    assert.deepEqual(graphOf(programsOf(chain)).levels, [...chain.keys()])
  })

  test('a higher priority stops first, but never before a dependant', () => {
    const levelsOf = (...priorities: readonly [number, readonly number[]][]): readonly number[] =>
      graphOf(
        priorities.map(([priority, list], i) =>
          programOf(`p${i}`, { priority, dependsOn: list.map(it => on(`p${it}`)) }),
        ),
      ).levels
    assert.deepEqual(levelsOf([999, []], [10, []], [999, []]), [0, 1, 0])
    assert.deepEqual(levelsOf([5, []], [5, [0]]), [1, 0])
    // p1 depends on p0, which has the higher priority: it comes first all the same, and before p2.
    assert.deepEqual(levelsOf([20, []], [10, [0]], [15, []]), [1, 0, 2])
  })

  test('priorities or not, what depends stops before what it depends on', () => {
    fc.assert(
      fc.property(
        acyclicGraph,
        fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 10, maxLength: 10 }),
        (lists, p) => {
          const programs = programsOf(lists).map((program, i) => ({ ...program, priority: p[i] ?? 0 }))
          const { levels } = graphOf(programs)
          for (const [i, list] of lists.entries()) {
            for (const it of list) assert.ok((levels[i] ?? 0) < (levels[it] ?? 0))
            for (const [j, others] of lists.entries()) {
              const isFree = others.length === 0 && list.length === 0
              if (isFree && (p[i] ?? 0) > (p[j] ?? 0)) assert.ok((levels[i] ?? 0) < (levels[j] ?? 0))
            }
          }
        },
      ),
    )
  })
})
