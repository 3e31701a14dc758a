/** XML-RPC as Python writes it, as anybody may write it, and as nobody should. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  readAnswer,
  readCall,
  type Value,
  writeAnswer,
  writeCall,
  writeFault,
  written,
} from '../../../src/api/supervisor/codec.ts'
import { deepest, readXml } from '../../../src/api/supervisor/xml.ts'

const call = (params: string): string => `<methodCall><methodName>m</methodName>${params}</methodCall>`
const param = (value: string): string => call(`<params><param>${value}</param></params>`)
const read = (value: string): Value | undefined => readCall(param(value))?.params[0]

/** What Python has written, in the form of the fixture. */
function plain(value: Value): unknown {
  if (value instanceof Date) return { date: value.toISOString() }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return { members: Object.entries(value).map(([name, it]) => [name, plain(it as Value)]) }
}

/** Members in one order: a JavaScript object has numbers first. */
function sorted(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, it) =>
    key === 'members' ? [...it].sort((a: [string], b: [string]) => (a[0] < b[0] ? -1 : 1)) : it,
  )
}

test('calls of Python are understood', () => {
  const path = new URL('../../fixtures/xmlrpc-calls.json', import.meta.url)
  const calls = JSON.parse(readFileSync(path, 'utf8')) as { body: string; method: string; params: unknown[] }[]
  assert.ok(calls.length > 100)
  for (const { body, method, params } of calls) {
    const found = readCall(body)
    assert.equal(found?.method, method, body)
    assert.deepEqual(sorted(found?.params.map(plain)), sorted(params), body)
  }
})

/** Text that XML can hold. */
const text = fc
  .string({ unit: 'binary' })
  .map(it => it.replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, ''))
const { value } = fc.letrec<{ value: Value }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    ...[text, fc.boolean(), fc.integer(), fc.constant(null)],
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter(it => !Number.isInteger(it)),
    fc
      .date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map(it => new Date(Math.floor(it.getTime() / 1000) * 1000)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: false }),
  ),
}))

test('what is written is read again', () => {
  fc.assert(
    fc.property(value, it => {
      assert.deepEqual(sorted(plain(read(written(it).trimEnd()) as Value)), sorted(plain(it)))
    }),
    { numRuns: 500 },
  )
})

test('whatever comes, it is a call or it is not', () => {
  const part = fc.constantFrom(
    ...'<> & </ /> <! ]]> <![CDATA[ <!-- --> <?xml ?> &lt; &#1; &#x41; a " = \u0000 \uFEFF'.split(' '),
    '<value>',
    '</value>',
    '<i4>',
    '<struct>',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), parts => void readCall(parts.join(''))),
    { numRuns: 2000 },
  )
})

describe('values', () => {
  const right: readonly [string, unknown][] = [
    ['<value>bare &amp; text</value>', 'bare & text'],
    ['<value/>', ''],
    ['<value><string/></value>', ''],
    ['<value><string><![CDATA[<a>&amp;]]></string></value>', '<a>&amp;'],
    ['<value><string>a<!-- b -->c</string></value>', 'ac'],
    ['<value><string>&#65;&#x42;&lt;&gt;&quot;&apos;\r\n</string></value>', 'AB<>"\'\n'],
    ['<value> <int> 7 </int> </value>', 7],
    ['<value><i4>-7</i4></value>', -7],
    ['<value><double>1e3</double></value>', 1000],
    ['<value><boolean>0</boolean></value>', false],
    ['<value><base64>w6k=\n</base64></value>', 'é'],
    ['<value><nil/></value>', null],
    ['<value><array><data></data></array></value>', []],
  ]
  for (const [given, wanted] of right) test(given, () => assert.deepEqual(read(given), wanted))

  const wrong: readonly string[] = [
    ...['<value><int>1.5</int></value>', '<value><int/></value>', '<value><int>99999999999999999999</int></value>'],
    ...[
      '<value><boolean>2</boolean></value>',
      '<value><double>1_0</double></value>',
      '<value><double>nan</double></value>',
    ],
    ...['<value><base64>/w==</base64></value>', '<value><base64>a</base64></value>', '<value><i8>1</i8></value>'],
    ...['<value><int>1</int><int>2</int></value>', '<value>a<int>1</int></value>', '<value><int><b/></int></value>'],
    '<value><dateTime.iso8601>20260231T00:00:00</dateTime.iso8601></value>',
    '<value><struct><member><name>a</name></member></struct></value>',
    '<value><array><value>1</value></array></value>',
    '<value>&nbsp;</value>',
    '<value>&#0;</value>',
    '<value>&#xD800;</value>',
    '<value>&#x110000;</value>',
    '<value>\u0001</value>',
    '<value><![CDATA[\u0001]]></value>',
    '<value a="1" a="2">b</value>',
    '<value>a & b</value>',
    '<value>a</valu>',
    '<toString>1</toString>',
  ]
  for (const given of wrong) test(JSON.stringify(given), () => assert.equal(readCall(param(given)), undefined))
})

