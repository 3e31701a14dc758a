import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { addressesOf, fullNames, inHosts, type NameFiles } from '../../src/os/names.ts'

const never = new AbortController().signal

test('an address is itself, also in brackets', async () => {
  for (const address of ['127.0.0.1', '10.0.0.1', '::1', 'fe80::1%lo']) {
    assert.deepEqual(await addressesOf(address, never), [address])
  }
  assert.deepEqual(await addressesOf('[::1]', never), ['::1'])
})

test('localhost is loopback, IPv4 first, whatever the files say', async () => {
  for (const name of ['localhost', 'LOCALHOST', 'localhost.', 'app.localhost']) {
    assert.deepEqual(await addressesOf(name, never), ['127.0.0.1', '::1'], name)
  }
})

test('names stand in hosts(5) beside an address, in any case, unless they are commented out', () => {
  const text = '# redis\n10.0.0.1\tdb db.local # redis\n10.0.0.2 DB\n\n10.0.0.3\n#10.0.0.4 db\n'
  assert.deepEqual(inHosts(text, 'db'), ['10.0.0.1', '10.0.0.2'])
  assert.deepEqual(inHosts(text, 'Db.Local.'), ['10.0.0.1'])
  assert.deepEqual(inHosts(text, 'redis'), [])
})

test('names are searched for as resolv.conf(5) says', () => {
  const kubernetes = 'nameserver 10.96.0.10\nsearch a.svc.cluster.local svc.cluster.local.\noptions ndots:5 timeout:1\n'
  assert.deepEqual(fullNames('db', kubernetes), ['db.a.svc.cluster.local', 'db.svc.cluster.local', 'db'])
  assert.deepEqual(fullNames('db.b.c.d.e.f', kubernetes), [
    'db.b.c.d.e.f',
    'db.b.c.d.e.f.a.svc.cluster.local',
    'db.b.c.d.e.f.svc.cluster.local',
  ])
  assert.deepEqual(fullNames('db.', kubernetes), ['db'])
  assert.deepEqual(fullNames('db', ''), ['db'])
  assert.deepEqual(fullNames('db.x', 'search one\ndomain two'), ['db.x', 'db.x.two'])
})

/** A name server that knows some names; the questions it got are in `asked`. It says nothing about `silent`. */
class NameServer {
  readonly asked: string[] = []
  readonly #socket: Socket = createSocket('udp4')
  readonly #known: Readonly<Record<string, string>>

  constructor(known: Readonly<Record<string, string>>) {
    this.#known = known
    this.#socket.on('message', (query, { port, address }) => {
      const reply = this.#reply(query)
      if (reply !== undefined) this.#socket.send(reply, port, address)
    })
  }

  async listen(): Promise<string> {
    this.#socket.bind(0, '127.0.0.1')
    await once(this.#socket, 'listening')
    return `127.0.0.1:${this.#socket.address().port}`
  }

  asks(): Promise<unknown> {
    return once(this.#socket, 'message')
  }

  close(): void {
    this.#socket.close()
  }

  /** The question, and one answer if the name has an address of that kind; the name `silent` has no reply. */
  #reply(query: Buffer): Buffer | undefined {
    let at = 12
    const labels: string[] = []
    for (let size = query[at] ?? 0; size > 0; size = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + size))
      at += 1 + size
    }
    const name = labels.join('.').toLowerCase()
    const type = query.readUInt16BE(at + 1)
    this.asked.push(`${name} ${type === 1 ? 'A' : 'AAAA'}`)
    if (name === 'silent') return undefined
    const known = this.#known[name]
    const bytes = known?.includes(':') ? [...Array(15).fill(0), 1] : known?.split('.').map(Number)
    const isAnswer = bytes !== undefined && (type === 1) === (bytes.length === 4)
    const question = query.subarray(12, at + 5)
    const head = Buffer.alloc(12)
    query.copy(head, 0, 0, 2)
    const code = known === undefined ? 3 : 0
    head.writeUInt16BE(0x8180 | code, 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(isAnswer ? 1 : 0, 6)
    if (!isAnswer) return Buffer.concat([head, question])
    const answer = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length, ...bytes])
    return Buffer.concat([head, question, answer])
  }
}

describe('what is in no file', () => {
  const dir = mkdtempSync(join(tmpdir(), 'foster-names-'))
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
  const hosts = join(dir, 'hosts')
  const resolvConf = join(dir, 'resolv.conf')
  writeFileSync(hosts, '10.0.0.9 known\n')
  writeFileSync(resolvConf, 'search svc.test\n')

  async function withServer(body: (files: NameFiles, server: NameServer) => Promise<void>): Promise<void> {
    const server = new NameServer({ 'db.svc.test': '10.0.0.1', six: '::1', other: '10.0.0.2' })
    try {
      await body({ hosts, resolvConf, servers: [await server.listen()] }, server)
    } finally {
      server.close()
    }
  }

  test('is asked of the name servers, with the search list', () =>
    withServer(async (files, server) => {
      assert.deepEqual(await addressesOf('db', never, files), ['10.0.0.1'])
      assert.deepEqual(server.asked, ['db.svc.test A'])
      assert.deepEqual(await addressesOf('other', never, files), ['10.0.0.2'])
      assert.deepEqual(await addressesOf('six', never, files), ['::1'])
    }))

  test('is not asked if /etc/hosts knows it', () =>
    withServer(async (files, server) => {
      assert.deepEqual(await addressesOf('known', never, files), ['10.0.0.9'])
      assert.deepEqual(server.asked, [])
    }))

  test('is an unknown host if no server knows it', () =>
    withServer(async (files, server) => {
      await assert.rejects(addressesOf('nobody', never, files), new Error('unknown host nobody'))
      assert.deepEqual(server.asked, ['nobody.svc.test A', 'nobody.svc.test AAAA', 'nobody A', 'nobody AAAA'])
    }))

  test('is given up when the signal aborts', () =>
    withServer(async (files, server) => {
      const controller = new AbortController()
      const asked = server.asks()
      const found = addressesOf('silent.', controller.signal, files)
      await asked
      controller.abort()
      await assert.rejects(found, /cannot look up silent\.: ECANCELLED/)
    }))
})
