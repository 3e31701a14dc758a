import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { addressesOf, fullNames, inHosts, type NameFiles } from '../../src/os/names.ts'
import { NameServer } from './name-server.ts'

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
