/** What holds for every export, and what must not get into one. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the text of configurations
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { exported } from '../../../src/config/export/export.ts'
import { load } from '../../../src/config/load.ts'
import { configuration, jsonFile } from '../arbitrary.ts'
import { factsOf } from '../facts.ts'
import { type Compose, exportOf, formats, loadText, type Pod, readCompose, readPod } from './rig.ts'

const numbers = {
  period: fc.constantFrom('1ms', '1s', '90s'),
  timeout: fc.constantFrom('1ms', '2500ms'),
  initial_delay: fc.constantFrom('0s', '1ms', '1h'),
  start_period: fc.constantFrom('0s', '1m'),
  failure_threshold: fc.integer({ min: 1, max: 100 }),
}
const check = fc.constantFrom(
  { exec: 'true $(X) $$' },
  { http: 'http://localhost:80/' },
  { http: { url: 'https://[::1]/a?b', headers: { A: 'hunter2' } } },
  { http: 'http://unix:/run/app.sock:/ready' },
  { tcp: 80 },
  { tcp: 'db:80' },
  { file: '/run/ready' },
  { notify: true },
)
const probe = fc.tuple(check, fc.record(numbers, { requiredKeys: [] })).map(parts => Object.assign({}, ...parts))
const probes = fc.record({ startup: probe, readiness: probe, liveness: probe }, { requiredKeys: [] })

/** With replicas and probes, where they may be. */
const anything = fc.tuple(
  configuration,
  fc.array(probes, { minLength: 4, maxLength: 4 }),
  fc.integer({ min: 1, max: 3 }),
)

test('any plan gives YAML of the right shape, with names of their own and in an order that can be started', () => {
  let count = 0
  fc.assert(
    fc.property(anything, fc.boolean(), ([value, list, replicas], showSecrets) => {
      const file = JSON.parse(JSON.stringify(value)) as { programs: Record<string, Record<string, unknown>> }
      for (const [index, program] of Object.values(file.programs).entries()) {
        if (program.kind !== 'task') Object.assign(program, { probes: list[index], replicas })
      }
      const loaded = loadText(jsonFile(file), { A: 'a', B: 'b' })
      fc.pre(loaded.plan !== undefined)
      count++
      const pod = readPod(exportOf(loaded, 'kubernetes', showSecrets))
      const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
      assert.equal(new Set(containers.map(({ name }) => name)).size, containers.length)
      const compose = readCompose(exportOf(loaded, 'compose', showSecrets))
      assert.deepEqual(namesOf(compose), containers.map(({ name }) => name).sort())
      checkNetwork(compose)
      checkOrder(compose, pod)
    }),
    { numRuns: 150 },
  )
  assert.ok(count > 50, `${count} plans only`)
})

const isPause = (service: Compose['services'][string] | undefined): boolean => service?.entrypoint[0] === 'sleep'

function namesOf({ services }: Compose): readonly string[] {
  return Object.keys(services)
    .filter(name => !isPause(services[name]) || !name.startsWith('network'))
    .sort()
}

/** All are in the network of one, which waits for nobody. */
function checkNetwork({ services }: Compose): void {
  const names = Object.keys(services)
  const owners = names.filter(name => services[name]?.network_mode === undefined)
  const [owner = ''] = owners
  assert.equal(owners.length, 1)
  assert.equal(services[owner]?.depends_on, undefined)
  for (const name of names) {
    if (name !== owner) assert.equal(services[name]?.network_mode, `service:${owner}`)
  }
}

/** What a container depends on is an init container before it, so that Kubernetes does not wait for ever. */
function checkOrder({ services }: Compose, { spec }: Pod): void {
  const initial = (spec.initContainers ?? []).map(({ name }) => name)
  for (const [name, service] of Object.entries(services)) {
    for (const [on, { condition }] of Object.entries(service.depends_on ?? {})) {
      const place = initial.indexOf(on)
      assert.ok(place !== -1, `${on} is no init container`)
      if (initial.includes(name)) assert.ok(place < initial.indexOf(name), `${on} before ${name}`)
      if (condition === 'service_healthy') assert.ok(services[on]?.healthcheck && 'test' in services[on].healthcheck)
    }
  }
}

const secret = `
programs:
  web:
    command: [web, "\${TOKEN}", "--token=\${TOKEN}"]
    working_dir: /srv/\${TOKEN}
    stop_command: stop \${TOKEN}
    env_file: .env
    environment: { MASKED: "\${TOKEN}", DEFAULT: "\${NONE:-hunter2}", INHERITED: , LITERAL: shown }
    secrets: { KEY: /run/secrets/key }
    probes:
      startup: { exec: "probe \${TOKEN}" }
      readiness: { http: { url: "http://localhost/\${TOKEN}", headers: { Authorization: hunter2 } } }
      liveness: { file: "/run/\${TOKEN}" }
  worker:
    command: worker
    environment: [MASKED=other, "LISTED=\${TOKEN}"]
    healthcheck: { test: "check \${TOKEN}" }
`
const variables = { TOKEN: 'hunter2', INHERITED: 'hunter2', FOSTER_PROGRAM_WEB__ENVIRONMENT__SET: 'hunter2' }

