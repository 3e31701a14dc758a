/** Pools of event listeners: every event is dealt with once, dropped and told, or still there, whatever listeners do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  mostWeight,
  type Pool,
  type PoolEffect,
  type PoolInput,
  poolOf,
  reshaped,
  stepPool,
} from '../../src/core/event-pool.ts'
import { append, emptyQueue, prepend, type Queue, shift } from '../../src/core/event-queue.ts'
import { remoteNews } from '../../src/core/event-text.ts'

const news = (text: string) => remoteNews('t', text)
const fresh = (limit: number, ...indexes: readonly number[]): Pool =>
  poolOf({ name: 'p', asked: ['EVENT'], limit }, indexes)

/** Takes inputs one after the other; what is to be done, in words. */
function play(pool: Pool, ...inputs: readonly PoolInput[]): { pool: Pool; done: string[] } {
  let next = pool
  const done: string[] = []
  for (const input of inputs) {
    const step = stepPool(next, input)
    next = step.pool
    done.push(...step.effects.map(wordsOf))
  }
  return { pool: next, done }
}

function wordsOf(effect: PoolEffect): string {
  if (effect.do === 'send') return `${effect.event.serial} to ${effect.index}`
  return effect.do === 'drop' ? `drop ${effect.event.serial}` : `${effect.index} ${effect.what}`
}

const event = (serial: number): PoolInput => ({ on: 'event', news: news(String(serial)), serial })
const says = (index: number, bytes: string): PoolInput => ({ on: 'output', index, bytes })
const up = (index: number): readonly PoolInput[] => [
  { on: 'started', index },
  { on: 'running', index },
  says(index, 'READY\n'),
]

test('an event waits for a listener that runs and is ready; the oldest goes first', () => {
  const waits = play(fresh(10, 1), event(7), event(8), { on: 'started', index: 1 }, says(1, 'READY\n'))
  assert.deepEqual(waits.done, [])
  const runs = play(waits.pool, { on: 'running', index: 1 }, says(1, 'RESULT 2\nOK'), says(1, 'READY\n'))
  assert.deepEqual(runs.done, ['7 to 1', '8 to 1'])
})

test('where any answer will do, none is a refusal; who dies over an event has not answered', () => {
  const pool = poolOf({ name: 'p', asked: ['EVENT'], limit: 10, takesAny: true }, [1])
  const answered = play(pool, ...up(1), event(7), event(8), says(1, 'RESULT 4\nFAIL'), says(1, 'READY\n'))
  assert.deepEqual(answered.done, ['7 to 1', '8 to 1'])
  const again = play(answered.pool, { on: 'over', index: 1 }, ...up(1))
  assert.deepEqual(again.done, ['8 to 1'])
})

test('several listeners share the events, the first that is ready first', () => {
  const { done } = play(
    fresh(10, 1, 2),
    ...up(2),
    ...up(1),
    event(1),
    event(2),
    event(3),
    says(2, 'RESULT 2\nOKREADY\n'),
  )
  assert.deepEqual(done, ['1 to 1', '2 to 2', '3 to 2'])
})

test('what is refused is given again before all others, and what a listener dies over, too', () => {
  const refused = play(fresh(10, 1), ...up(1), event(1), event(2), says(1, 'RESULT 4\nFAIL'), says(1, 'READY\n'))
  assert.deepEqual(refused.done, ['1 to 1', '1 refused', '1 to 1'])
  const died = play(refused.pool, { on: 'over', index: 1 }, ...up(1))
  assert.deepEqual(died.done, ['1 to 1'])
})

test('what there is no room for is the oldest, and so when an event is taken back', () => {
  const full = play(fresh(2, 1), ...up(1), event(1), event(2), event(3), event(4))
  assert.deepEqual(full.done, ['1 to 1', 'drop 2'])
  const back = play(full.pool, { on: 'over', index: 1 }, ...up(1))
  assert.deepEqual(back.done, ['drop 3', '1 to 1'])
})

test('a listener that breaks the protocol gets nothing more; another one gets its event', () => {
  const { done } = play(fresh(10, 1, 2), ...up(1), event(1), says(1, 'RESULT x\n'), ...up(2), event(2))
  assert.deepEqual(done, ['1 to 1', '1 broken', '1 to 2'])
})

test('a listener that does not take what is written is passed over until it is started again', () => {
  const { done, pool } = play(fresh(10, 1, 2), ...up(1), ...up(2), event(1), { on: 'unsent', index: 1 })
  assert.deepEqual(done, ['1 to 1', '1 to 2'])
  const again = play(pool, event(2), { on: 'over', index: 1 }, ...up(1))
  assert.deepEqual(again.done, ['2 to 1'])
})

