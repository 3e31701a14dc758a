/** Whatever comes over the socket and the port: it is answered or closed, and foster and its programs are untouched. */
import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { e2e, type Rig } from './rig.ts'
import { Api, soon } from './rig-api.ts'
import type { Foster } from './rig-foster.ts'
import { processFacts } from './rig-proc.ts'

const quick = { start_seconds: 0 }

/** Opens a connection. */
async function open(to: NetConnectOpts): Promise<Socket> {
  const socket = connect(to)
  socket.on('error', () => {})
  await new Promise(resolve => socket.once('connect', resolve).once('close', resolve))
  return socket
}

/** Sends, and reads until it is closed; what came. */
async function exchange(to: NetConnectOpts, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = await open(to)
  let text = ''
  socket.setEncoding('latin1').on('data', more => (text += more))
  for (const piece of pieces) socket.write(piece)
  socket.end()
  await new Promise(resolve => (socket.destroyed ? resolve(undefined) : socket.once('close', resolve)))
  return text
}

/** Kilobytes of memory that are the process's own. */
const memoryOf = (foster: Foster): number => Number(/\d+/.exec(processFacts(foster.pid)?.status.RssAnon ?? '')?.[0])

interface World {
  readonly api: Api
  readonly foster: Foster
  readonly to: NetConnectOpts
  /** Fails unless everything is as it was. */
  readonly untouched: () => Promise<void>
}

async function started(rig: Rig, more: object = {}, control: object = {}): Promise<World> {
  const api = new Api(rig)
  const web = rig.puppet('web')
  const programs = { web: { ...quick, command: web.command }, ...more }
  const foster = await rig.start({ programs, control: { socket: api.path, ...control } })
  const pid = await web.up()
  await api.open()
  const untouched = async (): Promise<void> => {
    await soon('it answers', async () => (await api.ask('/v1/status')).status === 200)
    const process = await api.process('web')
    assert.deepEqual([process.pid, process.restarts], [pid, 0])
    assert.doesNotMatch(foster.output.stderr, /internal error/)
  }
  return { api, foster, to: { path: api.path }, untouched }
}

