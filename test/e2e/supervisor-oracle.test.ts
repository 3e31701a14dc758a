/** Supervisor's files read by foster and by Debian's supervisor: the same sections, values, processes and refusals. */
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { ask, expand, loadFile, missing, pairs, parse, split, type Tried } from './supervisor-oracle.ts'

const folder = resolve(import.meta.dirname, '../config/supervisord/cases')

/** What only foster refuses, each for a reason that docs/supervisor.md gives. */
const onlyOurs = /^bad-only-ours-|^later-/

const words = [
  'a',
  'b=c',
  'key = v',
  'key: v',
  ' ;x',
  '#x',
  ' # y',
  'x;y',
  '"q ; r"',
  '%(here)s',
  'Ä',
  '[',
  ']',
  '=',
  ':',
  '\t',
  '  ',
]
const line = fc.oneof(
  fc.array(fc.constantFrom(...words), { maxLength: 4 }).map(parts => parts.join('')),
  fc.constantFrom(
    '[a]',
    '[b:c]',
    '[a] ; x',
    ' [a]',
    '[DEFAULT]',
    '[a]]',
    '[]',
    '',
    '  ',
    '\u00a0',
    'A=1',
    'a = 2',
    '  more',
    '; c',
    '# c',
    ' ; c',
  ),
)
const text = fc
  .tuple(fc.array(line, { maxLength: 14 }), fc.constantFrom('\n', '\r\n', '\r'), fc.boolean())
  .map(([lines, end, headed]) => [...(headed ? ['[s]'] : []), ...lines].join(end))

test('generated texts have the same sections, options and values', { skip: missing }, () => {
  const texts = fc.sample(text, 4000)
  const answers = ask({ texts }).texts ?? []
  for (const [index, written] of texts.entries()) {
    const { error, sections } = answers[index] ?? {}
    const ours = parse(written)
    assert.equal(ours.error === undefined, error === undefined, `${JSON.stringify(written)}: ${error ?? ours.error}`)
    assert.deepEqual(ours.sections, sections, JSON.stringify(written))
  }
  assert.ok(answers.filter(it => it.error === undefined).length > 1000)
})

/** Texts of these pieces. */
const textOf = (...pieces: readonly string[]): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...pieces), { maxLength: 9 }).map(parts => parts.join(''))

/** Both make the same of each text, or refuse it. */
function agree(texts: readonly string[], theirs: readonly Tried[], ours: (text: string) => Tried): void {
  for (const [index, written] of texts.entries()) {
    const expected = theirs[index] ?? {}
    const found = ours(written)
    const both = `${JSON.stringify(written)}: ${JSON.stringify(expected)}, foster: ${JSON.stringify(found)}`
    assert.equal(found.error === undefined, expected.error === undefined, both)
    assert.deepEqual(found.value, expected.value, both)
  }
  assert.ok(theirs.filter(it => it.error === undefined).length > texts.length / 20, 'most are refused')
}

test('generated formats, commands and environments mean the same', { skip: missing }, () => {
  const names = ['(process_num)', '(numprocs)', '(program_name)', '(ENV_A)', '(ENV_B)', '(nope)']
  const directives = ['%%', '%', '(', ')', ...names.map(name => `%${name}s`), '%(process_num)', '%(program_name)']
  const shapes = [
    'd',
    '02d',
    '-5d',
    '+d',
    ' d',
    '#x',
    'X',
    'o',
    '08.3d',
    '5s',
    '.2s',
    '-6s',
    'r',
    'c',
    'i',
    'u',
    '#o',
    '05x',
  ]
  const formats = fc
    .sample(textOf('a ', ...directives, ...shapes), 4000)
    .filter(it => !/%[-#0 +]*\d*(\.\d*)?[hlL]?[sra]/.test(it))
  const commands = fc.sample(
    textOf('a', 'b ', ' ', '"', "'", '\\', '\n', '\t', '$X', '#', ';', 'ä', '""', '\\"', '\r'),
    4000,
  )
  const environments = fc.sample(
    textOf('A', 'B=', '=', ',', '"', "'", 'x', ' ', '#', '\n', '%', '$', '\\', 'A="1"', ',B=2', "C='3'", '~', ';', '/'),
    6000,
  )
  const theirs = ask({ formats, commands, environments })
  agree(formats, theirs.formats ?? [], expand)
  agree(commands, theirs.commands ?? [], split)
  agree(environments, theirs.environments ?? [], pairs)
})

/**
 * A message without what differs: the place, the names that could have been used, what foster keeps to itself. When a
 * group names two programs, supervisord calls the group by the first one. Two messages it forgets to format.
 */
function plainly(message: string): string {
  const text = message.replace(/ in section '.*$/s, '').replace(/ Available names:.*$/s, '')
  return text
    .replace(/^Format string .* for '(supervisord\.)?environment'/s, "Format string *** for 'environment'")
    .replace(/(?<=pairs in value ).*$/s, '***')
    .replace(/(?<=^Source contains parsing errors).*$/s, '')
    .replace(/^\[\w+:\w+\](?= names unknown)/, '[group]')
    .replace(/^\('(.*)%s(.*)', '(.*)'\)/, '$1$3$2')
}

const files = globSync(`${folder}/*.conf`).sort()
const answers = missing ? [] : (ask({ files }).files ?? [])

test('there are enough files', () => assert.ok(files.length >= 60, `only ${files.length}`))

for (const [index, file] of files.entries()) {
  const name = file.slice(folder.length + 1)
  test(name, { skip: missing }, () => {
    const theirs = answers[index] ?? {}
    const { diagnostics, ...ours } = loadFile(file)
    if (onlyOurs.test(name)) {
      assert.notEqual(ours.error, undefined, 'foster takes it by now')
      assert.equal(theirs.error, undefined, 'supervisord refuses it as well')
      return
    }
    assert.equal(ours.error === undefined, theirs.error === undefined, `${theirs.error ?? ours.error}`)
    if (theirs.error !== undefined) {
      const said = diagnostics.map(({ message }) => plainly(message))
      const heard = plainly(theirs.error)
      assert.ok(
        said.some(it => heard.includes(it)),
        `supervisord says: ${heard}\nfoster: ${said.join('\n')}`,
      )
      return
    }
    const { warnings: _warnings, ...expected } = theirs
    assert.deepEqual(ours, expected)
  })
}
