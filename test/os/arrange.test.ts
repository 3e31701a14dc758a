import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { arrange, type Placement } from '../../src/os/arrange.ts'

/** What a table of descriptors that all hold themselves looks like after the moves: target -> what is there. */
function afterwards(placements: readonly Placement[]): ReadonlyMap<number, number> {
  const { moves, lifted, above } = arrange(placements)
  const table = new Map<number, number>(placements.map(({ fd }) => [fd, fd]))
  const copies = new Map<number, number>()
  for (const fd of lifted) {
    const copy = above + 1000 + copies.size
    table.set(copy, fd)
    copies.set(fd, copy)
  }
  for (const { target, fd } of moves) table.set(target, table.get(copies.get(fd) ?? fd) ?? -1)
  return table
}

/** Targets differ; sources may be targets of others, of themselves, and of several. */
const placements = fc
  .uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1 })
  .chain(targets =>
    fc
      .array(fc.integer({ min: 0, max: 12 }), { minLength: targets.length, maxLength: targets.length })
      .map(fds => targets.map((target, i) => ({ target, fd: fds[i] ?? 0 }))),
  )

test('every target has what was meant for it, whatever order, cycle or overlap', () => {
  fc.assert(
    fc.property(placements, wanted => {
      const table = afterwards(wanted)
      for (const { target, fd } of wanted) assert.equal(table.get(target), fd)
    }),
    { numRuns: 2000 },
  )
})

test('copies lie above all targets, and are made only for what would be overwritten', () => {
  const pipes = [8, 9, 10].map((fd, target) => ({ target, fd }))
  assert.equal(arrange(pipes).lifted.size, 0)
  assert.equal(arrange([...pipes, { target: 3, fd: 12 }]).lifted.size, 0)
  // 9 has become stdout before it is overwritten.
  assert.equal(arrange([...pipes, { target: 9, fd: 12 }]).lifted.size, 0)
  const { lifted, above } = arrange([...pipes, { target: 3, fd: 4 }, { target: 4, fd: 3 }])
  assert.deepEqual([[...lifted], above], [[3], 5])
  assert.equal(arrange([0, 1, 2].map(fd => ({ target: fd, fd }))).lifted.size, 0)
})
