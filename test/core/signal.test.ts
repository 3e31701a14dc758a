import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseSignal, signalName, signalNames, signalNumbers } from '../../src/core/signal.ts'

describe('signals', () => {
  test('numbers and names are those of the system', () => {
    for (const name of signalNames) {
      const known = (constants.signals as Readonly<Record<string, number>>)[`SIG${name}`]
      assert.equal(signalNumbers[name], known, name)
    }
    assert.deepEqual(
      Object.values(signalNumbers),
      [...Array(31).keys()].map(i => i + 1),
    )
  })

  test('every spelling of every signal is read', () => {
    for (const name of signalNames) {
      const spellings = [
        name,
        `SIG${name}`,
        name.toLowerCase(),
        `sig${name.toLowerCase()}`,
        String(signalNumbers[name]),
      ]
      for (const text of spellings) assert.equal(parseSignal(text), name, text)
    }
  })

  test('other words are no signals', () => {
    const words = [
      '',
      'SIG',
      'SIGSIGTERM',
      '0',
      '32',
      '64',
      '-9',
      '9.0',
      ' TERM',
      'toString',
      '__proto__',
      'constructor',
    ]
    for (const word of words) assert.equal(parseSignal(word), undefined, word)
  })

  test('any text gives a signal or undefined', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        const signal = parseSignal(text)
        assert.ok(signal === undefined || signal in signalNumbers)
      }),
    )
  })

  test('a number has a name: its own, that of a real-time signal, or itself', () => {
    for (const name of signalNames) assert.equal(signalName(signalNumbers[name]), name)
    assert.equal(signalName(34), 'RT0')
    assert.equal(signalName(64), 'RT30')
    assert.deepEqual([0, 32, 33, 65].map(signalName), ['0', '32', '33', '65'])
  })
})
