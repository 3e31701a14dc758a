/** The protocol of Supervisor's event listeners: rows as Supervisor 4.2.5 behaves, and the same however the bytes come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { begun, type Finding, hear, type Listener } from '../../src/core/listener.ts'

const sent = (state: Listener): Listener => hear(state, { on: 'sent' }).state

/** What a listener writes in pieces; it is given an event whenever it is ready. */
function converse(pieces: readonly string[]): { at: Listener['at']; findings: string[] } {
  let state = begun
  const findings: string[] = []
  const wordOf = (it: Finding): string => (it.is === 'broken' && it.why !== undefined ? `broken: ${it.why}` : it.is)
  for (const bytes of pieces) {
    const next = hear(state, { on: 'output', bytes })
    findings.push(...next.findings.map(wordOf))
    state = next.state.at === 'READY' ? sent(next.state) : next.state
  }
  return { at: state.at, findings }
}

const rows: readonly [string[], Listener['at'], string[]][] = [
  [['REA'], 'ACKNOWLEDGED', []],
  [['READY\n'], 'BUSY', ['ready']],
  [['hello\n'], 'UNKNOWN', ['broken']],
  [['READY', '\n', 'RESULT 2\nOK', 'READY\n'], 'BUSY', ['ready', 'done', 'ready']],
  [['READY\n', 'RESULT 4\nFAILREADY\n'], 'BUSY', ['ready', 'refused', 'ready']],
  [['READY\n', 'RESULT 2\nOK\n', 'READY\n'], 'UNKNOWN', ['ready', 'done', 'broken']],
  [['READY\n', 'RESULT 3\nOK\n'], 'ACKNOWLEDGED', ['ready', 'refused']],
  [['READY\n', 'RESULT 0\n', 'READY\n'], 'BUSY', ['ready', 'refused', 'ready']],
  [['READY\n', 'result  +2 \nOK'], 'ACKNOWLEDGED', ['ready', 'done']],
  [['READY\n', 'RESULT two\n'], 'UNKNOWN', ['ready', 'broken: RESULT two']],
  [['READY\n', 'RESULT -1\n'], 'UNKNOWN', ['ready', 'broken: RESULT -1']],
  [['READY\n', '\n'], 'UNKNOWN', ['ready', 'broken: ']],
  [['READY\n', 'RESULT 2\nOKREADY\nREADY\n'], 'UNKNOWN', ['ready', 'done', 'broken']],
]

for (const [pieces, at, findings] of rows) {
  test(JSON.stringify(pieces), () => assert.deepEqual(converse(pieces), { at, findings }))
}

test('what comes from one that is ready breaks the protocol, and nothing is heard of it any more', () => {
  const ready = hear(begun, { on: 'output', bytes: 'READY\n' }).state
  const broken = hear(ready, { on: 'output', bytes: 'x' })
  assert.deepEqual(broken, { state: { at: 'UNKNOWN' }, findings: [{ is: 'broken', why: undefined }] })
  assert.deepEqual(hear(broken.state, { on: 'output', bytes: 'READY\n' }), { state: { at: 'UNKNOWN' }, findings: [] })
  assert.deepEqual(hear(broken.state, { on: 'reset' }).state, begun)
})

test('one that ends over an event has refused it', () => {
  const busy = sent(hear(begun, { on: 'output', bytes: 'READY\n' }).state)
  assert.deepEqual(hear(busy, { on: 'reset' }), { state: begun, findings: [{ is: 'refused' }] })
})

test('a line without an end, and an answer of any length, take no memory', () => {
  let state = sent(hear(begun, { on: 'output', bytes: 'READY\n' }).state)
  state = hear(state, { on: 'output', bytes: `RESULT ${2 ** 40}\n` }).state
  for (let turn = 0; turn < 100; turn++) state = hear(state, { on: 'output', bytes: 'x'.repeat(1000) }).state
  assert.ok(JSON.stringify(state).length < 100, JSON.stringify(state))
  const line = sent(hear(begun, { on: 'output', bytes: 'READY\n' }).state)
  assert.equal(hear(line, { on: 'output', bytes: 'x'.repeat(2000) }).state.at, 'UNKNOWN')
})

test('answers are the same however they come in pieces', () => {
  const answer = fc.constantFrom('OK', 'FAIL', 'NO', 'O', 'OKAY', '')
  fc.assert(
    fc.property(
      fc.array(answer, { maxLength: 5 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (answers, sizes) => {
        let state: Listener = begun
        const findings: string[] = []
        const say = (text: string): void => {
          for (let rest = text; rest !== ''; ) {
            const size = sizes.next().value ?? 1
            const next = hear(state, { on: 'output', bytes: rest.slice(0, size) })
            state = next.state
            findings.push(...next.findings.map(({ is }) => is))
            rest = rest.slice(size)
          }
        }
        for (const text of answers) {
          say('READY\n')
          assert.equal(state.at, 'READY')
          state = sent(state)
          say(`RESULT ${text.length}\n${text}`)
          assert.equal(state.at, 'ACKNOWLEDGED')
        }
        const expected = answers.flatMap(text => ['ready', text === 'OK' ? 'done' : 'refused'])
        assert.deepEqual(findings, expected)
      },
    ),
  )
})
