/** Who may, by user and password. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLogin } from '../../../src/api/supervisor/login.ts'

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
const plain = { username: 'me', password: 'a:b' }
const hashed = { username: 'me', password: '{SHA}e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4' }

test('the right ones', () => {
  assert.equal(isLogin(basic('me:a:b'), plain), true)
  assert.equal(isLogin(`bAsIc  ${Buffer.from('me:a:b').toString('base64')} `, plain), true)
  assert.equal(isLogin(basic('me:secret'), hashed), true)
})

test('the wrong ones', () => {
  for (const text of ['me:', 'me:a', 'me:a:bc', 'you:a:b', ':a:b', 'me:a:B'])
    assert.equal(isLogin(basic(text), plain), false, text)
  // A digest is no password.
  for (const text of ['me:Secret', `me:${hashed.password}`, `me:${hashed.password.slice(5)}`])
    assert.equal(isLogin(basic(text), hashed), false, text)
  for (const header of ['', 'Bearer abc', 'Basic']) assert.equal(isLogin(header, plain), false, header)
})

test('what is no login', () => {
  for (const header of ['Basic !', 'Basic abc', basic('nobody')])
    assert.equal(isLogin(header, plain), 'malformed', header)
})