test('events of one kind together are bounded by their size, too', () => {
  const large = 'x'.repeat(mostWeight / 4)
  const inputs = Array.from({ length: 6 }, (_, serial): PoolInput => ({ on: 'event', news: news(large), serial }))
  assert.deepEqual(play(fresh(1000, 1), ...inputs).done, ['drop 0', 'drop 1', 'drop 2'])
  const one: PoolInput = { on: 'event', news: news('x'.repeat(mostWeight * 2)), serial: 0 }
  assert.deepEqual(play(fresh(1000, 1), one, ...up(1)).done, ['0 to 1'])
})

test('a pool that is configured anew keeps what waits and who listens', () => {
  const before = play(fresh(10, 1), ...up(1), event(1), event(2)).pool
  const after = reshaped(before, poolOf({ name: 'p', asked: ['TICK'], limit: 1 }, [1, 2]))
  const { done } = play(after, says(1, 'RESULT 2\nOKREADY\n'), ...up(2), event(3))
  assert.deepEqual(done, ['2 to 1', '3 to 2'])
})

/** Whatever may come, in any order. */
const anything = fc.oneof(
  { weight: 3, arbitrary: fc.constant('event' as const) },
  {
    weight: 5,
    arbitrary: fc.record({
      index: fc.constantFrom(1, 2, 3),
      do: fc.constantFrom('up', 'ok', 'fail', 'ready', 'noise', 'over', 'stopping', 'unsent'),
    }),
  },
)

test('every event is dealt with once, dropped once, or still there; and those who are idle keep none waiting', () => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 80 }), fc.integer({ min: 1, max: 4 }), (acts, limit) => {
      let pool = fresh(limit, 1, 2)
      let serial = 0
      const open = new Set<number>()
      const held = new Map<number, number>()
      const take = (input: PoolInput): void => {
        const step = stepPool(pool, input)
        pool = step.pool
        for (const effect of step.effects) {
          if (effect.do === 'send') held.set(effect.index, effect.event.serial)
          if (effect.do === 'drop') assert.ok(open.delete(effect.event.serial))
        }
      }
      for (const act of acts) {
        if (act === 'event') {
          open.add(serial)
          take(event(serial++))
        } else if (act.do === 'up') for (const input of up(act.index)) take(input)
        else if (act.do === 'ok') {
          const member = pool.members.find(({ index }) => index === act.index)
          const own = member?.event?.serial
          if (member?.listener.at === 'BUSY') assert.equal(own, held.get(act.index))
          take(says(act.index, 'RESULT 2\nOK'))
          if (member?.listener.at === 'BUSY' && own !== undefined) assert.ok(open.delete(own))
        } else if (act.do === 'fail') take(says(act.index, 'RESULT 4\nFAIL'))
        else if (act.do === 'ready') take(says(act.index, 'READY\n'))
        else if (act.do === 'noise') take(says(act.index, '\n'))
        else if (act.do !== 'unsent' || pool.members.some(it => it.index === act.index && it.event !== undefined)) {
          take({ on: act.do, index: act.index } as PoolInput)
        }
        check(pool, open, limit)
      }
    }),
    { numRuns: 500 },
  )
})

function check(pool: Pool, open: ReadonlySet<number>, limit: number): void {
  const waiting = itemsOf(pool.waiting).map(it => it.serial)
  const busy = pool.members.flatMap(it => it.event?.serial ?? [])
  assert.deepEqual([...waiting, ...busy].sort(), [...open].sort())
  assert.ok(waiting.length <= limit)
  const isIdle = pool.members.some(it => it.isRunning && !it.isDeaf && it.listener.at === 'READY')
  assert.ok(!isIdle || waiting.length === 0)
  assert.equal(
    pool.weight,
    itemsOf(pool.waiting).reduce((sum, it) => sum + it.news.payload.length, 0),
  )
  for (const { event: own, listener } of pool.members) assert.equal(own !== undefined, listener.at === 'BUSY')
}

function itemsOf<T>(queue: Queue<T>): readonly T[] {
  const items: T[] = []
  for (let { first, rest } = shift(queue); first !== undefined; { first, rest } = shift(rest)) items.push(first)
  return items
}

test('a queue behaves as an array does', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('append', 'prepend', 'shift')), acts => {
      let queue: Queue<number> = emptyQueue
      const model: number[] = []
      for (const [at, act] of acts.entries()) {
        if (act === 'append') queue = append(queue, model[model.push(at) - 1] as number)
        else if (act === 'prepend') {
          model.unshift(at)
          queue = prepend(queue, at)
        } else {
          const { first, rest } = shift(queue)
          assert.equal(first, model.shift())
          queue = rest
        }
        assert.equal(queue.length, model.length)
      }
      assert.deepEqual(itemsOf(queue), model)
    }),
  )
})
