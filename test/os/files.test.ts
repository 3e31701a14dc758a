/** Reading what others wrote: bounded, and never waiting for ever. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { patientReader, readSecret, readText, whatIs } from '../../src/os/files.ts'

const dir = mkdtempSync(join(tmpdir(), 'foster-files-'))
after(() => rmSync(dir, { recursive: true }))

function file(name: string, content: string): string {
  writeFileSync(join(dir, name), content)
  return join(dir, name)
}

test('a text of up to 1 MiB is read whole, more is refused, an endless device as well', () => {
  assert.equal(readText(file('a', 'grüße\n')), 'grüße\n')
  assert.equal(readText(file('b', 'x'.repeat(2 ** 20))).length, 2 ** 20)
  assert.throws(() => readText(file('c', 'x'.repeat(2 ** 20 + 1))), { code: 'EFBIG' })
  assert.throws(() => readText('/dev/zero'), { code: 'EFBIG' })
  assert.throws(() => readText(dir), { code: 'EISDIR' })
  assert.equal(readText('/dev/null'), '')
})

test('several files whose writers say nothing are not waited for one after the other', { timeout: 60_000 }, () => {
  const read = patientReader(200)
  // A terminal at which nobody is: waiting for each anew would take two minutes.
  for (let i = 0; i < 600; i++) assert.throws(() => read('/dev/ptmx'), { code: 'ETIMEDOUT' })
})

test('a secret loses one newline, and a reason says why it cannot be had', () => {
  assert.deepEqual(readSecret(file('s', 'one\ntwo\n\n')), { value: 'one\ntwo\n' })
  assert.deepEqual(readSecret(file('s', 'one\r\n')), { value: 'one' })
  assert.deepEqual(readSecret(file('s', '')), { value: '' })
  assert.deepEqual(readSecret(join(dir, 'none')), { reason: 'there is no such file' })
  assert.deepEqual(readSecret(dir), { reason: 'it is a directory' })
  assert.deepEqual(readSecret('/dev/null'), { reason: 'it is not a regular file' })
  assert.deepEqual(readSecret(file('s', 'x'.repeat(2 ** 17 + 1))), { reason: 'it is larger than 128 KiB' })
  assert.deepEqual(readSecret(file('s', 'a\0b')), { reason: 'it contains NUL characters' })
})

test('what stands at a path', () => {
  assert.deepEqual([dir, file('x', ''), join(dir, 'none'), join(dir, 'x', 'y')].map(whatIs), [
    'directory',
    'other',
    'nothing',
    'nothing',
  ])
})
