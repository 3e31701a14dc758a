import assert from 'node:assert/strict'
import { test } from 'node:test'
import { libc } from '../../src/os/libc.ts'
import { haveThreads } from '../../src/os/threads.ts'

test('where it cannot be found out, Node has its threads as ever; and where it can', () => {
  const { lib } = libc()
  const { getSymbol } = lib
  lib.getSymbol = () => {
    throw new Error('undefined symbol')
  }
  try {
    assert.equal(haveThreads(), true)
  } finally {
    lib.getSymbol = getSymbol
  }
  assert.equal(haveThreads(), true)
})
