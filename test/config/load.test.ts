/** Loading: several sources over each other, files that cannot be read, and any input at all. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { discover, load, misnamed } from '../../src/config/load.ts'
import type { Plan } from '../../src/core/plan.ts'
import { render } from '../../src/errors.ts'
import { factsOf } from './facts.ts'

type Texts = Readonly<Record<string, string>>

function loadAll(files: Texts, environment: Texts = {}) {
  return load(Object.keys(files), factsOf(files, environment))
}

function planFrom(files: Texts, environment: Texts = {}): Plan {
  const { plan, diagnostics } = loadAll(files, environment)
  assert.ok(plan, JSON.stringify(diagnostics))
  return plan
}

function faultsOf(files: Texts, environment: Texts = {}): readonly string[] {
  const { diagnostics } = loadAll(files, environment)
  return diagnostics.map(diagnostic => render(diagnostic, () => undefined).split('\n')[0] ?? '')
}

const base =
  'programs:\n  web: {command: nginx, restart: always, environment: {A: 1, B: 1}, success_exit_codes: [0, 1]}\n'

test('a later file merges maps by key and replaces lists and scalars', () => {
  const later =
    'programs:\n  web: {command: [caddy], environment: [B=2, C=2], success_exit_codes: [3]}\n  db: {command: x}\n'
  const [web, db] = planFrom({ 'a.yaml': base, 'b.yaml': later }).programs
  assert.deepEqual(web?.command, ['caddy'])
  assert.deepEqual(web?.environment, { A: '1', B: '2', C: '2' })
  assert.deepEqual(web?.successExitCodes, [3])
  assert.equal(web?.restart, 'always')
  assert.equal(db?.name, 'db')
})

test('a key without a value in a later file takes back what an earlier one says', () => {
  const [web] = planFrom({ 'a.yaml': base, 'b.yaml': 'programs: {web: {restart: , environment: {A: }}}' }).programs
  assert.equal(web?.restart, 'on-failure')
  assert.deepEqual(web?.environment, { B: '1' })
})

test('both forms of depends_on merge by name', () => {
  const first = 'programs: {db: {command: x}, mq: {command: x}, web: {command: x, depends_on: [db]}}'
  const second = 'programs: {web: {depends_on: {mq: ready}}}'
  const web = planFrom({ 'a.yaml': first, 'b.yaml': second }).programs[2]
  assert.deepEqual(
    web?.dependsOn.map(({ program, condition }) => `${program} ${condition}`),
    ['db started', 'mq ready'],
  )
})

test('the inline document comes over the files, variables over both', () => {
  const environment = {
    FOSTER_CONFIG_INLINE: 'programs:\n  web: {restart: never, stop_signal: INT}\n',
    FOSTER_PROGRAM_WEB__STOP_SIGNAL: 'QUIT',
  }
  const [web] = planFrom({ 'a.yaml': base }, environment).programs
  assert.deepEqual([web?.restart, web?.stopSignal], ['never', 'QUIT'])
})

test('variables alone are a configuration', () => {
  const [web] = planFrom({}, { FOSTER_PROGRAM_WEB: "nginx -g 'daemon off;'" }).programs
  assert.deepEqual(web?.command, ['nginx', '-g', 'daemon off;'])
})

test('a fault in the inline document names it, with line and column', () => {
  const environment = { FOSTER_CONFIG_INLINE: 'programs:\n  web: {command: x, restart: sometimes}' }
  const [fault] = faultsOf({}, environment)
  assert.equal(fault, 'FOSTER_CONFIG_INLINE:2:30: error: expected on-failure, always or never, got "sometimes"')
})

test('faults of several files come in the order of the files, variables last', () => {
  const faults = faultsOf(
    { 'b.yaml': 'programs: {web: {command: x, a: 1}}', 'a.yaml': 'zz: 1\nprograms: {web: {b: 1}}' },
    { FOSTER_PROGRAM_WEB__C: '1' },
  )
  assert.deepEqual(
    faults.map(fault => fault.replace(/ error.*/, '')),
    ['b.yaml:1:30:', 'a.yaml:1:1:', 'a.yaml:2:18:', 'FOSTER_PROGRAM_WEB__C:'],
  )
})

