import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parsePid, readPidFile } from '../../src/os/pid-file.ts'

describe('the text of a pid file', () => {
  const cases: ReadonlyArray<[text: string, pid: number | RegExp]> = [
    ['4711\n', 4711],
    ['4711', 4711],
    [' 4711 \r\n', 4711],
    // PostgreSQL's.
    ['4711\n/var/lib/postgresql/15/main\n1795715195\n5432\n', 4711],
    ['', /empty/],
    ['\n', /empty/],
    ['\n4711\n', /does not begin/],
    ['-1\n', /does not begin/],
    ['+1\n', /does not begin/],
    ['0x10\n', /does not begin/],
    ['12 34\n', /does not begin/],
    ['12345678\n', /does not begin/],
    ['web\n', /does not begin/],
    ['4711\0\n', /does not begin/],
  ]
  for (const [text, expected] of cases) {
    test(JSON.stringify(text), () => {
      if (typeof expected === 'number') assert.equal(parsePid(text), expected)
      else assert.match(String(parsePid(text)), expected)
    })
  }
  test('any text is a number that is no group, or a reason', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const pid = parsePid(text)
        assert.ok(typeof pid === 'string' || (Number.isInteger(pid) && pid >= 0))
      }),
    )
  })
})

describe('a pid file', () => {
  const dir = mkdtempSync(join(tmpdir(), 'foster-pid-'))
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
  const path = (name: string): string => join(dir, name)

  test('is read', () => {
    writeFileSync(path('a'), '4711\n')
    assert.equal(readPidFile(path('a'), undefined), 4711)
  })
  test('that is very long is read no further than it has to be', () => {
    writeFileSync(path('long'), `4711\n${'x'.repeat(1_000_000)}`)
    assert.equal(readPidFile(path('long'), undefined), 4711)
  })
  test('is not read through a symbolic link', () => {
    symlinkSync(path('a'), path('link'))
    assert.equal(readPidFile(path('link'), undefined), 'it is a symbolic link')
  })
  test('is a regular file', () => {
    mkdirSync(path('dir'))
    assert.equal(readPidFile(path('dir'), undefined), 'it is not a regular file')
    assert.equal(readPidFile('/dev/zero', undefined), 'it is not a regular file')
  })
  test('is not there', () => {
    assert.equal(readPidFile(path('none'), undefined), 'there is no such file')
    assert.equal(readPidFile(path('a/none'), undefined), 'there is no such file')
  })
  test('is read as the program', { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
    writeFileSync(path('secret'), '4711\n', { mode: 0o600 })
    const user = { uid: 4711, gid: 4712, groups: [], name: undefined, home: '/' }
    assert.equal(readPidFile(path('secret'), user), 'it cannot be read: permission denied')
    assert.equal(readPidFile(path('secret'), undefined), 4711)
  })
})
