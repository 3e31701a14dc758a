/** What `foster config` prints: it loads to an equal plan, says where values come from, and hides what may be secret. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the text of configurations
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Loaded, load } from '../../src/config/load.ts'
import { printPlan } from '../../src/config/print.ts'
import { checkReport } from '../../src/config/report.ts'
import { configuration, jsonFile } from './arbitrary.ts'
import { factsOfCase, loadCase, names, textOf } from './corpus.ts'
import { factsOf } from './facts.ts'

type Texts = Readonly<Record<string, string>>

const shown = { origins: false, showSecrets: true }

function printed({ plan, written, diagnostics }: Loaded, options = shown): string {
  assert.ok(plan && written, JSON.stringify(diagnostics))
  return printPlan(plan, written, options)
}

/** Fails unless the printed plan loads to an equal one, and prints the same text again. */
function returns(loaded: Loaded, facts = factsOf({})): void {
  for (const options of [shown, { origins: true, showSecrets: true }]) {
    const text = printed(loaded, options)
    const again = load(['printed.yaml'], { ...facts, environment: {}, readFile: () => text })
    assert.deepEqual(
      again.diagnostics.filter(({ severity }) => severity === 'error'),
      [],
      text,
    )
    assert.deepEqual(again.plan, loaded.plan, text)
    if (!options.origins) assert.equal(printed(again), text)
  }
}

for (const name of names) {
  const loaded = loadCase(name)
  if (loaded.plan === undefined) continue
  test(`${name} is printed so that it loads to the same`, () => returns(loaded, factsOfCase(textOf(name))))
}

test('any plan is printed so that it loads to an equal plan', () => {
  fc.assert(
    fc.property(configuration, fc.constantFrom('', 'x', '%(name) ${B}', '\uFFFD'), (value, A) => {
      const loaded = load(['a.yaml'], factsOf({ 'a.yaml': jsonFile(value) }, { A, B: '1' }))
      // A few names are refused where two lists of variables are merged.
      fc.pre(loaded.plan !== undefined)
      returns(loaded)
    }),
    { numRuns: 200 },
  )
})

const files: Texts = {
  'foster.yaml': `include: [more.yaml]
defaults: {restart: always}
env_file: .env
programs:
  web:
    command: nginx -p \${PORT} -c \${CONF:-hidden}
    environment: {PASSWORD: hunter2, PATH: }
    secrets: {KEY: /run/hunter2}
    stop_signal: INT
`,
  'more.yaml':
    'programs:\n  db:\n    command: [db, "${PORT}", plain]\n    user: ${WHO}\n    depends_on: {web: "${HOW}"}\n',
  '.env': 'A=b\n\nFROM_FILE=hunter2\n',
}
const environment = { PORT: 'hunter2', PATH: '/bin', WHO: 'app', HOW: 'ready', FOSTER_PROGRAM_WEB__STOP_SIGNAL: 'QUIT' }

test('origins are files with their lines, variables, and the defaults', () => {
  const text = printed(load(['foster.yaml'], factsOf(files, environment)), { origins: true, showSecrets: false })
  const origin = (key: string): string | undefined =>
    new RegExp(`^ +${key}: .*?  # (.*)$`, 'm').exec(text.slice(text.indexOf('  web:')))?.[1]
  assert.equal(origin('command'), 'foster.yaml:6')
  assert.equal(origin('restart'), 'foster.yaml:2')
  assert.equal(origin('stop_signal'), 'FOSTER_PROGRAM_WEB__STOP_SIGNAL')
  assert.equal(origin('kind'), 'default')
  assert.equal(origin('FROM_FILE'), '.env:3')
  assert.equal(origin('PATH'), "foster.yaml:7, foster's environment")
  assert.match(text, /command: \[db, "\*\*\*", plain\] +# more.yaml:3/)
})

test('what may be secret is masked unless it is asked for, and the text says so', () => {
  const loaded = load(['foster.yaml'], factsOf(files, environment))
  const text = printed(loaded, { origins: true, showSecrets: false })
  assert.doesNotMatch(text, /hunter2|\/bin|hidden|app/)
  assert.match(text, /^# .*masked/m)
  assert.match(text, /command: "nginx -p \*\*\* -c \*\*\*"/)
  const whole = printed(loaded)
  assert.match(whole, /hunter2/)
  assert.doesNotMatch(whole, /masked/)
})

test('passwords of URLs are masked wherever they stand', () => {
  const text = `programs:
  web:
    command: [psql, postgres://app:hunter2@db/shop]
    stop_command: curl http://app:hunter2@localhost/\${HOME}
    probes: {readiness: {http: {url: "http://app:hunter2@localhost/"}}}`
  const loaded = load(['a.yaml'], factsOf({ 'a.yaml': text }, { HOME: '/' }))
  const masked = printed(loaded, { origins: false, showSecrets: false })
  assert.doesNotMatch(masked, /hunter2/)
  assert.match(masked, /postgres:\/\/\*\*\*@db\/shop/)
  assert.match(masked, /^# .*masked/m)
  assert.equal(printed(loaded).match(/hunter2/g)?.length, 3)
})

test('the report of check is one line of JSON, with places', () => {
  const faulty = load(['a.yaml'], factsOf({ 'a.yaml': 'programs:\n  web: {comand: x}' }, { FOSTER_X: '1' }))
  const report = checkReport(faulty)
  assert.equal(report.indexOf('\n'), report.length - 1)
  assert.deepEqual(JSON.parse(report), {
    ok: false,
    programs: [],
    diagnostics: [
      {
        ...{ code: 'unknown-key', severity: 'error', message: 'unknown key "comand" in program "web"' },
        ...{ hint: 'did you mean "command"?', file: 'a.yaml', line: 2, column: 9, length: 6 },
      },
      {
        ...{ code: 'unknown-variable', severity: 'warning', message: 'foster knows no such variable, it is ignored' },
        variable: 'FOSTER_X',
      },
    ],
  })
})