test('every file that cannot be read or parsed is told at once', () => {
  const facts = { ...factsOf({ 'a.yaml': 'a: [' }), readFile: readOrFail }
  const { plan, diagnostics } = load(['none', 'dir', 'secret', 'binary', 'huge', 'utf8', 'a.yaml', 's.conf'], facts)
  assert.equal(plan, undefined)
  assert.deepEqual(
    diagnostics.map(({ message }) => message),
    [
      'cannot read none: there is no such file',
      'cannot read dir: it is a directory',
      'cannot read secret: permission denied',
      'cannot read binary: it is not valid UTF-8',
      'cannot read huge: it is larger than 1 MiB',
      'a Supervisor file cannot be mixed with other configuration files',
      'the file is not valid UTF-8 here',
      'this "[" is not closed',
      '.ini file does not include supervisord section',
    ],
  )
})

function readOrFail(path: string): string {
  const codes: Texts = { none: 'ENOENT', dir: 'EISDIR', secret: 'EACCES', binary: 'ERR_ENCODING_INVALID_ENCODED_DATA' }
  const texts: Texts = { huge: 'x'.repeat(2 ** 20 + 1), utf8: 'a: \uFFFD', 'a.yaml': 'a: [', 's.conf': '' }
  const text = texts[path]
  if (text !== undefined) return text
  throw Object.assign(new Error('no'), { code: codes[path] })
}

test('a byte order mark is no part of the first key', () => {
  assert.equal(planFrom({ 'a.yaml': `\uFEFF${base}` }).programs.length, 1)
})

test('a text in UTF-16 is called that, a name of blanks is shown', () => {
  const wide = (text: string): string => Buffer.from(text, 'utf16le').toString('utf8')
  for (const text of [wide(base), wide(`\uFEFF${base}`), `\0${wide(base).slice(0, -1)}`]) {
    assert.deepEqual(faultsOf({ 'a.yaml': text }), ['a.yaml:1:1: error: the file is UTF-16, not UTF-8'])
  }
  for (const name of ['', ' ']) {
    const [first] = load([name], factsOf({})).diagnostics
    assert.equal(first?.message, `cannot read "${name}": there is no such file`)
  }
})

test('no programs are a fault unless they are allowed to be missing', () => {
  const [nothing = ''] = faultsOf({})
  assert.match(nothing, /^foster: error: there is no configuration/)
  assert.match(load([], factsOf({})).diagnostics[0]?.hint ?? '', /-c.*\/etc\/foster\.yaml or \.\/foster\.yaml/)
  assert.deepEqual(faultsOf({ 'a.yaml': '' }), ['a.yaml:1:1: error: no programs are configured'])
  assert.deepEqual(load([], factsOf({}), { allowEmpty: true }).plan?.programs, [])
})

test('excerpts show no value of the environment', () => {
  const { source } = loadAll({ 'a.yaml': 'programs:\n  web:\n    environment: {A: hunter2, B: |\n      hunter2\n' })
  assert.doesNotMatch(source('a.yaml') ?? 'hunter2', /hunter2/)
  assert.equal(source('b.yaml'), undefined)
})

test('discovery takes FOSTER_CONFIG, else the first of the usual places', () => {
  const all = () => true
  assert.deepEqual(discover({ FOSTER_CONFIG: '/x' }, all), ['/x'])
  assert.deepEqual(discover({}, all), ['/etc/foster/foster.yaml'])
  assert.deepEqual(
    discover({ FOSTER_CONFIG: '' }, path => path === './foster.yaml'),
    ['./foster.yaml'],
  )
  assert.deepEqual(
    discover({}, () => false),
    [],
  )
})

test('a file that is called foster.yml is known for what it was meant to be', () => {
  assert.equal(
    misnamed(path => path === './foster.yml'),
    './foster.yml',
  )
  assert.equal(
    misnamed(path => path.endsWith('.yaml')),
    undefined,
  )
})

test('a directory in the place of a file is what Docker makes of a file that is not there', () => {
  const { diagnostics } = load(['dir'], { ...factsOf({}), readFile: readOrFail })
  assert.equal(diagnostics[0]?.hint, 'Docker makes one where the file to be mounted is not there')
})

test('variables that expand to very much are refused', () => {
  const text = `programs: {web: {command: "${'$'.concat('{BIG}').repeat(100)}"}}`
  const [fault] = faultsOf({ 'a.yaml': text }, { BIG: 'x'.repeat(100_000) })
  assert.match(fault ?? '', /expand to more than 4 MiB/)
})

