import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SharedSocket } from '../../src/core/plan.ts'
import { HandedSockets } from '../../src/run/handed-sockets.ts'

const php: SharedSocket = { of: 'php', backlog: 5, address: { file: '/run/php.sock', mode: 0o700, owner: undefined } }
const port = (number: number): SharedSocket => ({ of: 'app', backlog: 5, address: { host: 'localhost', port: number } })

/** Sockets that are numbers; `faults` are what cannot be made. */
function rig() {
  const story: string[] = []
  const faults = new Set<string>()
  let next = 10
  const textOf = ({ of, backlog }: SharedSocket): string => `${of} ${backlog}`
  const handed = new HandedSockets({
    open: socket => {
      if (faults.has(socket.of)) return 'EADDRINUSE'
      story.push(`open ${textOf(socket)} ${next}`)
      return { fd: next++, id: undefined }
    },
    adjust: ({ fd }, socket) => {
      if (faults.has(socket.of)) return 'EPERM'
      story.push(`adjust ${textOf(socket)} ${fd}`)
      return undefined
    },
    close: ({ fd }, socket) => void story.push(`close ${textOf(socket)} ${fd}`),
  })
  return { handed, story, faults }
}

test('it is made for the first process, shared by the others, and closed after the last one', () => {
  const { handed, story } = rig()
  assert.equal(handed.take(0, php, undefined), 10)
  assert.equal(handed.take(1, php, undefined), 10)
  handed.release(0)
  assert.equal(handed.take(0, php, undefined), 10)
  handed.release(1)
  handed.release(7)
  assert.deepEqual(story, ['open php 5 10'])
  handed.release(0)
  handed.release(0)
  assert.deepEqual(story, ['open php 5 10', 'close php 5 10'])
  assert.equal(handed.take(1, php, undefined), 11)
})

test('a process that is started again without having been released counts once', () => {
  const { handed, story } = rig()
  handed.take(0, php, undefined)
  handed.take(1, php, undefined)
  handed.take(0, php, undefined)
  handed.release(0)
  handed.release(1)
  assert.deepEqual(story, ['open php 5 10', 'close php 5 10'])
})

test('one that cannot be made is a refusal in words, and tried again at the next start', () => {
  const { handed, story, faults } = rig()
  faults.add('php')
  const reason = 'Could not create FastCGI socket unix:///run/php.sock: EADDRINUSE'
  assert.deepEqual(handed.take(0, php, undefined), { how: 'unstartable', code: 1, reason })
  handed.release(0)
  faults.clear()
  assert.equal(handed.take(0, php, undefined), 10)
  assert.deepEqual(story, ['open php 5 10'])
})

test('each program has its own, and each address', () => {
  const { handed, story } = rig()
  assert.equal(handed.take(0, port(1), undefined), 10)
  assert.equal(handed.take(1, { ...port(1), of: 'other' }, undefined), 11)
  assert.equal(handed.take(2, port(2), undefined), 12)
  handed.release(0)
  assert.deepEqual(story.at(-1), 'close app 5 10')
})

test('another configuration for the same address changes the socket that is there', () => {
  const { handed, story, faults } = rig()
  handed.take(0, php, undefined)
  assert.equal(handed.take(1, { ...php, backlog: 9 }, undefined), 10)
  faults.add('php')
  assert.ok(typeof handed.take(2, { ...php, backlog: 8 }, undefined) !== 'number')
  handed.release(2)
  handed.release(0)
  handed.release(1)
  assert.deepEqual(story, ['open php 5 10', 'adjust php 9 10', 'close php 9 10'])
})
