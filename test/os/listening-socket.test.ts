import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { Credentials, SharedSocket, SocketFile } from '../../src/core/plan.ts'
import { adjustListening, closeListening, type Listening, openListening } from '../../src/os/listening-socket.ts'
import { addressAtHand } from '../../src/os/names.ts'
import { freePort } from '../e2e/rig-net.ts'

let dir = ''
beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'foster-sockets-'))
  fs.chmodSync(dir, 0o755)
})
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }))

const asRoot = { skip: process.getuid?.() === 0 ? false : 'needs root' }
const user: Credentials = { uid: 4711, gid: 4712, groups: [], name: undefined, home: '/' }

const socketAt = (name: string, changes: Partial<SocketFile> = {}): SharedSocket & { address: SocketFile } => ({
  ...{ of: 'php', backlog: 2 },
  address: { file: join(dir, name), mode: 0o700, owner: undefined, ...changes },
})

function opened(socket: SharedSocket, who?: Credentials): Listening {
  const listening = openListening(socket, who)
  assert.ok(typeof listening !== 'string', String(listening))
  return listening
}

/** Whether a connection comes about: the kernel makes it, nobody need accept. */
const reaches = (where: { path: string } | { host: string; port: number }): Promise<string> =>
  new Promise(done => {
    const socket = connect(where)
    socket.on('connect', () => done('connected')).on('error', (error: NodeJS.ErrnoException) => done(error.code ?? ''))
    socket.on('connect', () => socket.destroy())
  })

const factsOf = (path: string) => {
  const { uid, gid, mode } = fs.lstatSync(path)
  return { uid, gid, mode: mode & 0o777 }
}

test('a file with its mode, which listens, is close-on-exec, and goes away with the socket', async () => {
  const socket = socketAt('a.sock', { mode: 0o640 })
  const listening = opened(socket)
  const { file } = socket.address
  assert.equal(factsOf(file).mode, 0o640)
  assert.deepEqual(fs.readdirSync(dir), ['a.sock'])
  assert.equal(await reaches({ path: file }), 'connected')
  assert.match(fs.readFileSync(`/proc/self/fdinfo/${listening.fd}`, 'utf8'), /^flags:\s+02000002$/m)
  closeListening(listening, socket, undefined)
  assert.deepEqual(fs.readdirSync(dir), [])
})

test('a stale file is replaced; one that is somebody else by now is not removed', () => {
  const socket = socketAt('a.sock')
  const first = opened(socket)
  fs.closeSync(first.fd)
  const second = opened(socket)
  closeListening({ ...first, fd: fs.openSync('/dev/null', 'r') }, socket, undefined)
  assert.deepEqual(fs.readdirSync(dir), ['a.sock'])
  closeListening(second, socket, undefined)
  assert.deepEqual(fs.readdirSync(dir), [])
})

test('what cannot be made is told, and leaves nothing behind', () => {
  const socket = socketAt('a.sock')
  const listening = opened(socket)
  assert.match(String(openListening(socket, undefined)), /^EADDRINUSE: (process \d+|somebody) listens there$/)
  closeListening(listening, socket, undefined)
  assert.equal(openListening(socketAt('no/a.sock'), undefined), 'ENOENT')
  assert.equal(openListening(socketAt('x'.repeat(120)), undefined), 'ENAMETOOLONG')
  fs.writeFileSync(join(dir, 'file'), 'precious')
  assert.match(String(openListening(socketAt('file'), undefined)), /is no socket/)
  assert.deepEqual(fs.readdirSync(dir), ['file'])
  const descriptors = fs.readdirSync('/proc/self/fd').length
  openListening(socketAt('no/a.sock'), undefined)
  assert.equal(fs.readdirSync('/proc/self/fd').length, descriptors)
})

test('a port, by address and by name; it can be had once', async () => {
  const at = (host: string, port: number): SharedSocket => ({ of: 'p', backlog: 2, address: { host, port } })
  const port = await freePort()
  const listening = opened(at('localhost', port))
  assert.equal(await reaches({ host: '127.0.0.1', port }), 'connected')
  assert.equal(openListening(at('127.0.0.1', port), undefined), 'EADDRINUSE')
  closeListening(listening, at('localhost', port), undefined)
  assert.equal(await reaches({ host: '127.0.0.1', port }), 'ECONNREFUSED')
  assert.match(String(openListening(at('nowhere.invalid', port), undefined)), /^nowhere.invalid is no IPv4 address/)
})

test('names of this machine are known without asking', () => {
  const hosts = join(dir, 'hosts')
  fs.writeFileSync(hosts, '::1 me\n10.0.0.7 me # mine\n')
  assert.equal(addressAtHand('me', { hosts }), '10.0.0.7')
  assert.equal(addressAtHand('LocalHost', { hosts }), '127.0.0.1')
  assert.equal(addressAtHand('0.0.0.0', { hosts }), '0.0.0.0')
  assert.equal(addressAtHand('1.2.3.256', { hosts }), undefined)
  assert.equal(addressAtHand('other', { hosts }), undefined)
})

test('owner and mode, and others later', asRoot, () => {
  const socket = socketAt('a.sock', { owner: { uid: 4711, gid: -1 } })
  const listening = opened(socket)
  const { file } = socket.address
  assert.deepEqual(factsOf(file), { uid: 4711, gid: process.getgid?.(), mode: 0o700 })
  const later = socketAt('a.sock', { owner: { uid: 4711, gid: 4712 }, mode: 0o660 })
  assert.equal(adjustListening(listening, later, undefined), undefined)
  assert.deepEqual(factsOf(file), { uid: 4711, gid: 4712, mode: 0o660 })
  closeListening(listening, later, undefined)
})

test("in a directory of the program's user it is made with his rights, and given to whom it is to be", asRoot, () => {
  fs.chownSync(dir, 4711, 4712)
  const socket = socketAt('a.sock', { owner: { uid: 4713, gid: 4714 }, mode: 0o660 })
  const listening = opened(socket, user)
  assert.deepEqual(factsOf(socket.address.file), { uid: 4713, gid: 4714, mode: 0o660 })
  // He may put something else there; that is not given away, nor removed.
  fs.renameSync(socket.address.file, join(dir, 'b.sock'))
  fs.symlinkSync('/etc/passwd', socket.address.file)
  assert.notEqual(adjustListening(listening, socket, user), undefined)
  assert.equal(fs.statSync('/etc/passwd').uid, 0)
  closeListening(listening, socket, user)
  assert.deepEqual(fs.readdirSync(dir).sort(), ['a.sock', 'b.sock'])
})

test(
  "the rights are the user's: a directory that only foster could write to below his is not reached by a link",
  asRoot,
  () => {
    fs.chownSync(dir, 4711, 4712)
    fs.mkdirSync(join(dir, 'root'), { mode: 0o700 })
    fs.chownSync(join(dir, 'root'), 0, 0)
    assert.equal(openListening(socketAt('root/a.sock', { owner: { uid: 4711, gid: 4712 } }), user), 'EACCES')
    assert.deepEqual(fs.readdirSync(join(dir, 'root')), [])
  },
)
