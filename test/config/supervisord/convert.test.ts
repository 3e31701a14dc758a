/** `foster convert`: the YAML that it writes gives the plan that the Supervisor file gives, but for what its head says. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { load } from '../../../src/config/load.ts'
import { convertSupervisor } from '../../../src/config/supervisord/convert.ts'
import type { LogTarget } from '../../../src/core/log-plan.ts'
import type { OutputStream } from '../../../src/core/output.ts'
import type { Plan, Program } from '../../../src/core/plan.ts'
import { render } from '../../../src/errors.ts'
import { facts, loadCase, names } from './corpus.ts'

/** Output for the system's log alone is foster's in YAML. */
function visible(targets: readonly LogTarget[], stream: OutputStream): readonly LogTarget[] {
  const others = targets.filter(({ to }) => to !== 'syslog')
  return others.length === 0 && targets.length > 0 ? [{ to: 'forward', stream }] : others
}

/**
 * A program without what the head of the converted file speaks of. Names that YAML does not allow are others, and
 * processes that say the same are replicas.
 */
function comparable(program: Program, order: ReadonlyMap<string, readonly number[]>): object {
  const { name: _name, group: _group, rules: _rules, setsIdentity: _sets, priority: _priority, ...rest } = program
  const { replica: _replica, log, ...same } = rest
  const { events: _events, stripAnsi: _strip, ...plain } = log
  const logged = {
    ...plain,
    stdout: visible(log.stdout, 'stdout'),
    stderr: log.stderr === 'stdout' ? log.stderr : visible(log.stderr, 'stderr'),
  }
  const own = Object.entries(program.environment).filter(([variable]) => !variable.startsWith('SUPERVISOR_'))
  const dependsOn = program.dependsOn.flatMap(it => (order.get(it.program) ?? []).map(at => ({ ...it, program: at })))
  return { ...same, log: logged, environment: Object.fromEntries(own), dependsOn }
}

function comparablePlan({ stays: _stays, ownPidFile: _pid, supervisor: _clients, programs, ...plan }: Plan): object {
  const order = new Map<string, number[]>()
  const known = programs.filter(
    ({ log, socket }) => socket === undefined && !log.stdout.some(({ to }) => to === 'protocol'),
  )
  known.forEach(({ name }, index) => void order.set(name, [...(order.get(name) ?? []), index]))
  return { ...plan, programs: known.map(program => comparable(program, order)) }
}

const convertible = names.filter(name => loadCase(name).plan !== undefined)

test('most cases can be converted', () => assert.ok(convertible.length > 40))

for (const name of convertible) {
  test(name, () => {
    const { plan, written } = loadCase(name)
    assert.ok(plan !== undefined && written?.supervisor !== undefined)
    const yaml = convertSupervisor(written.supervisor)
    const again = load(['foster.yaml'], { ...facts, readFile: () => yaml }, { allowEmpty: true })
    const faults = again.diagnostics.filter(({ severity }) => severity === 'error')
    assert.deepEqual(
      faults.map(it => render(it, again.source)),
      [],
      yaml,
    )
    assert.ok(again.plan !== undefined)
    assert.deepEqual(comparablePlan(again.plan), comparablePlan(plan), yaml)
  })
}

test('variables of foster stay variables, those of the file are written out', () => {
  const braced = (name: string): string => `$\{${name}}`
  const text = [
    '[supervisord]',
    'environment=STAGE="prod"',
    '[program:a]',
    `command=a --port=%(ENV_APP_PORT)s --stage %(ENV_STAGE)s %(ENV_APP_PORT)5s ${braced('X')}`,
    `environment=URL="http://h:%(ENV_APP_PORT)s/${braced('Y')}"`,
  ].join('\n')
  const { written } = load(['a.conf'], { ...facts, readFile: () => text })
  const yaml = convertSupervisor(written?.supervisor ?? assert.fail('it is faulty'))
  const lines = yaml.split('\n').map(line => line.trim())
  const port = braced('APP_PORT')
  assert.ok(lines.includes(`command: [a, "--port=${port}", "--stage", prod, "8080", "$${braced('X')}"]`), yaml)
  assert.ok(lines.includes(`URL: "http://h:${port}/$${braced('Y')}"`), yaml)
})

test('FastCGI programs are left out, and nothing waits for them', () => {
  const text = [
    '[supervisord]',
    '[fcgi-program:php]',
    'command=php',
    'socket=unix:///run/php.sock',
    '[program:web]',
    'command=web',
    'depends_on=php',
    '[program:cron]',
    'command=cron',
    'depends_on=php, web',
  ].join('\n')
  const { written } = load(['a.conf'], { ...facts, readFile: () => text })
  const yaml = convertSupervisor(written?.supervisor ?? assert.fail('it is faulty'))
  assert.match(yaml, /Left out:\n# {5}\[fcgi-program:php\]\n/)
  const { plan } = load(['foster.yaml'], { ...facts, readFile: () => yaml })
  assert.deepEqual(
    plan?.programs.map(({ name, dependsOn }) => [name, dependsOn.map(it => it.program)]),
    [
      ['cron', ['web']],
      ['web', []],
    ],
    yaml,
  )
})

describe('what goes to a file that has other output already', () => {
  const convert = (text: string): string => {
    const { written } = load(['a.conf'], { ...facts, readFile: () => `[supervisord]\n${text}` })
    return convertSupervisor(written?.supervisor ?? assert.fail('it is faulty'))
  }
  const logs = (yaml: string) => {
    const { plan, diagnostics } = load(['foster.yaml'], { ...facts, readFile: () => yaml })
    const faults = diagnostics.filter(({ severity }) => severity === 'error')
    assert.deepEqual(faults, [], yaml)
    const wordOf = (target: LogTarget): string => (target.to === 'file' ? target.path : target.to)
    return plan?.programs.map(({ name, log: { stdout, stderr } }) =>
      [name, stdout.map(wordOf), stderr === 'stdout' ? stderr : stderr.map(wordOf)].join(' '),
    )
  }

  test('both streams of a program are joined', () => {
    const yaml = convert(
      '[program:web]\ncommand=web\nstdout_logfile=/var/log/web.log\nstderr_logfile=/var/log/./web.log\n',
    )
    assert.deepEqual(logs(yaml), ['web /var/log/web.log stdout'])
  })

  test("what would go to another program's file is passed on, and said", () => {
    const program = (name: string) => `[program:${name}]\ncommand=${name}\nstdout_logfile=/var/log/all.log\n`
    const yaml = convert(
      `${program('api')}stderr_logfile=/var/log/api.err\n${program('web')}stderr_logfile=/var/log/all.log\n`,
    )
    assert.deepEqual(logs(yaml), ['api /var/log/all.log /var/log/api.err', 'web forward stdout'])
    assert.match(
      yaml,
      /# stdout is passed on to foster's, in place of \/var\/log\/all\.log, which api writes to, too\n/,
    )
  })

  test('so is what several processes of a program would write', () => {
    const yaml = convert(
      '[program:w]\ncommand=w\nnumprocs=2\nprocess_name=w%(process_num)d\nstdout_logfile=/var/log/w.log\nstderr_logfile=/var/log/w.log\n',
    )
    assert.deepEqual(logs(yaml), ['w forward stdout', 'w forward stdout'])
  })
})

test('that nothing is left to write down is said in the file', () => {
  const { written } = load(['a.conf'], { ...facts, readFile: () => '[supervisord]\n' })
  const yaml = convertSupervisor(written?.supervisor ?? assert.fail('it is faulty'))
  assert.match(yaml, /\n# There are no programs to write down, and foster asks for one:\nprograms: \{\}\n$/)
})
