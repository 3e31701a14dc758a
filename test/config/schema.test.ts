/** The schema for editors agrees with the loader, and what is said of each key is true. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { jsonSchema } from '../../docs/json-schema.ts'
import { type Key, keysOf, program, top } from '../../docs/sections.ts'
import { load } from '../../src/config/load.ts'
import { loadCase, names, textOf } from './corpus.ts'
import { factsOf } from './facts.ts'

const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(JSON.parse(jsonSchema()))

/** Rejected by the loader alone, for what a JSON Schema cannot say. */
const beyond: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'what variables add or set': [
      'bad-variables',
      'bad-variables-one-level-more',
      'bad-no-command',
      'bad-no-programs',
      'bad-no-programs-yet',
      'bad-two-underscores',
      'bad-variable-command-list',
      'bad-variables-types',
    ],
    'what variables add to an empty file': ['bad-empty', 'bad-only-comments'],
    'what a variable is set to': [
      'bad-interpolation',
      'bad-several-unset',
      'bad-message-of-a-variable',
      'bad-interpolated-types',
    ],
    'the words of a command': ['bad-command-needs-shell', 'bad-command-quotes', 'bad-shell-with-list'],
    'accounts, rules, places': ['bad-control', 'bad-http', 'bad-http-token', 'bad-http-token-sign'],
    'accounts, and who foster is': ['bad-users', 'bad-user-without-root', 'bad-user-other-group'],
    'what the kernel lets foster do': ['bad-process-limits', 'bad-process-settings-without-root'],
    'one program beside another': ['bad-cycle', 'bad-too-many-processes', 'bad-two-terminals', 'bad-inherit-and-tty'],
    'one value beside another': [
      'bad-healthcheck-beside-a-probe',
      'bad-restart-twice',
      'bad-log-probe-unread',
      'bad-shutdown-budget',
    ],
    'names of variables': ['bad-environment-names', 'bad-secrets-without-names', 'bad-secrets-names'],
    'other files': [
      'bad-include-missing',
      'bad-interpolated-include',
      'bad-env-file-quotes',
      'bad-include-cycle',
      'bad-include-in-a-variable',
    ],
    'names of programs': ['bad-signals'],
    'tags, which are gone when it is asked': ['bad-tag'],
  }).flatMap(([reason, cases]) => cases.map(name => [name, reason] as const)),
)

/** What an editor would say of a text. */
function editorAccepts(text: string): boolean {
  try {
    return validate(parse(text, { merge: true, maxAliasCount: 1000 }) ?? {})
  } catch {
    return false
  }
}

for (const name of names.filter(it => !/^# load:/m.test(textOf(it)))) {
  test(`${name}: editors and the loader agree`, () => {
    const { plan } = loadCase(name)
    const accepted = editorAccepts(textOf(name))
    const expected = plan !== undefined || beyond.has(name)
    assert.equal(accepted, expected, JSON.stringify(validate.errors ?? []).slice(0, 500))
  })
}

/** What a map with keys of the user's choice has here, and what must stand beside a key. */
const chosen: Readonly<Record<string, string>> = { depends_on: 'db', ulimits: 'nofile', signals: 'USR1' }
const beside = (name: string): object => {
  const own = name.split('.').at(-1) ?? ''
  if (name === 'env_file.required') return { path: '.env' }
  if (name.startsWith('control.access.')) {
    return { ...(own !== 'group' && own !== 'user' && { user: 'app' }), ...(own !== 'allow' && { allow: ['status'] }) }
  }
  if (/^log\.std\w+\./.test(name) && own !== 'file') return { file: 'a.log' }
  if (name === 'http.token') return { listen: 9000 }
  if (name.startsWith('healthcheck.')) return { test: 'x' }
  if (name.endsWith('.http.headers')) return { url: 'http://localhost/' }
  if (name === 'pid_file') return { kind: 'daemon' }
  if (name === 'start_timeout') return { kind: 'daemon', pid_file: '/run/x.pid' }
  return /^probes\.\w+\./.test(name) && !probeWays.includes(own) ? { tcp: 1 } : {}
}
const probeWays = ['exec', 'http', 'tcp', 'log', 'fd', 'notify', 'file', 'url', 'headers']

/** A configuration in which a key of a program or of the top level has a value. */
function around({ name }: Key, example: string, isProgram: boolean): unknown {
  const path = name.split('.').slice(0, -1)
  const value = path.reduceRight<object>(
    (below, key) => ({ [key === 'NAME' ? (chosen[path[0] ?? ''] ?? key) : key]: key === 'access' ? [below] : below }),
    { ...beside(name), ...parse(example) },
  )
  const web = { command: 'x', ...(isProgram && value) }
  return { programs: { web, db: { command: 'y' } }, ...(!isProgram && value) }
}

const files = { '.env': 'A=b', 'local.env': '', 'conf.d/a.yaml': '' }
const all = [keysOf(top).map(key => [key, false] as const), keysOf(program).map(key => [key, true] as const)].flat()

for (const [key, isProgram] of all) {
  const isLater = all.some(
    ([other, of]) =>
      of === isProgram && other.about.later && (key.name === other.name || key.name.startsWith(`${other.name}.`)),
  )
  test(`the example of ${key.name} ${isLater ? 'is only too early' : 'is accepted'}`, () => {
    const { name, about } = key
    assert.equal(Object.keys(parse(about.example)).join(), name.split('.').at(-1))
    const value = around(key, about.example, isProgram)
    const { diagnostics } = load(['a.yaml'], factsOf({ ...files, 'a.yaml': JSON.stringify(value) }, { PORT: '1' }))
    const codes = diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code)
    assert.deepEqual(new Set(codes), new Set(isLater ? ['unsupported-key'] : []), JSON.stringify(diagnostics))
    assert.equal(validate(value), !isLater, JSON.stringify(validate.errors))
    assert.match(key.description, /^.*\.$/)
  })
}

test('the defaults that are written down are those that hold', () => {
  const usual = (keys: readonly Key[], above: string): object =>
    Object.fromEntries(
      keys
        .filter(({ about, name }) => about.usual !== undefined && !about.later && name.startsWith(above))
        .map(({ name, about }) => [name.slice(above.length), about.usual])
        .filter(([name]) => !String(name).includes('.')),
    )
  const ofProgram = { ...usual(keysOf(program), ''), backoff: usual(keysOf(program), 'backoff.') }
  const ofTop = { ...usual(keysOf(top), ''), shutdown: usual(keysOf(top), 'shutdown.') }
  const said = { ...ofTop, programs: { web: { ...ofProgram, command: 'x' } } }
  const from = (value: object) => load(['a.yaml'], factsOf({ 'a.yaml': JSON.stringify(value) }))
  const { plan, diagnostics } = from(said)
  assert.ok(plan, JSON.stringify(diagnostics))
  assert.deepEqual(plan, from({ programs: { web: { command: 'x' } } }).plan)
  assert.ok(Object.keys(ofProgram).length > 15)
})
