import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { LogFile } from '../../src/core/output.ts'
import { logPlace, type Place } from '../../src/os/log-files.ts'

let dir = ''
beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'foster-logs-'))
  fs.chmodSync(dir, 0o755)
})
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }))

const isRoot = process.getuid?.() === 0
const asRoot = { skip: isRoot ? false : 'needs root' }
const user = { uid: 4711, gid: 4712, groups: [], name: undefined, home: '/' }
const at = (name: string, changes: Partial<Place> = {}) =>
  logPlace({ path: join(dir, name), user: undefined, owned: false, ...changes })

const text = (name: string): string => fs.readFileSync(join(dir, name), 'utf8')

/** Opens a place that can be opened. */
function opened(place: ReturnType<typeof at>): LogFile {
  const file = place.open()
  assert.ok(typeof file !== 'string', String(file))
  return file
}

const write = (file: LogFile, said: string): Promise<number> =>
  new Promise(done => file.write(Buffer.from(`<${said}>`), 1, Buffer.byteLength(said), done))

test('a file is made, appended to, and found again with its size', async () => {
  const before = process.umask(0o022)
  const file = opened(at('a.log'))
  process.umask(before)
  assert.deepEqual([file.isRegular, file.size, file.isCurrent()], [true, 0, true])
  assert.equal(await write(file, 'one\n'), 4)
  file.close()
  assert.equal(fs.statSync(join(dir, 'a.log')).mode & 0o777, 0o644)
  const again = opened(at('a.log'))
  assert.equal(again.size, 4)
  fs.writeFileSync(join(dir, 'a.log'), 'somebody truncated it\n')
  await write(again, 'two\n')
  assert.equal(text('a.log'), 'somebody truncated it\ntwo\n')
  fs.renameSync(join(dir, 'a.log'), join(dir, 'b'))
  assert.equal(again.isCurrent(), false)
  fs.writeFileSync(join(dir, 'a.log'), '')
  assert.equal(again.isCurrent(), false)
  again.close()
})

test('names change only for regular files, and take nothing else away', () => {
  const place = at('a.log')
  fs.writeFileSync(join(dir, 'a.log'), 'a')
  fs.mkdirSync(join(dir, 'a.log.1'))
  assert.deepEqual([place.has(''), place.has('.1'), place.has('.2')], [true, false, false])
  assert.deepEqual([place.suffixes(), at('none/a.log').suffixes()], [new Set(['']), undefined])
  assert.equal(place.rename('', '.1'), -22)
  assert.equal(place.rename('.1', '.2'), -22)
  assert.equal(place.rename('.7', '.8'), -2)
  assert.equal(place.remove('.1'), -22)
  assert.equal(place.rename('', '.2'), 0)
  fs.symlinkSync(join(dir, 'a.log.2'), join(dir, 'a.log.3'))
  assert.deepEqual([place.has('.3'), place.rename('.2', '.3'), place.remove('.3')], [false, -22, -22])
  assert.equal(place.remove('.2'), 0)
  assert.deepEqual(fs.readdirSync(dir).sort(), ['a.log.1', 'a.log.3'])
})

test('links are not followed, neither symbolic nor hard ones, nor is a directory a file', () => {
  fs.writeFileSync(join(dir, 'precious'), 'p')
  fs.symlinkSync(join(dir, 'precious'), join(dir, 'soft.log'))
  fs.linkSync(join(dir, 'precious'), join(dir, 'hard.log'))
  assert.equal(at('soft.log').open(), 'it is a symbolic link')
  assert.equal(at('hard.log').open(), 'it has a second name (a hard link)')
  assert.equal(at('').open(), 'EISDIR')
  assert.equal(at('none/a.log').open(), 'ENOENT')
  assert.equal(text('precious'), 'p')
})

