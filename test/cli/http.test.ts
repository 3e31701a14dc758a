/** Answers in HTTP, in whatever pieces they come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ResponseReader, requestText } from '../../src/cli/http.ts'

/** Reads an answer in pieces; gives the body and whether it was complete. */
function read(pieces: readonly Buffer[]) {
  const reader = new ResponseReader()
  const body = Buffer.concat(pieces.flatMap(piece => reader.take(piece)))
  reader.end()
  return { body: body.toString('latin1'), isDone: reader.isDone, status: reader.status, headers: reader.headers }
}

const bytes = (text: string) => Buffer.from(text, 'latin1')

/** An answer cut at these places. */
function pieces(text: string, cuts: readonly number[]): readonly Buffer[] {
  const whole = bytes(text)
  const at = [0, ...cuts.map(it => it % (whole.length + 1)).sort((a, b) => a - b), whole.length]
  return at.slice(1).map((end, index) => whole.subarray(at[index], end))
}

const chunked = (body: readonly string[]) =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nServer: foster/1.2.3\r\n\r\n${body
    .map(it => `${it.length.toString(16)};x=y\r\n${it}\r\n`)
    .join('')}0\r\nTrailer: x\r\n\r\n`
const counted = (body: string) => `HTTP/1.1 503 No\r\ncontent-length:${body.length}\r\n\r\n${body}`
const open = (body: string) => `HTTP/1.0 200\r\n\r\n${body}`

const text = fc.string({ unit: 'binary', maxLength: 300 }).map(it => Buffer.from(it).toString('latin1'))
const cuts = fc.array(fc.nat(), { maxLength: 20 })

test('a body is the same in whatever pieces it comes', () => {
  const nonEmpty = text.filter(it => it !== '')
  fc.assert(
    fc.property(fc.array(nonEmpty, { maxLength: 5 }), cuts, (body, at) => {
      const given = read(pieces(chunked(body), at))
      assert.deepEqual([given.body, given.isDone, given.status], [body.join(''), true, 200])
      assert.equal(given.headers.get('server'), 'foster/1.2.3')
    }),
  )
  fc.assert(
    fc.property(text, cuts, (body, at) => {
      const given = read(pieces(counted(body), at))
      assert.deepEqual([given.body, given.isDone, given.status], [body, true, 503])
      assert.deepEqual([read(pieces(open(body), at)).body, read(pieces(open(body), at)).isDone], [body, true])
    }),
  )
})

test('what ends too early is not done', () => {
  for (const whole of [chunked(['abc', 'de']), counted('abc')]) {
    for (let end = 0; end < whole.length; end++) assert.equal(read([bytes(whole.slice(0, end))]).isDone, false)
    assert.equal(read([bytes(whole)]).isDone, true)
  }
})

test('what comes after the end is not part of it', () => {
  assert.equal(read([bytes(`${counted('abc')}HTTP/1.1 200 OK\r\n`)]).body, 'abc')
})

for (const [what, answer] of [
  ['no HTTP', 'hello\r\n'],
  ['a header without a colon', 'HTTP/1.1 200 OK\r\nhello\r\n\r\n'],
  ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
  ['a size that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
  ['a chunk longer than it says', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n'],
  ['a line without an end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}`],
] as const) {
  test(`refused: ${what}`, () => assert.throws(() => read([bytes(answer)]), /is no foster/))
}

test('a request', () => {
  assert.equal(
    requestText('POST', '/v1/shutdown', 'foster/1'),
    'POST /v1/shutdown HTTP/1.1\r\nHost: foster\r\nUser-Agent: foster/1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
  )
})
