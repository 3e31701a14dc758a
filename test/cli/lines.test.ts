/** JSON line by line, in whatever pieces it comes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonLines } from '../../src/cli/lines.ts'

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(text: string, size: number): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const values of jsonLines(inPieces(Buffer.from(text), size), () => new Error('no JSON'))) {
    found.push(...values)
  }
  return found
}

test('values are the same in whatever pieces they come, the last one without a newline too', async () => {
  const values = fc.array(
    fc.record({ message: fc.string({ unit: 'grapheme' }), count: fc.nat() }, { noNullPrototype: true }),
  )
  await fc.assert(
    fc.asyncProperty(values, fc.integer({ min: 1, max: 40 }), fc.boolean(), async (given, size, isEnded) => {
      const text = given.map(it => JSON.stringify(it)).join('\n') + (isEnded ? '\n' : '')
      assert.deepEqual(await read(text, size), given)
    }),
  )
})

test('what is no JSON is a fault', async () => {
  for (const text of ['{"a":1}\nno\n', '{"a":']) await assert.rejects(read(text, 3), /no JSON/)
})
