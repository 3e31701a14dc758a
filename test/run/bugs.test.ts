/** What is done about foster's own bugs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bugs } from '../../src/run/bugs.ts'

function make(broken: { readonly say?: boolean; readonly stop?: boolean } = {}) {
  const done: string[] = []
  let isOver = false
  const later: [number, () => void][] = []
  const bugs = new Bugs({
    say: text => {
      if (broken.say) throw new Error('the log')
      done.push(text)
    },
    stop: () => {
      done.push('stop')
      if (broken.stop) throw new Error('the loop')
    },
    isOver: () => isOver,
    exit: () => done.push('exit'),
    after: (millis, act) => later.push([millis, act]),
  })
  return { bugs, done, later, over: () => (isOver = true) }
}

test('the first one stops the container, ten are said, and more of them at its end do not hold it up', () => {
  const { bugs, done, over } = make()
  for (let count = 0; count < 12; count++) bugs.found(`bug ${count}`)
  const said = Array.from({ length: 10 }, (_, count) => `internal error: bug ${count}`)
  assert.deepEqual(done.splice(0), [said[0], 'stop', ...said.slice(1)])
  over()
  bugs.found('late')
  assert.deepEqual(done, ['exit'])
})

test('what is broken at the very end may be what waits for the end: then nobody waits for ever', () => {
  const { bugs, done, later, over } = make()
  over()
  bugs.found('flush')
  bugs.found('flush')
  assert.deepEqual(done.splice(0), ['internal error: flush', 'stop', 'internal error: flush'])
  assert.deepEqual(
    later.map(([millis]) => millis),
    [1000],
  )
  later[0]?.[1]()
  assert.deepEqual(done, ['exit'])
})

test('a bug in the log, or in what stops the container, is no reason to go down', () => {
  const mute = make({ say: true })
  mute.bugs.found(new Error('x'))
  assert.deepEqual(mute.done, ['stop'])
  const stuck = make({ stop: true })
  stuck.bugs.found({ toString: () => 'odd' })
  assert.deepEqual(stuck.done, ['internal error: odd', 'stop'])
  const unsayable = make()
  unsayable.bugs.found(Object.create(null))
  assert.deepEqual(unsayable.done, ['stop'])
})
