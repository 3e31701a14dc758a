/** Who may do what: the rules of delegation, as a table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessOf, type Peer, refusal } from '../../src/api/access.ts'
import { type AccessRule, type Verb, verbs } from '../../src/core/control.ts'

const peer = (uid: number, groups: readonly number[] = [], gid = uid): Peer => ({ uid, gid, groups, pid: 1 })
const rule = (changes: Partial<AccessRule>): AccessRule => ({
  who: { uid: 1000 },
  name: 'app',
  allow: ['status'],
  programs: undefined,
  ...changes,
})
const web = { name: 'web', group: undefined }
const worker = { name: 'worker', group: 'backend' }

function allowed(who: Peer | undefined, rules: readonly AccessRule[], own = 0): readonly Verb[] {
  const access = accessOf(who, () => rules, own)
  return verbs.filter(verb => access.may(verb))
}

test('root and foster itself may do everything, rules or not', () => {
  assert.deepEqual(allowed(peer(0), []), verbs)
  assert.deepEqual(allowed(peer(12), [], 12), verbs)
  assert.deepEqual(allowed(peer(0), [], 12), verbs)
})

test('nobody else may do anything without a rule, and nobody unknown ever', () => {
  assert.deepEqual(allowed(peer(1000), []), [])
  assert.deepEqual(allowed(peer(1001), [rule({})]), [])
  assert.deepEqual(allowed(undefined, [rule({})]), [])
  assert.equal(accessOf(peer(1001), () => [rule({})], 0).isKnown, false)
  assert.equal(accessOf(peer(1000), () => [rule({})], 0).isKnown, true)
})

test('a group is the primary one or any other', () => {
  const rules = [rule({ who: { gid: 50 }, allow: ['restart'] })]
  assert.deepEqual(allowed(peer(1, [], 50), rules), ['restart'])
  assert.deepEqual(allowed(peer(1, [7, 50]), rules), ['restart'])
  assert.deepEqual(allowed(peer(50, [7]), [rule({ who: { gid: 50 } })]), ['status'])
  assert.deepEqual(allowed(peer(50, [7], 8), rules), [])
})

test('a uid is not a gid', () => {
  assert.deepEqual(allowed(peer(1, [1000], 1000), [rule({})]), [])
})

test('a rule is for its programs, by name or group', () => {
  const may = (programs: readonly string[], subject: typeof web | typeof worker) =>
    accessOf(peer(1000), () => [rule({ programs })], 0).mayWith('status', subject)
  assert.equal(may(['web'], web), true)
  assert.equal(may(['web:*'], web), true)
  assert.equal(may(['web'], worker), false)
  assert.equal(may(['backend'], worker), true)
  assert.equal(may(['backend:*'], worker), true)
  assert.equal(may(['worker'], worker), true)
  assert.equal(may(['worker:*'], worker), false)
  assert.equal(may([], web), false)
})

test('rules add up, each for its own programs', () => {
  const rules = [
    rule({ allow: ['restart'], programs: ['web'] }),
    rule({ who: { gid: 5 }, allow: ['status', 'restart'], programs: ['backend'] }),
  ]
  const access = accessOf(peer(1000, [5]), () => rules, 0)
  assert.equal(access.mayWith('restart', web), true)
  assert.equal(access.mayWith('restart', worker), true)
  assert.equal(access.mayWith('status', web), false)
  assert.equal(access.mayWith('status', worker), true)
  assert.equal(access.may('stop'), false)
})

test('rules are asked for each time', () => {
  let rules = [rule({})]
  const access = accessOf(peer(1000), () => rules, 0)
  assert.deepEqual([access.isKnown, access.may('status'), access.may('logs')], [true, true, false])
  rules = [rule({ allow: ['logs'] })]
  assert.deepEqual([access.isKnown, access.may('status'), access.may('logs')], [true, false, true])
  rules = []
  assert.deepEqual([access.isKnown, access.mayWith('logs', web)], [false, false])
})

test('a refusal says what would be needed', () => {
  const { code, message, hint } = refusal(peer(1000), 'restart', 'web:0')
  assert.equal(code, 'not-allowed')
  assert.equal(message, 'uid 1000 may not restart "web:0"')
  assert.match(hint ?? '', /allow: \[restart\], programs: \[web\]/)
  assert.match(refusal(peer(7), 'shutdown').hint ?? '', /by name/)
  assert.match(refusal(peer(7), 'start', 'all').hint ?? '', /allow: \[start\]$/)
})
