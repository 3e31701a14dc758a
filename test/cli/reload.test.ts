/** reload: what is asked, what is said of the changes and of the faults. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReloadAnswer } from '../../src/api/answers.ts'
import { foster } from './fake.ts'

const answer: ReloadAnswer = {
  changes: [
    { name: 'web', change: 'restarted', options: ['command', 'environment'] },
    { name: 'db', change: 'removed', options: [] },
  ],
  messages: ['control.socket needs a restart of the container'],
}
const replies = {
  'POST /v1/reload': { value: answer },
  'POST /v1/reload?dry_run=1': { value: answer },
}

test('the changes on stdout, warnings on stderr', async () => {
  const { code, stdout, stderr } = await foster('reload', { replies })
  assert.deepEqual([code, stdout], [0, 'web: restarted (command, environment)\ndb: removed\n'])
  assert.equal(stderr, 'control.socket needs a restart of the container\n')
})

test('--dry-run says what would be', async () => {
  const { stdout } = await foster('reload --dry-run', { replies })
  assert.equal(stdout, 'web: would be restarted (command, environment)\ndb: would be removed\n')
})

test('nothing differs', async () => {
  const nothing = { value: { changes: [], messages: [] } }
  const none = { 'POST /v1/reload': nothing, 'POST /v1/reload?dry_run=1': nothing }
  assert.equal((await foster('reload', { replies: none })).stdout, 'nothing has changed\n')
  assert.equal((await foster('reload --dry-run', { replies: none })).stdout, 'nothing would change\n')
})

test('--json is what the server says', async () => {
  assert.deepEqual(JSON.parse((await foster('reload --json', { replies })).stdout), answer)
})

test('a faulty configuration: its faults, and 1', async () => {
  const message = 'the configuration is faulty: nothing has changed'
  const hint = 'foster.yaml:3:5: error: unknown key "comand"\n      comand: x\n      ^^^^^^'
  const failure = { code: 'faulty-configuration', message, hint }
  const faulty = { 'POST /v1/reload': { status: 422, value: failure } }
  const { code, stdout, stderr } = await foster('reload', { replies: faulty })
  assert.deepEqual([code, stdout], [1, ''])
  assert.equal(stderr, `foster: ${message}\n${hint}\n`)
})
