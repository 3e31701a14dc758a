import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseNotification } from '../../src/core/notify.ts'

describe('what a datagram says', () => {
  const cases: ReadonlyArray<[text: string, ...messages: object[]]> = [
    ['READY=1', { says: 'ready' }],
    ['READY=1\n', { says: 'ready' }],
    ['READY=1\0', { says: 'ready' }],
    ['READY=0'],
    ['READY= 1'],
    ['ready=1'],
    [''],
    ['\n\n=1\n=\n'],
    ['READY=1\0STOPPING=1'],
    ['\0READY=1'],
    ['X_OURS=1\nREADY=1\nFDSTORE=1\nFDNAME=a\nBARRIER=1', { says: 'ready' }],
    ['STATUS=Ready to accept connections\n', { says: 'status', text: 'Ready to accept connections' }],
    ['STATUS=', { says: 'status', text: '' }],
    ['STATUS=a=b', { says: 'status', text: 'a=b' }],
    ['STATUS=\u001b[31mred\u202e\r', { says: 'status', text: '�[31mred��' }],
    ['STOPPING=1', { says: 'stopping' }],
    ['RELOADING=1', { says: 'reloading', since: undefined }],
    ['RELOADING=1\nMONOTONIC_USEC=1500', { says: 'reloading', since: 1.5 }],
    ['MONOTONIC_USEC=1500'],
    ['ERRNO=2', { says: 'errno', errno: 2 }],
    ['ERRNO=-2'],
    ['WATCHDOG=1', { says: 'watchdog' }],
    ['WATCHDOG=trigger', { says: 'watchdog-failed' }],
    ['WATCHDOG=2'],
    ['WATCHDOG_USEC=20000000', { says: 'watchdog-period', millis: 20_000 }],
    ['WATCHDOG_USEC=0'],
    ['EXTEND_TIMEOUT_USEC=5000000', { says: 'extend', millis: 5000 }],
    ['EXTEND_TIMEOUT_USEC=99999999999999999999'],
    ['MAINPID=4711', { says: 'main-pid', pid: 4711 }],
    ['MAINPID=0'],
    ['MAINPID=-1'],
    ['MAINPID=4711x'],
    ['MAINPID=4194305'],
    // The first counts, and the process is named before it is ready.
    ['READY=1\nMAINPID=4711\nMAINPID=1', { says: 'main-pid', pid: 4711 }, { says: 'ready' }],
    ['STOPPING=1\nSTATUS=Bye', { says: 'status', text: 'Bye' }, { says: 'stopping' }],
  ]
  for (const [text, ...messages] of cases) {
    test(JSON.stringify(text), () => assert.deepEqual(parseNotification(text), messages))
  }
})

const name = fc.constantFrom('READY', 'STATUS', 'MAINPID', 'WATCHDOG', 'WATCHDOG_USEC', 'ERRNO', 'RELOADING', 'X', '')
const value = fc.oneof(
  fc.constantFrom('1', '0', 'trigger', '4711'),
  fc.string({ unit: 'binary' }),
  fc.nat().map(String),
)
const line = fc.tuple(name, fc.constantFrom('=', '', '=='), value).map(parts => parts.join(''))
const datagram = fc.oneof(
  fc.array(line).map(lines => lines.join('\n')),
  fc.uint8Array({ maxLength: 8192 }).map(bytes => Buffer.from(bytes).toString('utf8')),
)

test('any text is a few messages, each at most once, with sane values', () => {
  fc.assert(
    fc.property(datagram, text => {
      const messages = parseNotification(text)
      assert.equal(new Set(messages.map(it => it.says)).size, messages.length)
      for (const message of messages) {
        if (message.says === 'status') {
          assert.doesNotMatch(message.text, /\p{Cc}/u)
          assert.ok(message.text.length <= 1024)
        }
        if (message.says === 'main-pid') assert.ok(message.pid >= 1 && message.pid <= 2 ** 22)
        for (const number of Object.values(message)) if (typeof number === 'number') assert.ok(Number.isFinite(number))
      }
    }),
    { numRuns: 2000 },
  )
})

test('lines that are not known change nothing', () => {
  const unknown = fc.array(fc.stringMatching(/^X_[A-Z]{0,8}=[^\n\0]{0,8}$/), { maxLength: 5 })
  fc.assert(
    fc.property(unknown, unknown, line, (before, after, known) => {
      fc.pre(!known.includes('\n') && !known.includes('\0'))
      assert.deepEqual(parseNotification([...before, known, ...after].join('\n')), parseNotification(known))
    }),
  )
})