test('a device is written to and never rotated', async () => {
  const full = opened(logPlace({ path: '/dev/full', user: undefined, owned: false }))
  assert.deepEqual([full.isRegular, full.size, await write(full, 'a')], [false, 0, -28])
  full.close()
})

test('a compressed copy has the owner and the mode of the file, and what is in it', async () => {
  const place = at('a.log')
  const content = 'line\n'.repeat(100_000)
  fs.writeFileSync(join(dir, 'a.log.1'), content, { mode: 0o640 })
  if (isRoot) fs.chownSync(join(dir, 'a.log.1'), 4711, 4712)
  const result = (from: string, to: string) => new Promise(done => place.compress(from, to, done))
  assert.equal(await result('.1', '.gz.tmp'), 0)
  const { mode, uid } = fs.statSync(join(dir, 'a.log.gz.tmp'))
  assert.deepEqual([mode & 0o777, uid], [0o640, isRoot ? 4711 : process.getuid?.()])
  assert.equal(String(gunzipSync(fs.readFileSync(join(dir, 'a.log.gz.tmp')))), content)
  assert.equal(await result('.1', '.gz.tmp'), -17)
  assert.equal(await result('.2', '.2.gz'), -2)
})

test("a file is the program's where that is asked for, and foster's otherwise", asRoot, () => {
  const owner = (name: string) => fs.statSync(join(dir, name)).uid
  for (const owned of [true, false]) opened(at(`${owned}.log`, { user, owned })).close()
  assert.deepEqual([owner('true.log'), owner('false.log')], [4711, 0])
  // One that is there already stays whose it is.
  fs.writeFileSync(join(dir, 'old.log'), '')
  opened(at('old.log', { user, owned: true })).close()
  assert.equal(owner('old.log'), 0)
})

test("in a directory that the program's user can change, foster has that user's rights", asRoot, () => {
  fs.mkdirSync(join(dir, 'home'))
  fs.chownSync(join(dir, 'home'), 4711, 4712)
  opened(at('home/a.log', { user })).close()
  assert.equal(fs.statSync(join(dir, 'home/a.log')).uid, 4711)
  // A directory of root's below it could be replaced by the user all the same.
  fs.mkdirSync(join(dir, 'home/logs'))
  assert.equal(at('home/logs/a.log', { user }).open(), 'EACCES')
  fs.mkdirSync(join(dir, 'etc'))
  fs.renameSync(join(dir, 'home/logs'), join(dir, 'home/old'))
  fs.symlinkSync(join(dir, 'etc'), join(dir, 'home/logs'))
  const tricked = at('home/logs/passwd', { user })
  fs.writeFileSync(join(dir, 'etc/passwd'), 'root')
  fs.writeFileSync(join(dir, 'etc/passwd.1'), 'old')
  assert.equal(tricked.open(), 'EACCES')
  assert.deepEqual([tricked.rename('', '.2'), tricked.remove('.1')], [-13, -13])
  // By way of a link that root has made, into a directory of the user's.
  fs.symlinkSync(join(dir, 'home'), join(dir, 'link'))
  opened(at('link/b.log', { user })).close()
  assert.equal(fs.statSync(join(dir, 'home/b.log')).uid, 4711)
  assert.deepEqual(fs.readdirSync(join(dir, 'etc')), ['passwd', 'passwd.1'])
})

test('a sticky directory protects what is in it from other users, but not what is made in it', asRoot, () => {
  fs.mkdirSync(join(dir, 'tmp'))
  fs.chmodSync(join(dir, 'tmp'), 0o1777)
  fs.mkdirSync(join(dir, 'tmp/logs'))
  opened(at('tmp/logs/a.log', { user })).close()
  opened(at('tmp/b.log', { user })).close()
  assert.equal(fs.statSync(join(dir, 'tmp/logs/a.log')).uid, 0)
  assert.equal(fs.statSync(join(dir, 'tmp/b.log')).uid, 4711)
  assert.equal(process.geteuid?.(), 0)
})
