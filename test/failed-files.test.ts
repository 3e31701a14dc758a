import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestEvent } from 'node:test/reporters'
import failedFiles from './failed-files.ts'

/** What `.ci/run` reads when the run is over. */
async function told(events: readonly { readonly type: string; readonly data: object }[]): Promise<string> {
  async function* given() {
    for (const event of events) yield event as TestEvent
  }
  return (await Array.fromAsync(failedFiles(given()))).join('')
}

test('each file is told once, by the file that was run, and one that was not even loaded', async () => {
  const helped = { file: '/test/rig.ts', entryFile: '/test/a.test.ts' }
  const fails = [helped, helped, { file: '/test/b.test.ts' }].map(data => ({ type: 'test:fail', data }))
  assert.equal(await told(fails), '/test/a.test.ts\n/test/b.test.ts\n')
})

test('what passes is not told', async () => {
  const passed = { type: 'test:pass', data: { file: '/test/a.test.ts' } }
  assert.equal(await told([passed, { type: 'test:summary', data: { success: false } }]), '')
})
