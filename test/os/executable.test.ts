import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { candidates, explain, isBinary } from '../../src/os/executable.ts'

const { ENOENT, EACCES, ENOEXEC, EAGAIN, EMFILE } = constants.errno
const dir = mkdtempSync(join(tmpdir(), 'foster-'))
after(() => rmSync(dir, { recursive: true }))

function file(name: string, text: string, mode: number): string {
  const path = join(dir, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

test('a command is searched in the PATH given, in its order; directories do not count', () => {
  file('one/tool', '', 0o755)
  file('two/tool', '', 0o644)
  mkdirSync(join(dir, 'three/tool'), { recursive: true })
  const path = ['three', 'nowhere', 'two', 'one'].map(it => join(dir, it)).join(':')
  assert.deepEqual(candidates('tool', path, undefined), [join(dir, 'two/tool'), join(dir, 'one/tool')])
  assert.deepEqual(candidates('no-such-tool', path, undefined), [])
})

test('a command with a slash is taken as it is', () => {
  assert.deepEqual(candidates('./x', '/bin', undefined), ['./x'])
})

test('relative entries of the PATH are seen from the working directory', () => {
  file('one/tool', '', 0o755)
  assert.deepEqual(candidates('tool', 'one:', dir), ['one/tool'])
  assert.deepEqual(candidates('tool', '', join(dir, 'one')), ['./tool'])
})

const reason = (errno: number, path: string, workingDir?: string) => {
  const { code, reason } = explain(errno, path, workingDir)
  return `${code} ${reason.replaceAll(dir, '')}`
}

test('not there, no interpreter, no loader', () => {
  assert.equal(reason(ENOENT, join(dir, 'missing')), '127 /missing: not found')
  const script = file('script', '#!/no/such/python -u\n', 0o755)
  assert.equal(reason(ENOENT, script), '127 /script: its interpreter /no/such/python is not in this image')
  const binary = file('binary', '\x7fELF', 0o755)
  assert.equal(reason(ENOENT, binary), '127 /binary: its program loader is not in this image')
})

test('a script with the line ends of Windows is said to be one', () => {
  const script = file('windows', '#!/bin/sh\r\necho hi\r\n', 0o755)
  const said = 'its lines end in CR LF, and so does the name of its interpreter: save it with LF alone'
  assert.equal(reason(ENOENT, script), `127 /windows: ${said}`)
})

test('machine code is told from scripts', () => {
  assert.deepEqual(
    ['\x7fELF\x02', '#!/bin/sh\n', 'echo \x7fELF', ''].map(text => isBinary(file('code', text, 0o755))),
    [true, false, false, false],
  )
  assert.equal(isBinary(join(dir, 'missing')), false)
})

test('a directory, no execute bit, an interpreter without one, an odd format', () => {
  assert.equal(reason(EACCES, dir), '126 : is a directory')
  assert.equal(reason(EACCES, file('plain', '', 0o644)), '126 /plain: not executable')
  const odd = file('odd', `#!${join(dir, 'plain')}\n`, 0o755)
  assert.equal(reason(EACCES, odd), '126 /odd: its interpreter /plain is not executable')
  assert.equal(reason(ENOEXEC, file('data', 'x', 0o755)), '126 /data: exec format error: not made for this machine')
})

test('the working directory is looked at first', () => {
  assert.equal(reason(ENOENT, '/bin/sh', join(dir, 'nodir')), '1 working_dir /nodir: not found, or not to be entered')
  const plain = file('plain', '', 0o644)
  assert.equal(reason(ENOENT, '/bin/sh', plain), '1 working_dir /plain: not a directory')
})

test('what the system lacks is said in words', () => {
  assert.match(reason(EAGAIN, '/bin/sh'), /^1 .*no more processes/)
  assert.match(reason(EMFILE, '/bin/sh'), /^1 .*no more descriptors/)
})
