/** Long computations: others have their turn in between, and what goes wrong is heard of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inTurns } from '../../src/api/turns.ts'

/** Steps of two milliseconds each, which notes what else has happened by then. */
function* slow(steps: number, seen: () => number): Generator<void, readonly number[]> {
  const found: number[] = []
  for (let i = 0; i < steps; i++) {
    for (const end = performance.now() + 2; performance.now() < end; );
    found.push(seen())
    yield
  }
  return found
}

/** Counts turns of the loop until it is told to stop. */
function counter() {
  const turns = { count: 0, stop: () => clearImmediate(next) }
  let next: NodeJS.Immediate
  const count = (): void => {
    turns.count++
    next = setImmediate(count)
  }
  next = setImmediate(count)
  return turns
}

const unwanted = (): never => assert.fail('not to be called')

test('the loop goes round while a long computation is at it', async () => {
  const turns = counter()
  const found = await new Promise<readonly number[]>(done => {
    inTurns(
      slow(12, () => turns.count),
      done,
      unwanted,
    )
  })
  turns.stop()
  // Three steps at most fit into a turn.
  assert.ok(new Set(found).size >= 4, found.join())
})

test('a short one is done at once', () => {
  let result: unknown
  inTurns(
    slow(0, () => 7),
    it => (result = it),
    unwanted,
  )
  assert.deepEqual(result, [])
})

test('one that is called off goes no further', async () => {
  let steps = 0
  const cancel = inTurns(
    slow(100, () => steps++),
    unwanted,
    unwanted,
  )
  cancel()
  const before = steps
  for (let i = 0; i < 5; i++) await new Promise(setImmediate)
  assert.equal(steps, before)
})

test('an exception is heard of, in whatever turn it comes', async () => {
  function* failing(after: number): Generator<void, string> {
    yield* slow(after, () => 0)
    throw new Error('a bug')
  }
  for (const after of [0, 10]) {
    const error = await new Promise(failed => inTurns(failing(after), unwanted, failed))
    assert.match(String(error), /a bug/)
  }
})