describe('calls', () => {
  test('the order does not matter, params may be missing', () => {
    const swapped = '<?xml version="1.0"?>\n<methodCall><params/><methodName>m</methodName></methodCall>\n'
    assert.deepEqual(readCall(swapped), { method: 'm', params: [] })
    assert.deepEqual(readCall(call('')), { method: 'm', params: [] })
  })

  const wrong: readonly string[] = [
    ...['', 'x', '<a/>', '<methodCall/>', '<methodCall><methodName/></methodCall>', `${call('')}${call('')}`],
    ...[call('<x/>'), call('<params/><params/>'), call('<params><value>1</value></params>'), `${call('')}x`],
    ...[call('x'), '<methodCall><methodName>a<b/></methodName></methodCall>', '<methodCall><methodName>m'],
  ]
  for (const given of wrong) test(JSON.stringify(given), () => assert.equal(readCall(given), undefined))
})

describe('what is to do harm', () => {
  test('document types are refused, and so entities', () => {
    const lol = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    assert.equal(readCall(`<?xml version="1.0"?>${lol}${call('')}`), undefined)
    assert.equal(readCall(param('<value>&b;</value>')), undefined)
  })

  test('depth is limited', () => {
    const nested = (count: number) => `${'<a>'.repeat(count)}${'</a>'.repeat(count)}`
    assert.ok(readXml(nested(deepest)))
    assert.equal(readXml(nested(deepest + 1)), undefined)
    assert.equal(readXml(nested(1_000_000)), undefined)
  })

  test('length costs no more than length', () => {
    const long = 2_000_000
    const texts = [
      '<'.repeat(long),
      '&'.repeat(long),
      `<a${' b="c"'.repeat(long / 6)}`,
      `<!--${'-'.repeat(long)}`,
      `<![CDATA[${']'.repeat(long)}`,
      `<a${' '.repeat(long)}`,
      `<?a${' '.repeat(long)}`,
    ]
    for (const each of texts) assert.equal(readXml(each), undefined)
    assert.equal(readXml(`<a>${'<b/>'.repeat(long / 4)}</a>`)?.children.length, long / 4)
    assert.equal(readXml(`<a><!--${' '.repeat(long)}--></a>`)?.text, '')
  })

  test('__proto__ is a name', () => {
    const found = read('<value><struct><member><name>__proto__</name><value>1</value></member></struct></value>')
    assert.deepEqual(Object.entries(found as object), [['__proto__', '1']])
    assert.equal(({} as Record<string, unknown>)[0], undefined)
  })
})

test('answers have the form of Python', () => {
  const answer =
    "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n<value><struct>\n<member>\n<name>a&lt;</name>\n<value><int>1</int></value>\n</member>\n</struct></value>\n<value><boolean>1</boolean></value>\n</data></array></value>\n</param>\n</params>\n</methodResponse>\n"
  assert.equal(writeAnswer([{ 'a<': 1 }, true]), answer)
  const fault =
    "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n<name>faultCode</name>\n<value><int>10</int></value>\n</member>\n<member>\n<name>faultString</name>\n<value><string>BAD_NAME: x</string></value>\n</member>\n</struct></value>\n</fault>\n</methodResponse>\n"
  assert.equal(writeFault(10, 'BAD_NAME: x'), fault)
})

test('what XML cannot hold is replaced, what readers would change is kept', () => {
  assert.equal(written('\u001b[1m\r\n\u0000\uD800'), '<value><string>\uFFFD[1m&#13;\n\uFFFD\uFFFD</string></value>\n')
  assert.equal(written(2 ** 40), '<value><int>2147483647</int></value>\n')
})

test('calls and answers of its own are read back; what is neither is not', () => {
  const params = ['a & <b>', -5, true, ['x', { y: 'z' }]]
  assert.deepEqual(sorted(readCall(writeCall({ method: 'm.n', params }))?.params.map(plain)), sorted(params.map(plain)))
  assert.deepEqual(readAnswer(writeAnswer('x')), { value: 'x' })
  assert.deepEqual(readAnswer(writeFault(10, 'BAD_NAME: x')), { fault: { code: 10, text: 'BAD_NAME: x' } })
  for (const body of [
    '',
    '<a/>',
    '<methodResponse/>',
    '<methodResponse><fault/></methodResponse>',
    writeCall({ method: 'm', params: [] }),
  ]) {
    assert.equal(readAnswer(body), undefined, body)
  }
})
