import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { tryHttp } from '../../../src/run/probes/http.ts'
import type { Outcome } from '../../../src/run/probes/try.ts'
import { freePort } from '../../e2e/rig-net.ts'
import { Clock } from './clock.ts'

const servers: Server[] = []
after(() => {
  for (const server of servers) server.close()
})

async function listen<S extends Server>(server: S, where: number | string = 0): Promise<number> {
  servers.push(server)
  if (typeof where === 'string') server.listen(where)
  else server.listen(where, '127.0.0.1')
  await once(server, 'listening')
  return typeof where === 'string' ? 0 : (server.address() as AddressInfo).port
}

/** A server's URL. */
async function serve(answer: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(answer))}`
}

const check = (url: string, headers: Readonly<Record<string, string>> = {}, socketPath?: string) =>
  ({ by: 'http', url, headers, socketPath }) as const

async function get(url: string, headers?: Readonly<Record<string, string>>): Promise<Outcome> {
  const clock = new Clock()
  const outcome = await tryHttp(check(url, headers), clock.limits())
  return outcome
}

test('a status from 200 to 399 is a success, and redirects are not followed', async () => {
  const asked: string[] = []
  const url = await serve(({ url: path = '' }, response) => {
    asked.push(path)
    response.writeHead(Number(path.slice(1)), { Location: '/500' }).end()
  })
  for (const status of [200, 204, 301, 302, 399]) {
    assert.deepEqual(await get(`${url}/${status}`), { ok: true, detail: `HTTP ${status} (${url}/${status})` })
  }
  for (const status of [400, 404, 503, 599]) {
    assert.deepEqual(await get(`${url}/${status}`), { ok: false, detail: `HTTP ${status} (${url}/${status})` })
  }
  assert.equal(asked.includes('/500'), false)
})

test('asks with GET, its own name and the headers given, and closes the connection', async () => {
  let seen: IncomingMessage | undefined
  const url = await serve((request, response) => {
    seen = request
    response.end('ok')
  })
  await get(`${url}/a%20b?c=d`, { host: 'a.example', 'X-Probe': '1', accept: 'text/plain' })
  const { connection, host, accept, 'x-probe': mark, 'user-agent': agent = '' } = seen?.headers ?? {}
  assert.deepEqual([seen?.method, seen?.url], ['GET', '/a%20b?c=d'])
  assert.deepEqual([connection, host, accept, mark], ['close', 'a.example', 'text/plain', '1'])
  assert.match(agent, /^foster-probe\/./)
  await get(url)
  assert.equal(seen?.headers.host, new URL(url).host)
})

test('a user and a password in the URL are sent, and no detail shows them or the query', async () => {
  let authorization: string | undefined
  const url = await serve((request, response) => {
    authorization = request.headers.authorization
    response.writeHead(503).end()
  })
  const { detail } = await get(`${url.replace('//', '//me:s%3Acret@')}/ready?token=secret`)
  assert.equal(detail, `HTTP 503 (${url}/ready)`)
  assert.equal(authorization, `Basic ${Buffer.from('me:s:cret').toString('base64')}`)
})

/** Waits for the end of a connection that the other side may break. */
const closed = (socket: Socket): Promise<void> => new Promise(resolve => void socket.once('close', () => resolve()))

test('of a body without an end a little is read, then the connection is closed', async () => {
  let ended: Promise<void> | undefined
  const url = await serve(({ socket }, response) => {
    ended = closed(socket)
    const write = (): void => {
      while (response.write('x'.repeat(4096)));
    }
    response.on('drain', write)
    write()
  })
  assert.equal((await get(url)).ok, true)
  await ended
})

test('a body that is slow does not change the outcome, and the timeout ends it', async () => {
  const clock = new Clock()
  let ended: Promise<void> | undefined
  const url = await serve(({ socket }, response) => {
    ended = closed(socket)
    response.write('x')
  })
  const outcome = await tryHttp(check(url), clock.limits())
  assert.equal(outcome.ok, true)
  assert.deepEqual(clock.pending, [1000])
  clock.strike()
  await ended
})

test('a server that does not answer is given up at the timeout', async () => {
  const clock = new Clock()
  const server = createTcpServer()
  const url = `http://127.0.0.1:${await listen(server)}/`
  const taken = once(server, 'connection') as Promise<[Socket]>
  const outcome = tryHttp(check(url), clock.limits())
  const [socket] = await taken
  await once(socket, 'data')
  clock.strike()
  assert.deepEqual(await outcome, { ok: false, detail: 'timed out after 1s' })
  await closed(socket.resume())
})

test('an outcome that nobody wants any more costs nothing further', async () => {
  const clock = new Clock()
  const server = createTcpServer()
  const url = `http://127.0.0.1:${await listen(server)}/`
  const taken = once(server, 'connection') as Promise<[Socket]>
  const controller = new AbortController()
  const outcome = tryHttp(check(url), clock.limits(controller.signal))
  const [socket] = await taken
  controller.abort()
  await closed(socket.resume())
  assert.equal((await outcome).ok, false)
  assert.deepEqual(clock.pending, [])
})

test('says what is wrong with an answer', async () => {
  const answers: Readonly<Record<string, (socket: Socket) => void>> = {
    'connection closed without an answer': socket => socket.end(),
    'connection reset': socket => socket.resetAndDestroy(),
    'the answer is not HTTP': socket => socket.end('220 mail.example ESMTP\r\n'),
  }
  for (const [words, answer] of Object.entries(answers)) {
    const server = createTcpServer(socket => socket.on('error', () => {}).once('data', () => answer(socket)))
    const url = `http://127.0.0.1:${await listen(server)}/`
    const { ok, detail } = await get(url)
    assert.equal(ok, false)
    assert.ok(detail.startsWith(words) && detail.endsWith(`(${url})`), detail)
  }
})

test('a unix socket is asked by its path', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'foster-http-'))
  const path = join(dir, 'a.sock')
  let seen: IncomingMessage | undefined
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    seen = request
    response.writeHead(204).end()
  }
  await listen(createServer(answer), path)
  const outcome = await tryHttp(check('http://localhost/ready', {}, path), new Clock().limits())
  assert.deepEqual(outcome, { ok: true, detail: `HTTP 204 (http://unix:${path}:/ready)` })
  assert.deepEqual([seen?.url, seen?.headers.host], ['/ready', 'localhost'])
  rmSync(dir, { recursive: true })
})

test('a refused connection says whose', async () => {
  const port = await freePort()
  assert.deepEqual(await get(`http://127.0.0.1:${port}/`), {
    ok: false,
    detail: `connection refused (127.0.0.1:${port})`,
  })
})

test('a header that cannot be sent is a failure', async () => {
  const url = await serve((_, response) => void response.end())
  assert.equal((await get(url, { 'X-A': 'a\nb' })).ok, false)
})
