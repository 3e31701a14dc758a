import assert from 'node:assert/strict'
import { test } from 'node:test'
import { descendantsOf, listProcesses } from '../../src/os/processes.ts'

const entry = (pid: number, parent: number) => ({
  pid,
  parent,
  group: pid,
  session: pid,
  isZombie: false,
  started: pid,
})

test('descendants: children and theirs, nobody else', () => {
  const tree = [entry(1, 0), entry(2, 1), entry(3, 2), entry(4, 2), entry(5, 1), entry(6, 3)]
  assert.deepEqual(
    [...descendantsOf(2, tree)].sort((a, b) => a - b),
    [3, 4, 6],
  )
  assert.deepEqual(descendantsOf(6, tree), [])
})

test('we find ourselves among the processes', () => {
  const self = listProcesses().find(({ pid }) => pid === process.pid)
  assert.equal(self?.parent, process.ppid)
  assert.equal(self?.isZombie, false)
  assert.ok((self?.started ?? 0) > 0)
})
