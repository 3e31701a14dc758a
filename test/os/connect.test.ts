import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect, nameOf } from '../../src/os/connect.ts'
import { freePort } from '../e2e/rig-net.ts'

const never = new AbortController().signal

async function listening(where: ListenOptions): Promise<{ server: Server; port: number }> {
  const server = createServer()
  server.listen(where)
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

test('connects to an address and to localhost', async () => {
  const { server, port } = await listening({ host: '127.0.0.1', port: 0 })
  for (const host of ['127.0.0.1', 'localhost']) {
    const socket = await connect({ host, port }, never)
    assert.equal(socket.remoteAddress, '127.0.0.1')
    socket.destroy()
  }
  server.close()
})

const lacksSix = Object.values(networkInterfaces()).some(it => it?.some(({ address }) => address === '::1'))
  ? false
  : 'needs the address ::1'

test('localhost is ::1 where nobody listens on 127.0.0.1', { skip: lacksSix }, async () => {
  const { server, port } = await listening({ host: '::1', port: 0, ipv6Only: true })
  const socket = await connect({ host: 'localhost', port }, never)
  assert.equal(socket.remoteAddress, '::1')
  socket.destroy()
  server.close()
})

test('says of every address why it does not connect', async () => {
  const port = await freePort()
  const refused = `connection refused (127.0.0.1:${port})`
  await assert.rejects(connect({ host: '127.0.0.1', port }, never), new Error(refused))
  await assert.rejects(
    connect({ host: 'localhost', port }, never),
    ({ message }: Error) => message.startsWith(`${refused}, `) && message.endsWith(`([::1]:${port})`),
  )
})

test('says what is wrong with a unix socket', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'foster-connect-'))
  const path = join(dir, 'a.sock')
  await assert.rejects(connect({ path }, never), new Error(`no such socket (${path})`))
  const { server } = await listening({ path })
  const socket = await connect({ path }, never)
  socket.destroy()
  server.close()
  rmSync(dir, { recursive: true })
})

test('an abort closes the connection, before and after it is there', async () => {
  const { server, port } = await listening({ host: '127.0.0.1', port: 0 })
  const remote = { host: '127.0.0.1', port }
  await assert.rejects(connect(remote, AbortSignal.abort()), /given up/)
  const early = new AbortController()
  const waiting = connect(remote, early.signal)
  early.abort()
  await assert.rejects(waiting, /given up/)
  const late = new AbortController()
  const taken = once(server, 'connection') as Promise<[Socket]>
  const socket = await connect(remote, late.signal)
  const [theirs] = await taken
  late.abort()
  assert.equal(socket.destroyed, true)
  await once(theirs.resume(), 'close')
  server.close()
})

test('a fault after the connection was made is no fault of foster', async () => {
  const { server, port } = await listening({ host: '127.0.0.1', port: 0 })
  const taken = once(server, 'connection') as Promise<[Socket]>
  const socket = await connect({ host: '127.0.0.1', port }, never)
  const [theirs] = await taken
  theirs.resetAndDestroy()
  const closed = new Promise(resolve => socket.resume().once('close', resolve))
  server.close()
  await closed
})

test('addresses are written as people write them', () => {
  assert.equal(nameOf({ host: '::1', port: 80 }), '[::1]:80')
  assert.equal(nameOf({ host: '10.0.0.1', port: 80 }), '10.0.0.1:80')
  assert.equal(nameOf({ path: '/run/a.sock' }), '/run/a.sock')
})
