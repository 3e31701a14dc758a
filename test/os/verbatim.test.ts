import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as always, property, uint8Array } from 'fast-check'
import { decode, encode } from '../../src/os/verbatim.ts'

test('any bytes become text and the same bytes again', () => {
  always(
    property(uint8Array({ maxLength: 40 }), bytes => {
      assert.deepEqual(encode(decode(bytes)), Buffer.from(bytes))
    }),
    { numRuns: 2000 },
  )
})

test('what is UTF-8 is read as such, wherever it stands', () => {
  assert.equal(decode(Buffer.from('ä€😀')), 'ä€😀')
  const mixed = Buffer.concat([Buffer.of(0xff), Buffer.from('ä€😀'), Buffer.of(0xe2, 0x82), Buffer.from('a')])
  assert.equal(decode(mixed), '\udcffä€😀\udce2\udc82a')
  assert.deepEqual(encode(decode(mixed)), mixed)
})
