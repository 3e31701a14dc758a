import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as v from 'valibot'
import { routes, socketCandidates, socketPlaces, targetOf } from '../../src/api/protocol.ts'

test('a target names the process and what is asked of it', () => {
  assert.equal(targetOf(routes.status), '/v1/status')
  assert.equal(
    targetOf(routes.restart, 'web:0', { wait: 'none', progress: true, timeout: undefined }),
    '/v1/programs/web%3A0/restart?wait=none&progress=1',
  )
  assert.equal(
    targetOf(routes.logs, '', { program: ['a', 'b b'], follow: false }),
    '/v1/logs?program=a&program=b%20b&follow=0',
  )
})

test('a query is text, and means something', () => {
  const asked = (query: object) => v.safeParse(routes.start.query, query)
  assert.deepEqual(asked({ wait: ['started'], timeout: ['2.5'], progress: [''] }).output, {
    wait: 'started',
    timeout: 2500,
    progress: true,
  })
  assert.equal(asked({ wait: ['gone'] }).issues?.[0]?.message, 'expected ready or started or none')
  assert.equal(asked({ wait: ['none', 'none'] }).issues?.[0]?.message, 'it is given more than once')
  assert.equal(asked({ timeout: ['-1'] }).success, false)
  // A timer that is set to more than that comes at once.
  assert.equal(asked({ timeout: ['2073600'] }).success, true)
  assert.equal(asked({ timeout: ['2073601'] }).success, false)
  assert.equal(asked({ wiat: ['none'] }).success, false)
})

test('no two routes are asked for in the same way', () => {
  const all = Object.values(routes).map(({ method, path }) => `${method} ${path}`)
  assert.equal(new Set(all).size, all.length)
})

test('the socket is looked for where it may be', () => {
  const nobody = { option: undefined, configured: undefined }
  const bare = { uid: 1000, environment: {} }
  assert.deepEqual(socketPlaces(bare), ['/run/foster.sock', '/tmp/foster-1000/foster.sock'])
  assert.deepEqual(
    socketPlaces({ uid: 0, environment: { XDG_RUNTIME_DIR: '/run/user/0/' } })[1],
    '/run/user/0/foster.sock',
  )
  assert.deepEqual(socketPlaces({ uid: 0, environment: { XDG_RUNTIME_DIR: 'here' } }).length, 2)
  const named = { uid: 0, environment: { FOSTER_SOCKET: '/s' } }
  assert.deepEqual(socketCandidates(nobody, bare), socketPlaces(bare))
  assert.deepEqual(socketCandidates({ ...nobody, configured: '/c' }, bare), ['/c'])
  assert.deepEqual(socketCandidates({ ...nobody, configured: '/c' }, named), ['/s'])
  assert.deepEqual(socketCandidates({ option: '/o', configured: '/c' }, named), ['/o'])
})