for (const format of formats) {
  test(`${format}: what came from a variable is not in it unless it is asked for`, () => {
    const loaded = loadText(secret, variables)
    const text = exportOf(loaded, format)
    assert.doesNotMatch(text, /hunter2/)
    assert.match(text, /shown/)
    assert.match(text, /other/)
    const whole = exportOf(loaded, format, true)
    for (const value of ['--token=hunter2', '/srv/hunter2', 'stop, hunter2']) assert.ok(whole.includes(value), value)
    // Files of secrets are not read by an export, whatever is asked.
    assert.match(whole, /KEY/)
    assert.doesNotMatch(whole, /\*\*\*/)
  })
}

test('a variable that means two values in two containers refers to two', () => {
  const text = `
programs:
  a: { command: a, secrets: { P: /a } }
  b: { command: b, secrets: { P: /b } }
  c: { command: c, secrets: { P: /a } }
`
  const pod = readPod(exportOf(loadText(text), 'kubernetes'))
  const keys = pod.spec.containers.map(({ env = [] }) => env[0]?.valueFrom?.secretKeyRef.key)
  assert.deepEqual(keys, ['P', 'b_P', 'P'])
  assert.match(exportOf(loadText(text), 'compose'), /export b_P="\$\(cat \/b\)"/)
})

test('text cannot end a comment, nor be taken for another type', () => {
  const text = 'programs: {web: {command: [a], environment: {"B\\nkind: List": x, N: "012", Y: y, T: "1:30", E: ""}}}'
  const written = exportOf(loadText(text), 'kubernetes')
  const pod = readPod(written)
  const env = Object.fromEntries((pod.spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]))
  assert.deepEqual(env, { N: '012', Y: 'y', T: '1:30', E: '' })
  assert.doesNotMatch(written, /^ *kind: List/m)
})

test('the name is that of the folder, but for those of the system', () => {
  const loaded = loadText('programs: {web: {command: web}}')
  for (const [file, name] of [
    ['/srv/My Shop/foster.yaml', 'my-shop'],
    ['/etc/foster.yaml', 'foster'],
    ['/etc/foster/foster.yaml', 'foster'],
    ['/foster.yaml', 'foster'],
    ['/dev/fd/3', 'foster'],
  ] as const) {
    const wanted = { format: 'compose', image: 'i', name: undefined, showSecrets: false } as const
    assert.match(exported(loaded, [file], wanted) ?? '', new RegExp(`^name: ${name}$`, 'm'), file)
  }
})

const policies = [
  ['{a: {command: a, kind: task}, b: {command: b, kind: task, depends_on: [a]}}', 'OnFailure', ['a'], ['b']],
  ['{a: {command: a, restart: never}}', 'Never', [], ['a']],
  ['{a: {command: a, restart: always}, b: {command: b}}', 'Always', [], ['a', 'b']],
  ['{db: {command: db}, t: {command: t, kind: task, depends_on: [db]}}', 'OnFailure', ['db'], ['t']],
  ['{a: {command: a}, b: {command: b, depends_on: {a: completed}}}', 'OnFailure', ['a'], ['b']],
  ['{a: {command: a, autostart: false}, b: {command: b, depends_on: [a]}}', 'OnFailure', ['a'], ['b']],
] as const

for (const [programs, policy, initial, main] of policies) {
  test(`the parts of ${programs}`, () => {
    const { spec } = readPod(exportOf(loadText(`programs: ${programs}`), 'kubernetes'))
    assert.equal(spec.restartPolicy, policy)
    assert.deepEqual(
      (spec.initContainers ?? []).map(({ name }) => name),
      initial,
    )
    assert.deepEqual(
      spec.containers.map(({ name }) => name),
      main,
    )
  })
}

test('names that become the same label stay apart, and are no longer than a label may be', () => {
  const long = 'x'.repeat(60)
  const names = ['Web', 'web', 'web-0', 'WEB', `${long}-a`, `${long}_a`]
  const programs = Object.fromEntries(
    names.map(name => [name, { command: 'web', ...(name === 'WEB' && { replicas: 2 }) }]),
  )
  const loaded = loadText(JSON.stringify({ programs }))
  const { spec } = readPod(exportOf(loaded, 'kubernetes'))
  const labels = spec.containers.map(({ name }) => name)
  assert.deepEqual(labels.slice(0, 5), ['web', 'web-2', 'web-0', 'web-0-2', 'web-1'])
  assert.equal(new Set(labels).size, 7)
  assert.deepEqual(Object.keys(readCompose(exportOf(loaded, 'compose')).services), labels)
})

test('what only a Supervisor file has is named', () => {
  const text = '[supervisord]\n[fcgi-program:php]\ncommand=php\nsocket=unix:///run/php.sock\n'
  const loaded = load(['/srv/shop/s.conf'], factsOf({ '/srv/shop/s.conf': text }))
  for (const format of formats) {
    assert.match(exportOf(loaded, format), /# .*a FastCGI program of Supervisor's: .* leave it out/, format)
  }
})
