/** Finding a foster, and what is said where there is none, or one that is not understood. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { foster, processAs, statusAs } from './fake.ts'

const replies = { 'GET /v1/status': { value: statusAs(processAs({ name: 'web' })) } }

test('the socket: what the command line says, $FOSTER_SOCKET, the configuration', async () => {
  const environment = { FOSTER_SOCKET: '/nowhere/at/all' }
  assert.equal((await foster('status --socket DIR/s', { replies, environment })).code, 0)
  assert.equal((await foster('status', { replies })).code, 0)
  const configured = await foster('status', { environment: {}, configuredSocket: () => '/nowhere/configured' })
  assert.match(configured.stderr, /looked at \/nowhere\/configured\n/)
  const asked: string[] = []
  await foster('status', { replies, configuredSocket: () => void asked.push('configuration') })
  assert.deepEqual(asked, [], 'the configuration is read only where it matters')
})

test('no socket: 7, but 4 of status, as supervisorctl has it; where it was looked for, and what to do', async () => {
  const looked: string[] = []
  // Whatever lies in the usual places of this machine has no say.
  const connect = async (path: string): Promise<string> => {
    looked.push(path)
    return 'ENOENT'
  }
  const surroundings = { environment: { XDG_RUNTIME_DIR: '/nowhere' }, uid: 4242, connect }
  const { code, stderr, stdout } = await foster('pid', surroundings)
  assert.deepEqual([code, stdout], [7, ''])
  const places = '/run/foster.sock, /nowhere/foster.sock, /tmp/foster-4242/foster.sock'
  assert.equal(looked.join(', '), places)
  assert.match(stderr, new RegExp(`^foster: no foster's socket here; is foster running\\? looked at ${places}\n`))
  assert.match(stderr, /--socket PATH/)
  assert.equal((await foster('status --socket DIR/none')).code, 4)
  const others = await foster('pid --socket DIR/none', { initUid: () => 12345 })
  assert.match(others.stderr, /pid 1 runs as uid 12345: .* run this as that user \(docker exec --user 12345\)/)
  const own = await foster('pid --socket DIR/none', { uid: 12345, initUid: () => 12345 })
  assert.match(own.stderr, /--socket PATH/)
})

test('--json: what is wrong as JSON, on stderr', async () => {
  const { stderr, stdout } = await foster('status --json --socket DIR/none')
  assert.equal(stdout, '')
  assert.deepEqual(Object.keys(JSON.parse(stderr)), ['code', 'message', 'hint'])
  assert.equal(JSON.parse(stderr).code, 'no-socket')
})

/** A directory, and a server that does what it wants with its first request. */
async function withServer(talk: (socket: Socket) => void, work: (path: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'foster-cli-'))
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => talk(socket))
  })
  server.listen(join(dir, 's'))
  await once(server, 'listening')
  try {
    await work(join(dir, 's'))
  } finally {
    server.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

test('a socket on which nobody listens: 4, killed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'foster-cli-'))
  // What listens is unlinked by its own name only.
  const server = createServer().listen(join(dir, 's'))
  await once(server, 'listening')
  renameSync(join(dir, 's'), join(dir, 'dead'))
  server.close()
  await once(server, 'close')
  const { code, stderr } = await foster(`pid --socket ${dir}/dead`)
  rmSync(dir, { recursive: true })
  assert.equal(code, 4)
  assert.match(stderr, /nobody answers at .*dead\n/)
})

test('a file that is no socket: 4, and not that foster was killed', async () => {
  const { code, stderr } = await foster('pid --socket /etc/passwd')
  assert.deepEqual([code, stderr], [4, 'foster: cannot use /etc/passwd: it is no socket\n'])
})

test('a socket that may not be used: 4, and whom to ask', {
  skip: process.getuid?.() === 0 && 'root may',
}, async () => {
  await withServer(
    () => {},
    async path => {
      chmodSync(path, 0)
      const { code, stderr } = await foster(`pid --socket ${path}`, { uid: 1000 })
      assert.equal(code, 4)
      assert.match(stderr, /no permission to use .*\n {2}ask who runs this container.*\(you are uid 1000\)\n$/)
    },
  )
})

test('a server that is neither root nor oneself is refused, before anything is said to it', async () => {
  for (const [peer, uid, fine] of [
    [0, 0, true],
    [0, 1000, true],
    [1000, 1000, true],
    [1000, 0, false],
    [1001, 1000, false],
    [undefined, 0, false],
  ] as const) {
    const { code, asked, stderr } = await foster('pid', { replies, uid, peerUid: () => peer })
    assert.equal(code, fine ? 0 : 4, `${peer} for ${uid}`)
    assert.deepEqual(asked, fine ? ['GET /v1/status'] : [])
    if (!fine) assert.match(stderr, /neither root nor you|cannot be told/)
  }
})

const failing = (status: number, value: object) => ({ replies: { 'GET /v1/status': { status, value } } })

test('what the server refuses: its words, its hint, an exit code', async () => {
  const hint = 'a rule in control.access that allows status'
  const { code, stderr } = await foster(
    'pid',
    failing(403, { code: 'not-allowed', message: 'uid 5 may not see the status', hint }),
  )
  assert.equal(code, 4)
  assert.equal(stderr, `foster: uid 5 may not see the status\n  ${hint}\n`)
  assert.equal((await foster('pid', failing(500, { code: 'internal', message: 'a bug', hint: null }))).code, 1)
})

test('a server of another version: 5, with both versions', async () => {
  const other = (body: string, status = 200) => ({
    replies: {
      'GET /v1/status': (response: import('node:http').ServerResponse) => {
        response.setHeader('Server', 'foster/7.0.0')
        response.statusCode = status
        response.end(body)
      },
    },
  })
  const failure = JSON.stringify({ code: 'unknown-path', message: 'there is no /v1/status', hint: null })
  for (const changes of [other('{"a":1}'), other('no JSON'), other('sorry', 500), other(failure, 404)]) {
    const { code, stderr } = await foster('pid', changes)
    assert.equal(code, 5, stderr)
    assert.match(stderr, /is of version 7\.0\.0, this one is 1\.0\.0/)
  }
})

test('what is no HTTP: 5; what breaks off: 1', async () => {
  for (const [text, code, words] of [
    ['SSH-2.0-OpenSSH_9.2\r\n', 5, /is no foster: it answers "SSH/],
    ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{', 1, /foster has gone/],
    ['', 1, /foster has gone/],
    ['HTTP/1.1 200 OK\r\nno header\r\n\r\n', 5, /faulty header/],
  ] as const) {
    await withServer(
      socket => socket.end(text),
      async path => {
        const { code: given, stderr } = await foster(`pid --socket ${path}`)
        assert.equal(given, code, stderr)
        assert.match(stderr, words)
      },
    )
  }
})

test('a server that says nothing is given up: 4', async () => {
  const given: number[] = []
  await withServer(
    () => {},
    async path => {
      const { code, stderr } = await foster(`pid --socket ${path}`, {
        every: (millis, call) => {
          given.push(millis)
          queueMicrotask(call)
          return () => {}
        },
      })
      assert.equal(code, 4)
      assert.match(stderr, /does not answer/)
    },
  )
  assert.deepEqual(given, [10_000])
})
