/** The commands about the configuration: what they take. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseArguments } from '../../src/cli/arguments.ts'

const parse = (...args: string[]) => parseArguments(args, '1.2.3')

test('check takes files and --json', () => {
  assert.deepEqual(parse('check'), { command: 'check', files: [], json: false })
  assert.deepEqual(parse('check', '--json', '-c', 'a', '-c', 'b'), { command: 'check', files: ['a', 'b'], json: true })
})

test('config takes files, --origins and --show-secrets', () => {
  assert.deepEqual(parse('config'), { command: 'config', files: [], origins: false, showSecrets: false })
  assert.deepEqual(parse('config', '-c', 'a', '--origins', '--show-secrets'), {
    command: 'config',
    files: ['a'],
    origins: true,
    showSecrets: true,
  })
})

test('a faulty use says how to get help', () => {
  const faulty = parse('config', '--orgins')
  assert.equal(faulty.command, 'print')
  assert.match(faulty.command === 'print' ? faulty.text : '', /--origins[\s\S]*foster --help/)
})
