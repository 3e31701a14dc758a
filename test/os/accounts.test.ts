import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAccounts, parseGroup, parsePasswd } from '../../src/os/accounts.ts'

test('passwd: users with uid, gid and home', () => {
  assert.deepEqual(parsePasswd('root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n'), [
    { name: 'root', uid: 0, gid: 0, home: '/root' },
    { name: 'nobody', uid: 65534, gid: 65534, home: '/nonexistent' },
  ])
})

test('passwd: an empty home is /, and lines of another form are passed over', () => {
  assert.deepEqual(parsePasswd('a:x:1:2:::\n\n# comment\n+::::::\nb:x:-1:2::/b:\nc:x:1\n'), [
    { name: 'a', uid: 1, gid: 2, home: '/' },
  ])
})

test('group: members, none, and lines of another form', () => {
  assert.deepEqual(parseGroup('adm:x:4:root,web\nempty:x:5:\nbad:x::\n'), [
    { name: 'adm', gid: 4, members: ['root', 'web'] },
    { name: 'empty', gid: 5, members: [] },
  ])
})

test('an image without the files has no accounts', () => {
  const accounts = openAccounts('/nonexistent/passwd', '/nonexistent/group')
  assert.equal(accounts.account('root'), undefined)
  assert.equal(accounts.accountByUid(0), undefined)
  assert.equal(accounts.group('root'), undefined)
  assert.deepEqual(accounts.groupsOf('root'), [])
})
