/** The sockets of sd_notify, with ourselves as the sender. */
import assert from 'node:assert/strict'
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { isListening, openDatagrams, receive } from '../../src/os/datagrams.ts'
import { addressOf, libc } from '../../src/os/libc.ts'
import { newMark, readMark, withMark } from '../../src/os/marks.ts'
import { Notify } from '../../src/os/notify.ts'

const isRoot = process.getuid?.() === 0
const dir = mkdtempSync(join(tmpdir(), 'foster-notify-'))
process.on('exit', () => rmSync(dir, { recursive: true, force: true }))

/** A datagram from this very process. */
function send(path: string, text: string): void {
  const { functions } = libc()
  const fd = functions.socket(1, 2, 0)
  const name = Buffer.concat([
    Buffer.from([1, 0]),
    Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`),
  ])
  assert.equal(functions.connect(fd, name, name.length), 0, `connect to ${path}`)
  const bytes = Buffer.from(text)
  functions.send(fd, addressOf(bytes), BigInt(bytes.length), 0)
  functions.close(fd)
}

describe('a datagram', () => {
  test('comes with the pid and uid of its sender', () => {
    const path = join(dir, 'a')
    const fd = openDatagrams(path)
    assert.equal(receive(fd), undefined)
    send(path, 'READY=1')
    send(path, 'STATUS=ä')
    const sender = { pid: process.pid, uid: process.getuid?.() }
    assert.deepEqual(receive(fd), { ...sender, text: 'READY=1' })
    assert.deepEqual(receive(fd), { ...sender, text: 'STATUS=ä' })
    assert.equal(receive(fd), undefined)
    libc().functions.close(fd)
  })
  test('of more than 8 KiB is unusable, the next one is not', () => {
    const path = join(dir, 'b')
    const fd = openDatagrams(path)
    send(path, 'x'.repeat(8193))
    send(path, 'x'.repeat(8192))
    assert.equal(receive(fd), 'unusable')
    assert.equal((receive(fd) as { text: string }).text.length, 8192)
    libc().functions.close(fd)
  })
  test('cannot be received where something stands already, or where nothing can stand', () => {
    const path = join(dir, 'c')
    const fd = openDatagrams(path)
    assert.equal(openDatagrams(path), -98)
    assert.equal(openDatagrams(join(dir, 'none/c')), -2)
    assert.equal(isListening(path), true)
    libc().functions.close(fd)
    assert.equal(isListening(path), false)
  })
})

describe('sockets', () => {
  const opened: Notify[] = []
  afterEach(() => {
    for (const it of opened.splice(0)) it.close()
  })
  const notify = () => {
    const it = new Notify(dir)
    opened.push(it)
    return it
  }
  const listener = (name: string, refusal?: string) => {
    const heard: string[] = []
    const refused: string[] = []
    const onText = (it: string) => void heard.push(it)
    const onRefused = (it: string) => void refused.push(it)
    return { heard, refused, options: { name, user: undefined, refuse: () => refusal, onText, onRefused } }
  }
  const pathOf = (socket: unknown) => (socket as { path: string }).path

  test('lie in a directory that only foster can write', () => {
    const socket = notify().open(listener('web').options)
    const path = pathOf(socket)
    assert.match(path, isRoot ? /^\/run\/foster\/\w{6}\/web\.0$/ : /\/foster\/\w{6}\/web\.0$/)
    for (const it of [dirname(path), dirname(dirname(path))]) {
      const { mode, uid } = lstatSync(it)
      assert.equal(uid, process.getuid?.())
      assert.equal(mode & (isRoot ? 0o022 : 0o077), 0)
    }
  })

  test('are heard in the order of what was said, and only by whom it is for', () => {
    const it = notify()
    const [web, api] = [listener('web'), listener('api')]
    const [first, second] = [it.open(web.options), it.open(api.options)]
    send(pathOf(first), 'STATUS=one')
    send(pathOf(second), 'STATUS=two')
    send(pathOf(first), 'READY=1')
    it.drain()
    assert.deepEqual(web.heard, ['STATUS=one', 'READY=1'])
    assert.deepEqual(api.heard, ['STATUS=two'])
  })

  test('do not hear whom they are told to refuse', () => {
    const it = notify()
    const web = listener('web', 'it belongs to api')
    send(pathOf(it.open(web.options)), 'READY=1')
    it.drain()
    assert.deepEqual(web.heard, [])
    assert.deepEqual(web.refused, [`it came from process ${process.pid}: it belongs to api`])
  })

  test('may be closed by what is said', () => {
    const it = notify()
    const web = listener('web')
    const socket = it.open({
      ...web.options,
      onText: text => {
        web.heard.push(text)
        if (typeof socket !== 'string') socket.close()
      },
    })
    send(pathOf(socket), 'STOPPING=1')
    send(pathOf(socket), 'STATUS=late')
    it.drain()
    assert.deepEqual(web.heard, ['STOPPING=1'])
    assert.equal(existsSync(pathOf(socket)), false)
  })

  test('are gone with their directory', () => {
    const it = notify()
    const path = pathOf(it.open(listener('web').options))
    it.open(listener('api').options)
    it.close()
    assert.equal(existsSync(dirname(path)), false)
  })

  test('of a foster that was killed are removed by the next one, live ones are not', () => {
    const killed = new Notify(dir)
    const live = notify()
    const path = pathOf(killed.open(listener('web').options))
    const other = pathOf(live.open(listener('web').options))
    // As a killed process leaves it: nobody reads, the file is there.
    for (const fd of readdirSync('/proc/self/fd')) {
      const inode = socketInode(path)
      if (inode !== undefined && linkOf(fd) === `socket:[${inode}]`) libc().functions.close(Number(fd))
    }
    assert.equal(existsSync(path), true)
    notify().open(listener('web').options)
    assert.equal(existsSync(dirname(path)), false)
    assert.equal(existsSync(other), true)
  })

  test('come back where somebody has tidied up', () => {
    const it = notify()
    const web = listener('web')
    rmSync(dirname(pathOf(it.open(web.options))), { recursive: true })
    send(pathOf(it.open(web.options)), 'READY=1')
    it.drain()
    assert.deepEqual(web.heard, ['READY=1'])
  })

  test('have short paths whatever the program is called', () => {
    const path = pathOf(notify().open(listener(`../${'é/'.repeat(100)}`).options))
    assert.match(path, /\/[\w.-]{1,50}$/)
    assert.equal(existsSync(path), true)
  })
})

test('a mark stands on what is started meanwhile, and on nothing afterwards', () => {
  const before = readMark(process.pid)
  const mark = newMark(0.5)
  assert.equal(
    withMark(mark, () => readMark(process.pid)),
    mark,
  )
  assert.equal(readMark(process.pid), before)
  assert.throws(() =>
    withMark(mark, () => {
      throw new Error('no')
    }),
  )
  assert.equal(readMark(process.pid), before)
  assert.notEqual(newMark(0.5), mark)
})

function socketInode(path: string): string | undefined {
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .find(line => line.endsWith(` ${path}`))
    ?.split(/\s+/)[6]
}

function linkOf(fd: string): string | undefined {
  try {
    return process.getBuiltinModule('node:fs').readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return undefined
  }
}
