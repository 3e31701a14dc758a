import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { emptyBytes } from '../../src/log/bytes.ts'
import { jsonStyle } from '../../src/log/json.ts'

const time = '2026-01-02T03:04:05.678Z'
const source = { program: 'web', replica: 2, stream: 'stderr' as const, run: { pid: 7 }, now: () => new Date(time) }
const start = `{"time":"${time}","program":"web","replica":2,"pid":7,"stream":"stderr"`

function format(...lines: readonly (string | Uint8Array)[]): string {
  const bytes = Buffer.concat(lines.flatMap(line => [Buffer.from(line as string), Buffer.from('\n')]))
  const out = emptyBytes()
  jsonStyle(source).lines(out, bytes, 0, bytes.length)
  return out.data.toString('utf8', 0, out.length)
}

test('text becomes the message', () => {
  assert.equal(format('hello'), `${start},"message":"hello"}\n`)
  assert.equal(format('', 'a"b\\c\td\0'), `${start},"message":""}\n${start},"message":"a\\"b\\\\c\\td\\u0000"}\n`)
})

test('a carriage return before the newline is dropped, only one', () => {
  assert.equal(format('a\r', '\r\r'), `${start},"message":"a"}\n${start},"message":"\\r"}\n`)
})

test('invalid UTF-8 becomes U+FFFD, valid UTF-8 stays', () => {
  assert.equal(
    format(Buffer.from([0x61, 0xff, 0x62]), 'é日'),
    `${start},"message":"a\ufffdb"}\n${start},"message":"é日"}\n`,
  )
})

test('an object is merged as it was written', () => {
  assert.equal(
    format('{"level":"info","n":12345678901234567890,"f":1.0}'),
    `${start},"level":"info","n":12345678901234567890,"f":1.0}\n`,
  )
  assert.equal(format(' { "a" : 1 } '), `${start}, "a" : 1 }\n`)
  assert.equal(format('{}', '{ }'), `${start}}\n${start} }\n`)
})

test('its own time and pid win', () => {
  assert.equal(
    format('{"time":1,"msg":"a"}'),
    '{"program":"web","replica":2,"pid":7,"stream":"stderr","time":1,"msg":"a"}\n',
  )
  assert.equal(format('{"pid":9}'), `{"time":"${time}","program":"web","replica":2,"stream":"stderr","pid":9}\n`)
})

test('who spoke is not its to say', () => {
  assert.equal(
    format('{"program":"db","stream":null,"n":12345678901234567890}'),
    `${start},"program_":"db","stream_":null,"n":12345678901234567890}\n`,
  )
})

test('only its own fields are renamed, however they are written, and the rest stays as it is', () => {
  assert.equal(
    format('{ "2":1, "pro\\u0067ram" : "program", "a":{"stream":[{"replica":"\\"}"}]}, "1":1.0 ,"replica":[]}'),
    `${start}, "2":1, "pro\\u0067ram_" : "program", "a":{"stream":[{"replica":"\\"}"}]}, "1":1.0 ,"replica_":[]}\n`,
  )
})

test('an object may be nested as deep as a line is long', () => {
  const deep = `${'['.repeat(500_000)}${']'.repeat(500_000)}`
  const nested = `${'{"program":'.repeat(100_000)}1${'}'.repeat(100_000)}`
  assert.equal(format(`{"program":${deep}}`), `${start},"program_":${deep}}\n`)
  assert.equal(format(`{"a":${nested},"stream":"x"}`), `${start},"a":${nested},"stream_":"x"}\n`)
})

test('what only looks like an object is text', () => {
  for (const line of ['{a}', '{"a":1}x', '[1]', '{"a":1', '"a"', '{"a":1}{"b":2}']) {
    assert.equal(format(line), `${start},"message":${JSON.stringify(line)}}\n`)
  }
})

test('every line is one JSON object that holds what was said', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.json(),
          fc.dictionary(fc.string(), fc.jsonValue()).map(value => JSON.stringify(value)),
        ),
      ),
      texts => {
        const lines = texts.map(text => text.replace(/[\r\n]/g, ' '))
        const parsed = format(...lines)
          .split('\n')
          .slice(0, -1)
          .map(line => JSON.parse(line))
        assert.equal(parsed.length, lines.length)
        for (const [index, line] of lines.entries()) {
          const said = parsed[index]
          assert.equal(said.program, 'web')
          if ('message' in said && !line.startsWith('{')) assert.equal(said.message, Buffer.from(line).toString())
        }
      },
    ),
  )
})
