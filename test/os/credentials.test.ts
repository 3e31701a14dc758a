import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { withCredentials } from '../../src/os/credentials.ts'
import { libc } from '../../src/os/libc.ts'

const PR_GET_DUMPABLE = 3
const nobody = { uid: 65534, gid: 65534, groups: [12, 34], name: 'nobody', home: '/' }
const skip = process.getuid?.() === 0 ? false : 'only root can become somebody else'

/** The calling thread's own identity: the kernel keeps it for each thread. */
function identity(): Record<string, string> {
  const text = readFileSync('/proc/thread-self/status', 'latin1')
  const lines = text.split('\n').filter(line => /^(Uid|Gid|Groups|CapEff):/.test(line))
  return Object.fromEntries(lines.map(line => line.split(/:\s*/, 2).map(it => it.trim().replaceAll('\t', ' '))))
}

test('the work sees exactly the given user, group and groups, without capabilities', { skip }, () => {
  const inside = withCredentials(nobody, identity)
  assert.equal(inside.Uid, '65534 65534 0 65534')
  assert.equal(inside.Gid, '65534 65534 0 65534')
  assert.equal(inside.Groups, '12 34')
  assert.equal(inside.CapEff, '0000000000000000')
})

test('afterwards everything is as before, also when the work throws', { skip }, () => {
  const before = identity()
  withCredentials(nobody, () => {})
  assert.deepEqual(identity(), before)
  assert.throws(
    () =>
      withCredentials(nobody, () => {
        throw new Error('work failed')
      }),
    /work failed/,
  )
  assert.deepEqual(identity(), before)
})

test('the process stays dumpable, so that root programs can open /proc/PID/fd', { skip }, () => {
  withCredentials(nobody, () => {})
  assert.equal(libc().functions.prctl(PR_GET_DUMPABLE, 0n, 0n, 0n, 0n), 1)
})

test('without a user the work just runs', () => {
  const before = identity()
  assert.deepEqual(withCredentials(undefined, identity), before)
})
