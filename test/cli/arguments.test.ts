import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandWords, parseArguments } from '../../src/cli/arguments.ts'

const parse = (line: string) => parseArguments(line.split(' ').filter(Boolean), '1.2.3')
const run = (more: object) => ({ command: 'run', files: [], group: false, zeroCodes: [], argv: [], ...more })

test('without a word foster is the init', () => {
  assert.deepEqual(parse(''), run({}))
  assert.deepEqual(parse('run'), run({}))
  assert.deepEqual(parse('-c a.yaml --config b.yaml'), run({ files: ['a.yaml', 'b.yaml'] }))
})

test('what follows CMD belongs to CMD, with and without --', () => {
  const argv = ['nginx', '-g', 'daemon', '-c', 'x', '--help', '--']
  assert.deepEqual(parse('nginx -g daemon -c x --help --'), run({ argv }))
  assert.deepEqual(parse('-- nginx -g daemon -c x --help --'), run({ argv }))
  assert.deepEqual(parse('run -g -- nginx -g daemon -c x --help --'), run({ argv, group: true }))
})

test('after -- there are no words of foster, and none of its options', () => {
  for (const word of ['check', 'config', 'help', 'version', 'run', 'status', '--help', '-c', '--']) {
    assert.deepEqual(parse(`-- ${word}`), run({ argv: [word] }))
    assert.deepEqual(parse(`run -g -- ${word}`), run({ argv: [word], group: true }))
  }
  assert.deepEqual(parse('ls --help'), run({ argv: ['ls', '--help'] }))
  assert.deepEqual(parse('-g ls check'), run({ argv: ['ls', 'check'], group: true }))
})

test('options may have their value attached, and stand together', () => {
  const given = run({ group: true, zeroCodes: [143], files: ['a', 'b', 'c'], argv: ['ls', '-e'] })
  assert.deepEqual(parse('-ca --config=b -gc c -e143 ls -e'), given)
})

test('options before CMD are ours', () => {
  const given = parse('-g -e 143 -e 0 -c f.yaml sh -c exit')
  assert.deepEqual(given, run({ group: true, zeroCodes: [143, 0], files: ['f.yaml'], argv: ['sh', '-c', 'exit'] }))
})

test('check and config', () => {
  assert.deepEqual(parse('check -c a.yaml'), { command: 'check', files: ['a.yaml'], json: false })
  assert.deepEqual(parse('config --origins'), { command: 'config', files: [], origins: true, showSecrets: false })
})

test('export', () => {
  const given = { command: 'export', files: [], format: 'kubernetes', image: 'i', name: undefined, showSecrets: false }
  assert.deepEqual(parse('export kubernetes --image i'), given)
  const whole = { ...given, format: 'compose', files: ['a', 'b'], name: 'shop', showSecrets: true }
  assert.deepEqual(parse('export --show-secrets --name shop compose -c a --image=i -c b'), whole)
  for (const [line, message] of [
    ['export kubernetes', /required option '--image <IMAGE>' not specified/],
    ['export --image i', /missing required argument 'FORMAT'/],
    ['export swarm --image i', /Allowed choices are kubernetes, compose/],
    ['export compose --image i --name A_b', /--name A_b: expected a DNS label/],
  ] as const) {
    const fault = parse(line)
    assert.ok(fault.command === 'print' && fault.exitCode === 2, line)
    assert.match(fault.text, message)
    assert.match(fault.text, /Try: foster export --help\n$/)
  }
})

for (const [line, message] of [
  ['--nonsense', /foster: unknown option '--nonsense'/],
  ['-c', /foster: option '-c, --config <FILE>' argument missing/],
  ['-e 256 -- true', /-e 256: an exit code is a number from 0 to 255/],
  ['-e x true', /-e x: an exit code/],
  ['check extra', /foster: too many arguments.*\nA file is named with -c FILE\.\n/],
] as const) {
  test(`a fault of usage: foster ${line}`, () => {
    const given = parse(line)
    assert.ok(given.command === 'print')
    assert.equal(given.exitCode, 2)
    assert.match(given.text, message)
    assert.match(given.text, /Try: foster (check )?--help\n$/)
  })
}