const garbage: readonly (() => readonly (string | Buffer)[])[] = [
  () => [randomBytes(randomInt(1, 4096))],
  () => ['GET ', randomBytes(64), ' HTTP/1.1\r\n\r\n'],
  () => ['GET /v1/status HTTP/1.1\r\nHost: x\r\n', randomBytes(300), '\r\n\r\n'],
  () => [`GET /v1/programs/${'%'.repeat(randomInt(1, 5))} HTTP/1.1\r\nHost: x\r\n\r\n`],
  () => [`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
  () => [`GET /v1/status HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`],
  () => [`GET /v1/status HTTP/1.1\r\n${'A: b\r\n'.repeat(5000)}\r\n`],
  () => ['POST /v1/programs/web/stop HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n', randomBytes(1000)],
  () => ['GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
  () => ['GET /v1/status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  () => ['GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n'],
  () => ['GET /v1/status HTTP/9.9\r\n\r\n'],
  () => ['CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'],
  () => ['GET /v1/status HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n'],
  () => ['GET /v1/status HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n'],
  () => ['GET /v1/events?since=99999999999999999999 HTTP/1.1\r\nHost: x\r\n\r\n'],
  () => ['GET /v1/logs?program=__proto__&program=constructor HTTP/1.1\r\nHost: x\r\n\r\n'],
  () => ['GET /v1/status?__proto__=1 HTTP/1.1\r\nHost: x\r\n\r\n'],
  () => ['POST /v1/programs/../../etc/passwd/start HTTP/1.1\r\nHost: x\r\n\r\n'],
  () => ['GET http://other/v1/status HTTP/1.1\r\nHost: x\r\n\r\n'],
  () => ['\r\n\r\n\r\n'],
  () => [],
]

e2e('garbage is answered with 4xx or closed', async rig => {
  const { to, foster, untouched } = await started(rig)
  const before = memoryOf(foster)
  for (let round = 0; round < 15; round++) {
    for (const [index, make] of garbage.entries()) {
      const text = await exchange(to, ...make())
      const [, status] = /^HTTP\/1\.1 (\d+)/.exec(text) ?? []
      const isFine = status === undefined || /^4/.test(status) || (status === '200' && index > 11 && index < 18)
      assert.ok(isFine, `${index}: ${text.slice(0, 300)}`)
    }
  }
  await untouched()
  assert.ok(memoryOf(foster) - before < 40_000, `${before} -> ${memoryOf(foster)} kB`)
})

e2e('500 idle connections are bounded, and keep nobody out', async rig => {
  const { to, api, foster, untouched } = await started(rig)
  await api.ask('/v1/status')
  const before = memoryOf(foster)
  const sockets: Socket[] = []
  for (let i = 0; i < 500; i++) sockets.push(await open(to))
  await untouched()
  // Reading is what tells that a connection has been closed.
  for (const socket of sockets) socket.resume()
  await soon('most of them are closed', async () => sockets.filter(it => !it.destroyed).length <= 200)
  assert.ok(memoryOf(foster) - before < 20_000, `${before} -> ${memoryOf(foster)} kB`)
  for (const socket of sockets) socket.destroy()
  await untouched()
})

/** Asks the same thing many times, one after the other, on one connection. */
async function askOften(to: NetConnectOpts, request: string, count: number): Promise<void> {
  const socket = await open(to)
  let answered: (value?: unknown) => void = () => {}
  socket.on('data', () => answered()).on('close', () => answered())
  for (let i = 0; i < count; i++) {
    assert.ok(!socket.destroyed, `it was closed after ${i} answers`)
    socket.write(request)
    await new Promise(resolve => {
      answered = resolve
    })
  }
  socket.destroy()
}

/** Sends a request and reads nothing of the answer. */
async function sleeper(to: NetConnectOpts, path: string): Promise<Socket> {
  const socket = await open(to)
  socket.pause()
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
  return socket
}

/** All that comes until something has come, or the end. */
async function readUntil(socket: Socket, pattern: RegExp): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', more => (text += more))
  socket.resume()
  await soon(`${pattern}`, async () => pattern.test(text) || socket.destroyed)
  return text
}

e2e('followers that stop reading cost nothing but their connection, and learn what they have missed', async rig => {
  const chatty = rig.puppet('chatty')
  const { to, foster, untouched } = await started(rig, { chatty: { ...quick, command: chatty.command } })
  await chatty.up()
  const paths = ['/v1/events?follow=1', '/v1/logs?follow=1&program=chatty', '/v1/logs?follow=1&program=chatty&raw=1']
  const sockets: Socket[] = []
  for (let i = 0; i < 30; i++) sockets.push(await sleeper(to, paths[i % 3] ?? ''))
  await untouched()
  const before = memoryOf(foster)
  await chatty.does('i=0; while [ $i -lt 40 ]; do seq 100000 120000; i=$((i+1)); done')
  const [events, logs] = sockets
  assert.ok(events !== undefined && logs !== undefined)
  // Each before it is given up: a minute after it has stopped reading.
  assert.match(await readUntil(logs, /"type":"gap"/), /"type":"gap","process":"chatty","stream":"stdout","bytes":\d+}/)
  await askOften(to, 'POST /v1/programs/web/signal?signal=CONT HTTP/1.1\r\nHost: x\r\n\r\n', 4000)
  await untouched()
  // What they have missed is some hundred MB; garbage of V8's, which it has no need to collect, some 30.
  assert.ok(memoryOf(foster) - before < 80_000, `${before} -> ${memoryOf(foster)} kB`)
  // The last chunk is empty: that is the end.
  assert.match(await readUntil(events, /\r\n0\r\n\r\n$/), /"type":"gap","missed":\d+}/)
  for (const socket of sockets) socket.destroy()
})

e2e('half-closed and slow clients are answered, or closed in time', async rig => {
  const { to, api, untouched } = await started(rig)
  assert.match(await exchange(to, 'GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 200/)
  const slow = await open(to)
  slow.write('POST /v1/programs/web/signal?signal=CONT HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nabc')
  const text = await new Promise<string>(resolve =>
    slow.setEncoding('latin1').once('data', resolve).once('close', resolve),
  )
  assert.match(text, /^HTTP\/1\.1 200/)
  const half = await open(to)
  half.write('GET /v1/sta')
  await api.ask('/v1/status')
  slow.destroy()
  half.destroy()
  await untouched()
})

e2e('many requests at once on one connection end it', async rig => {
  const { to, untouched } = await started(rig)
  const text = await exchange(to, 'GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000))
  assert.ok((text.match(/HTTP\/1\.1 200/g) ?? []).length <= 8)
  await untouched()
})

e2e(
  'a client that may do nothing is told so, and has few connections',
  async rig => {
    const { api, untouched } = await started(rig, {}, { mode: '0666' })
    // Those who take more than two seconds to ask are not waited for.
    await soon('some are told so', async () => {
      const answers = await Promise.all(Array.from({ length: 40 }, () => api.ask('/v1/status', { uid: 4711 })))
      assert.ok(answers.every(it => it.status === 403 || it.status === 0 || Number.isNaN(it.status)))
      return answers.some(it => it.status === 403)
    })
    await untouched()
  },
  'root',
)
