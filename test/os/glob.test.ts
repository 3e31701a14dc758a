import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { glob } from '../../src/os/glob.ts'

const dir = mkdtempSync(join(tmpdir(), 'foster-glob-'))
after(() => rmSync(dir, { recursive: true }))
for (const name of ['one', 'two', '.three']) {
  mkdirSync(join(dir, name))
  for (const file of ['m1.yaml', 'm2.yaml', '.m3.yaml', 'm[1].yaml', 'ä.yaml']) writeFileSync(join(dir, name, file), '')
}
writeFileSync(join(dir, 'file'), '')
symlinkSync('nowhere', join(dir, 'dangling'))

function found(pattern: string, directory = dir): readonly string[] | undefined {
  return glob(pattern, directory)?.toSorted()
}

test('a pattern is relative to its directory, hidden files are left out', () => {
  assert.deepEqual(found('m*.yaml', join(dir, 'one')), ['m1.yaml', 'm2.yaml', 'm[1].yaml'])
  assert.deepEqual(found(`${dir}/one/m?.yaml`, '/'), [join(dir, 'one/m1.yaml'), join(dir, 'one/m2.yaml')])
  assert.deepEqual(found('./one/m?.yaml'), ['one/m1.yaml', 'one/m2.yaml'])
  assert.deepEqual(found('one/../two/m1*'), ['two/m1.yaml'])
})

test('a sign stands within one directory', () => {
  assert.deepEqual(found('*/m1.yaml'), ['one/m1.yaml', 'two/m1.yaml'])
  assert.deepEqual(found('*/.m*'), ['one/.m3.yaml', 'two/.m3.yaml'])
  assert.deepEqual(found('.t*/m1.yaml'), ['.three/m1.yaml'])
  assert.deepEqual(found('*m1.yaml'), [])
  assert.deepEqual(found('**/m1.yaml'), ['one/m1.yaml', 'two/m1.yaml'])
})

test('a set is one character', () => {
  assert.deepEqual(found('one/m[1-2].yaml'), ['one/m1.yaml', 'one/m2.yaml'])
  assert.deepEqual(found('one/m[!1].yaml'), ['one/m2.yaml'])
  assert.deepEqual(found('one/m[[]1].yaml'), ['one/m[1].yaml'])
  assert.deepEqual(found('one/[^m].yaml'), ['one/ä.yaml'])
  assert.deepEqual(found('one/?.yaml'), ['one/ä.yaml'])
  assert.deepEqual(found('one/m1[.yaml'), [])
})

test('what is not there or is no directory matches nothing', () => {
  assert.deepEqual(found('none/*'), [])
  assert.deepEqual(found('file/*'), [])
  assert.deepEqual(found('*/none'), [])
  assert.deepEqual(found('f*', join(dir, 'none')), [])
  assert.deepEqual(found('d*'), ['dangling'])
  assert.deepEqual(found(''), [])
  assert.deepEqual(found(`${'*/'.repeat(3000)}x`), [])
})

test('what the kernel makes up is not looked through', () => {
  assert.deepEqual(found('/proc/*/status', '/'), [])
  assert.deepEqual(found('/*/self/status', '/'), ['/proc/self/status'])
  assert.deepEqual(found('../proc/*', '/tmp'), [])
  assert.deepEqual(found('/dev/*', '/'), [])
  assert.deepEqual(found('/d*/null', '/'), ['/dev/null'])
})

test('a pattern that fits half of the file system is given up', () => {
  const many = join(dir, 'many')
  mkdirSync(many)
  for (let i = 0; i < 150; i++) {
    mkdirSync(join(many, `d${i}`))
    symlinkSync('..', join(many, `d${i}`, 'up'))
  }
  assert.equal(found('*/*/*/*/*', many), undefined)
  assert.equal(found('*/up/*/up/*/up/x', many), undefined)
})

test('many stars take no longer than one', () => {
  writeFileSync(join(dir, 'two', 'a'.repeat(200)), '')
  assert.deepEqual(found(`two/${'*a'.repeat(100)}b`), [])
  assert.deepEqual(found(`two/${'*a'.repeat(100)}`), [`two/${'a'.repeat(200)}`])
})

test('a name fits as in a regular expression', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 8 })
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 8 })
  const names = join(dir, 'names')
  mkdirSync(names)
  fc.assert(
    fc.property(name, pattern, (file, wanted) => {
      writeFileSync(join(names, file), '')
      const expression = new RegExp(`^${wanted.replaceAll('*', '.*').replaceAll('?', '.')}$`)
      assert.equal(found(wanted, names)?.includes(file), expression.test(file))
    }),
  )
})
