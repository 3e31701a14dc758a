import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connected } from '../../src/os/sockets.ts'

test('a path of digits is a path, no port', async () => {
  assert.equal(await connected('1'), 'ENOENT')
})
