/** What becomes of connections whose other end does nothing. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Reply } from '../../src/api/handlers.ts'
import { HttpDoor, type Incoming } from '../../src/api/http.ts'

/** A door, and a client of it that reads only if it is told to. */
async function open(
  t: TestContext,
  answer: (incoming: Incoming) => Reply,
): Promise<{ inside: Socket; client: Socket }> {
  const dir = mkdtempSync(join(tmpdir(), 'foster-http-'))
  const door = new HttpDoor({ answer, failed: assert.ifError })
  const server = createServer({ allowHalfOpen: true }).listen(join(dir, 'socket'))
  const client = connect(join(dir, 'socket')).pause()
  t.after(() => {
    client.destroy()
    door.close()
    server.close()
    rmSync(dir, { recursive: true })
  })
  const [inside] = (await once(server, 'connection')) as [Socket]
  door.accept(inside, undefined, false)
  return { inside, client }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('an answer that nobody reads is kept for a minute', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asked = Promise.withResolvers<void>()
  const { inside, client } = await open(t, () => {
    asked.resolve()
    return { status: 200, json: { text: 'x'.repeat(4_000_000) } }
  })
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await asked.promise
  for (let i = 0; i < 5; i++) await turn()
  t.mock.timers.tick(59_000)
  await turn()
  assert.equal(inside.destroyed, false)
  t.mock.timers.tick(1000)
  await turn()
  assert.equal(inside.destroyed, true)
})

const requests = (...targets: readonly string[]): string =>
  targets.map(it => `GET ${it} HTTP/1.1\r\nHost: x\r\n\r\n`).join('')

test('small answers on one connection do not wait for each other, large ones that nobody reads hold up what follows', async t => {
  for (const [size, all] of [
    [100, ['/1', '/2', '/3']],
    [4_000_000, ['/1']],
  ] as const) {
    const asked: string[] = []
    const first = Promise.withResolvers<void>()
    const { client } = await open(t, ({ target }) => {
      asked.push(target)
      first.resolve()
      return { status: 200, json: { text: 'x'.repeat(size) } }
    })
    client.write(requests('/1', '/2', '/3'))
    await first.promise
    // In the same turn of the loop.
    await Promise.resolve()
    if (size > 100) for (let i = 0; i < 20; i++) await turn()
    assert.deepEqual(asked, all)
  }
})

test('requests on one connection are dealt with one after the other', async t => {
  const asked: string[] = []
  const done: (() => void)[] = []
  let more = Promise.withResolvers<void>()
  const { client } = await open(t, ({ target }) => {
    asked.push(target)
    more.resolve()
    return {
      begin: reply => {
        done.push(() => reply({ status: 200, json: { target } }))
        return () => {}
      },
    }
  })
  client.write(requests('/1', '/2', '/3'))
  for (const all of [['/1'], ['/1', '/2'], ['/1', '/2', '/3']]) {
    await more.promise
    for (let i = 0; i < 5; i++) await turn()
    assert.deepEqual(asked, all)
    more = Promise.withResolvers<void>()
    done.shift()?.()
  }
})