test('help and version go to stdout, with code 0; the help has every option and every word', () => {
  assert.deepEqual(parse('--version'), { command: 'print', text: 'foster 1.2.3\n', exitCode: 0 })
  const help = parse('--help')
  assert.ok(help.command === 'print' && help.exitCode === 0)
  for (const option of ['--config', '--group', '--exit-zero', ...commandWords]) {
    assert.ok(help.text.includes(option), option)
  }
  assert.ok(help.text.split('\n').every(line => line.length <= 90))
})

const client = (request: object, socket?: string) => ({ command: 'client', request, socket })

test('commands for a running foster', () => {
  const tail = { do: 'tail', name: 'web', stream: 'stdout', bytes: 1600, follow: false, json: false }
  const act = { names: ['web'], wait: true, timeout: undefined, json: false }
  const logs = { do: 'logs', names: [], stream: undefined, lines: undefined, follow: false, json: false }
  for (const [line, request] of [
    ['status', { do: 'status', names: [], json: false }],
    ['status web:0 backend:* --json', { do: 'status', names: ['web:0', 'backend:*'], json: true }],
    ['start web', { do: 'start', ...act }],
    ['stop --no-wait web db', { do: 'stop', ...act, names: ['web', 'db'], wait: false }],
    ['restart web --timeout 1m30s', { do: 'restart', ...act, timeout: 90_000 }],
    ['signal HUP web', { do: 'signal', signal: 'HUP', names: ['web'], json: false }],
    ['tail web', tail],
    ['tail -100 web', { ...tail, bytes: 100 }],
    ['tail -f -100 web stderr', { ...tail, bytes: 100, follow: true, stream: 'stderr' }],
    ['logs', logs],
    ['logs -fn5 web', { ...logs, follow: true, lines: 5, names: ['web'] }],
    ['events -f --since 7', { do: 'events', names: [], since: 7, follow: true, json: false }],
    ['pid', { do: 'pid', names: [], json: false }],
    ['health', { do: 'health', kind: 'ready', json: false }],
    ['health --live', { do: 'health', kind: 'live', json: false }],
    ['graph --format dot', { do: 'graph', format: 'dot' }],
    ['graph --json', { do: 'graph', format: 'json' }],
    ['config --running', { do: 'config' }],
    ['reload --dry-run', { do: 'reload', dryRun: true, json: false }],
    ['shutdown', { do: 'shutdown', json: false }],
  ] as const) {
    assert.deepEqual(parse(line), client(request), line)
  }
  assert.deepEqual(parse('status --socket /s'), client({ do: 'status', names: [], json: false }, '/s'))
})

for (const [line, message] of [
  ['start', /missing required argument 'NAME'/],
  ['signal HUP', /missing required argument 'NAME'/],
  ['tail web stdin', /Allowed choices are stdout, stderr/],
  ['logs -n x', /Expected a whole number/],
  ['stop web --timeout soon', /Expected a duration/],
  ['health --live --startup', /cannot be used with/],
  ['config --running -c f', /cannot be used with/],
  ['status --socket=', /Expected a path/],
  ['status --sokcet /s', /unknown option '--sokcet'\n\(Did you mean --socket\?\)/],
] as const) {
  test(`a fault of usage: foster ${line}`, () => {
    const given = parse(line)
    assert.ok(given.command === 'print' && given.exitCode === 2, JSON.stringify(given))
    assert.match(given.text, message)
    assert.match(given.text, new RegExp(`Try: foster ${line.split(' ')[0]} --help\n$`))
  })
}

test('help of a command, and of none', () => {
  assert.deepEqual(parse('help status'), parse('status --help'))
  const text = 'foster: there is no command "sttus"\nTry: foster --help\n'
  assert.deepEqual(parse('help sttus'), { command: 'print', text, exitCode: 2 })
})

test('version as JSON', () => {
  assert.deepEqual(parse('version'), { command: 'print', text: 'foster 1.2.3\n', exitCode: 0 })
  assert.deepEqual(parse('version --json'), { command: 'print', text: '{"version":"1.2.3"}\n', exitCode: 0 })
})