const folder = new URL('cases/', import.meta.url)
const corpus = readdirSync(folder)
  .filter(name => name.endsWith('.yaml'))
  .map(name => readFileSync(new URL(name, folder), 'utf8'))

/** Loads and renders; fails if anything throws, or if only the last safety net caught it. */
function survives(text: string, environment: Texts = {}): void {
  const { plan, diagnostics, source } = loadAll({ 'a.yaml': text }, environment)
  assert.equal(
    plan === undefined,
    diagnostics.some(({ severity }) => severity === 'error'),
  )
  for (const diagnostic of diagnostics) {
    render(diagnostic, source)
    assert.notEqual(diagnostic.code, 'internal', diagnostic.message)
  }
}

test('any text can be loaded', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), text => survives(text)))
  const signs = fc.string({ unit: fc.constantFrom(...'ab: \n-[]{},&*!|>\'"%@`#?$~<0.\t'), maxLength: 100 })
  fc.assert(
    fc.property(signs, text => survives(text)),
    { numRuns: 1000 },
  )
})

test('any structure can be loaded', () => {
  const key = fc.constantFrom(
    'programs',
    'web',
    'command',
    'environment',
    'depends_on',
    'log',
    'x-a',
    '<<',
    '__proto__',
    '',
  )
  const leaf = fc.oneof(
    key,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom('$'.concat('{A}'), 'a|b', '${', 'TERM'),
  )
  const { tree } = fc.letrec(tie => ({
    tree: fc.oneof(leaf, fc.array(tie('tree'), { maxLength: 4 }), fc.dictionary(key, tie('tree'), { maxKeys: 5 })),
  }))
  fc.assert(fc.property(tree, value => survives(JSON.stringify(value) ?? '')))
  fc.assert(fc.property(tree, value => survives(JSON.stringify({ programs: { web: value } }))))
})

test('any mutation of a good or bad file can be loaded', () => {
  const edit = fc.tuple(
    fc.nat(),
    fc.nat(12),
    fc.constantFrom('', ':', '\n', '  ', '- ', '*a', '&a ', '{', ']', '"', '${', '<<: '),
  )
  fc.assert(
    fc.property(fc.constantFrom(...corpus), fc.array(edit, { maxLength: 4 }), (text, edits) => {
      survives(
        edits.reduce((mutated, [from, length, by]) => {
          const at = from % (mutated.length + 1)
          return mutated.slice(0, at) + by + mutated.slice(at + length)
        }, text),
      )
    }),
    { numRuns: 500 },
  )
})

test('any variables can be loaded', () => {
  const part = fc.constantFrom('WEB', 'DB', 'RESTART', 'ENVIRONMENT', 'BACKOFF', 'DEPENDS_ON', '', '_', 'x', 'PORT')
  const name = fc.array(part, { maxLength: 5 }).map(parts => `FOSTER_PROGRAM_${parts.join('__')}`)
  const value = fc.oneof(fc.constantFrom('', '[', '{a: b}', '[a, b]', '"', "'a' b", '3', 'x | y'), fc.string())
  const variables = fc.dictionary(
    fc.oneof(
      name,
      name.map(each => each.replace('PROGRAM', '')),
    ),
    value,
  )
  fc.assert(
    fc.property(variables, environment => survives(base, environment)),
    { numRuns: 500 },
  )
})

for (const [what, text] of [
  ['brackets', '['.repeat(20_000)],
  ['dashes', '- '.repeat(20_000)],
  ['braces', '{a: '.repeat(20_000)],
  ['indentation', Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ['defaults', `a: "${'${A:-'.repeat(20_000)}"`],
] as const) {
  test(`deeply nested ${what} are refused`, () => {
    survives(text)
    assert.equal(loadAll({ 'a.yaml': text }).plan, undefined)
  })
}

test('aliases that multiply are refused', () => {
  const lines = Array.from({ length: 30 }, (_, i) => `x-${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)
  const text = `x-0: &a0 [x]\n${lines.join('\n')}\nprograms: {web: {command: *a30}}`
  assert.match(faultsOf({ 'a.yaml': text })[0] ?? '', /aliases stand for more than/)
  const merges = Array.from({ length: 60 }, (_, i) => `x-${i + 1}: &a${i + 1} {<<: [*a${i}, *a${i}], k${i}: *a${i}}`)
  survives(`x-0: &a0 {k: x}\n${merges.join('\n')}\nprograms: {web: {command: x, environment: *a60}}`)
})
