/** The call that gives memory back is found, and gives some. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { giveBackFree } from '../../src/os/allocator.ts'

test('what the start of Node has left free goes back; with a C library that has no such call nothing does', () => {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  assert.equal(giveBackFree(), header.glibcVersionRuntime !== undefined)
  assert.equal(typeof giveBackFree(), 'boolean')
})
