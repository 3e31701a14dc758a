/** What is read besides the files that are named: any text at all, many files, and no more of them than there may be. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the text of configurations
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Parser } from 'yaml'
import { parseEnvFile } from '../../src/config/env-file.ts'
import { load } from '../../src/config/load.ts'
import { render } from '../../src/errors.ts'
import { factsOf } from './facts.ts'

type Texts = Readonly<Record<string, string>>

function loaded(files: Texts, named: readonly string[], environment: Texts = {}) {
  const result = load(named, factsOf(files, environment))
  for (const diagnostic of result.diagnostics) {
    render(diagnostic, result.source)
    assert.notEqual(diagnostic.code, 'internal', diagnostic.message)
  }
  return result
}

const codes = (files: Texts, named: readonly string[]): readonly string[] =>
  loaded(files, named).diagnostics.map(({ code }) => code)

const signs = fc.string({ unit: fc.constantFrom(...'A=b: \n"\'\\#${}-\t\r.x'), maxLength: 80 })

test('any environment file can be loaded, and excerpts of it show no value', () => {
  const main = { 'a.yaml': 'env_file: e\nprograms: {web: {command: x}}' }
  fc.assert(
    fc.property(fc.oneof(signs, fc.string({ unit: 'binary' })), text => {
      const { plan, diagnostics } = loaded({ ...main, e: text }, ['a.yaml'], { A: 'value', b: '' })
      assert.equal(
        plan === undefined,
        diagnostics.some(({ severity }) => severity === 'error'),
      )
      const { secrets } = parseEnvFile(text, 'e', {})
      for (const [from, to] of secrets) assert.ok(0 <= from && from <= to && to <= text.length)
    }),
    { numRuns: 1000 },
  )
})

test('what is written in quotes is read back from an environment file', () => {
  const value = fc.string({ unit: 'grapheme' }).map(text => text.replace(/[\0\r\\]/g, ''))
  fc.assert(
    fc.property(value, value, (one, two) => {
      const double = one.replaceAll('"', '\\"').replaceAll('${', '\\${')
      const text = `ONE="${double}"\nexport TWO='${two.replaceAll("'", "\\'")}' # more`
      const { variables } = parseEnvFile(text, 'e', {})
      assert.deepEqual([variables.get('ONE')?.value, variables.get('TWO')?.value], [one, two])
      assert.equal(variables.get('TWO')?.at.line, 2 + (one.match(/\n/g)?.length ?? 0))
    }),
  )
})

test('any Procfile can be loaded', () => {
  fc.assert(
    fc.property(fc.oneof(signs, fc.string({ unit: 'binary' })), text => void loaded({ Procfile: text }, ['Procfile'])),
    { numRuns: 500 },
  )
})

test('whatever includes whatever, every file is read once', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  fc.assert(
    fc.property(fc.dictionary(name, fc.array(name)), includes => {
      const files = Object.fromEntries(
        Object.entries(includes).map(([key, on]) => [key, `include: [${on}]\nprograms: {${key}: {command: x}}`]),
      )
      let reads = 0
      const facts = factsOf(files)
      const readFile = (path: string): string => {
        reads++
        return facts.readFile(path)
      }
      const { diagnostics } = load(Object.keys(files), { ...facts, readFile })
      const missing = diagnostics.filter(({ code }) => code === 'unreadable-file').length
      assert.ok(reads <= 5 + missing * 5 + 25, String(reads))
    }),
  )
})

test('includes can be neither endless nor too many', () => {
  const chain = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}`, `include: [f${i + 1}]`]))
  assert.deepEqual(codes(chain, ['f0']), ['too-many-files'])
  const many = Array.from({ length: 1100 }, (_, i) => `f${i}`)
  const wide = Object.fromEntries(many.map(name => [name, 'x-a: 1']))
  assert.ok(
    codes({ ...wide, top: `include: [${many}]` }, ['top']).every(
      code => code === 'too-many' || code === 'too-many-files',
    ),
  )
})

test('patterns cannot be too many', () => {
  const looked: string[] = []
  const glob = (pattern: string): readonly string[] => {
    looked.push(pattern)
    return []
  }
  const patterns = Array.from({ length: 103 }, (_, i) => `c${i}/*`)
  const { diagnostics } = load(['a'], {
    ...factsOf({ a: `include: [${patterns}]\nprograms: {a: {command: x}}` }),
    glob,
  })
  assert.equal(looked.length, 100)
  // An error is told before a hundred warnings.
  const [first, ...others] = diagnostics.toReversed().map(({ message }) => message)
  assert.deepEqual([first, others[0]], ['there are 1 more warnings', 'there are more than 100 patterns'])
})

test('a hundred warnings and more are none that keeps it from starting', () => {
  const programs = Array.from({ length: 150 }, (_, i) => `p${i}: {command: serve $PORT}`)
  const { plan, diagnostics } = loaded({ a: `programs: {${programs.join(', ')}}` }, ['a'])
  assert.equal(plan?.programs.length, 150)
  assert.ok(diagnostics.every(({ severity }) => severity === 'warning'))
  assert.equal(diagnostics.at(-1)?.message, 'there are 50 more warnings')
})

test('a file that is included on two ways is merged where it comes first', () => {
  const files = {
    top: 'include: [a, b]',
    a: 'include: [common]\nprograms: {web: {restart: always}}',
    b: 'include: [common]\nprograms: {web: {stop_signal: INT}}',
    common: 'programs: {web: {command: x, restart: never, stop_signal: QUIT}}',
  }
  const [web] = loaded(files, ['top']).plan?.programs ?? []
  assert.deepEqual([web?.restart, web?.stopSignal], ['always', 'INT'])
})

test('a faulty file does not hide the faults of the others', () => {
  const files = { a: 'programs: {web: {comand: x, depends_on: [db]}}', b: 'programs: {db: [' }
  assert.deepEqual(codes(files, ['a', 'b', 'c']), ['unreadable-file', 'unknown-key', 'yaml-syntax'])
})

test('forty faults are forty diagnostics', () => {
  const programs = Array.from({ length: 10 }, (_, i) => `p${i}: {command: a | b, restart: x, critical: x, kind: x}`)
  assert.equal(codes({ a: `programs: {${programs}}` }, ['a']).length, 40)
})

test('many variables in an environment file are read in one pass', () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `V${i}=\${V${i === 0 ? '' : i - 1}:-x}`)
  const { variables } = parseEnvFile(lines.join('\n'), 'e', {})
  assert.equal(variables.get('V19999')?.value, 'x')
})

test('a text of faults alone is told of, however many they are', () => {
  const many = 130_000
  assert.equal(codes({ a: `a: [${'*a,'.repeat(many)}]` }, ['a']).length, 101)
  const files = { a: 'programs: {web: {command: x, env_file: e}}', e: '?\n'.repeat(many) }
  assert.equal(codes(files, ['a']).length, 101)
  assert.equal(codes({ 'a.conf': `[supervisord]\n[program:x]\n${'x\n'.repeat(many)}` }, ['a.conf']).length, 101)
})

test('what is no YAML is not read to its end', ({ mock }) => {
  const { mock: reading } = mock.method(Parser.prototype, 'next')
  assert.deepEqual(codes({ a: '}\n'.repeat(10_000) }, ['a']).slice(0, 1), ['yaml-syntax'])
  assert.ok(reading.callCount() < 1000, `${reading.callCount()} tokens were read`)
})

test('a parser that is asked to print its tokens prints nothing', () => {
  const { env } = process
  const printed: unknown[] = []
  const { log } = console
  process.env = { LOG_TOKENS: '1', LOG_STREAM: '1' }
  console.log = (...words) => printed.push(words)
  try {
    loaded({ a: 'programs: {web: {command: x}}' }, ['a'])
  } finally {
    console.log = log
    process.env = env
  }
  assert.deepEqual(printed, [])
})

test('nothing that is small stands for very much', () => {
  const names = Array.from({ length: 2000 }, (_, i) => `n${i}`)
  const programs = `programs: {${names.map(name => `${name}: {command: x}`)}}`
  const variables = `{environment: {${names.map(name => `${name}: x`)}}}`
  assert.ok(codes({ a: `defaults: ${variables}\n${programs}` }, ['a']).includes('too-large'))
  assert.ok(codes({ a: `${variables.slice(1, -1)}\n${programs}` }, ['a']).includes('too-large'))
  assert.deepEqual(codes({ a: '\n'.repeat(100_000) }, ['a']), ['no-programs'])
  const misspelt = `programs: {${names.map(name => `${name}: {command: x, depends_on: [x${name}]}`)}}`
  assert.equal(codes({ a: misspelt }, ['a']).length, 101)
})

test('many variables find their programs', () => {
  const names = Array.from({ length: 1000 }, (_, i) => `web-${i}`)
  const files = { a: `programs: {${names.map(name => `${name}: {command: x}`)}}` }
  const variables = names.map(name => [`FOSTER_PROGRAM_${name.toUpperCase().replace('-', '_')}__ENVIRONMENT__A`, name])
  const { plan } = loaded(files, ['a'], Object.fromEntries(variables))
  assert.deepEqual(
    plan?.programs.map(({ environment }) => environment.A),
    names,
  )
})
