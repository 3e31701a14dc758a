import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { load } from '../../../src/config/load.ts'
import { printPlan } from '../../../src/config/print.ts'
import { render } from '../../../src/errors.ts'
import { factsOf } from '../facts.ts'

const base = '[supervisord]\n[program:web]\ncommand=web\n'

function loaded(text: string, environment: Readonly<Record<string, string>> = {}) {
  return load(['s.conf'], factsOf({ 's.conf': text }, environment))
}

/** What is said, one line each without the pictures. */
const said = (text: string, environment: Readonly<Record<string, string>> = {}): readonly string[] =>
  loaded(text, environment).diagnostics.map(({ message }) => message)

test('a file is known by its name or by its first section', () => {
  const files = { 'a.ini': base, b: `; a comment\n\n${base}`, 'c.yaml': '[x]', d: '[a, b]' }
  const counts = Object.keys(files).map(name => load([name], factsOf(files)).plan?.programs.length)
  assert.deepEqual(counts, [1, 1, undefined, undefined])
})

test('a byte order mark is no part of the first section', () => {
  assert.equal(loaded(`\uFEFF${base}`).plan?.programs.length, 1)
})

test('it is not mixed with other files', () => {
  const mixed = 'a Supervisor file cannot be mixed with other configuration files'
  const files = { 's.conf': base, 't.conf': base, 'a.yaml': 'programs: {a: {command: a}}', 'b.yaml': 'include: s.conf' }
  for (const names of [['s.conf', 'a.yaml'], ['s.conf', 't.conf'], ['b.yaml']]) {
    const { plan, diagnostics } = load(names, factsOf(files))
    assert.equal(plan, undefined)
    assert.deepEqual(
      diagnostics.map(it => it.message),
      [mixed],
      names.join(),
    )
  }
  assert.ok(said(base, { FOSTER_CONFIG_INLINE: 'programs: {a: {command: a}}' }).includes(mixed))
})

test("foster's variables win over it", () => {
  const environment = { FOSTER_PROGRAM_WEB__CRITICAL: 'true', FOSTER__SHUTDOWN__TIMEOUT: '25s' }
  const { plan } = loaded(base, environment)
  assert.equal(plan?.programs[0]?.critical, true)
  assert.equal(plan?.programs[0]?.rules, 'supervisor')
  assert.equal(plan?.shutdown.timeout, 25_000)
})

describe('what is secret is not shown', () => {
  const shown = (text: string, environment = {}): string => {
    const { diagnostics, source } = loaded(text, environment)
    assert.ok(diagnostics.length > 0)
    return diagnostics.map(it => render(it, source)).join('\n')
  }

  test('values of environment and passwords', () => {
    const server = '[inet_http_server]\nport=9001\nusername=u\npassword=hunter2\n'
    const lines = [
      'environment=A=hunter3%',
      'environment=A=hunter4,,',
      'environment=A="hunter5',
      'environment=A=hunter6 x',
    ]
    for (const line of lines) assert.ok(!/hunter/.test(shown(`${base}${line}\n${server}`)), line)
  })

  test('what comes from a variable, wherever it ends up', () => {
    const options = ['startsecs', 'stopsignal', 'user', 'exitcodes', 'stdout_logfile_maxbytes', 'umask', 'autorestart']
    for (const option of options) {
      const text = shown(`${base}${option}=%(ENV_PASS)s\n`, { PASS: 'hunter2' })
      assert.ok(!text.includes('hunter2') && text.includes('***'), text)
    }
  })
})

test('what is wrong with a command is seen before it starts', () => {
  assert.deepEqual(said('[supervisord]\n[program:a]\ncommand=\n'), ['the command is empty'])
  const { plan } = loaded('[supervisord]\n[program:a]\ncommand=sh -c "x\n')
  assert.deepEqual(plan?.programs[0]?.command, ['sh -c "x'])
})

test('work is bounded', () => {
  assert.deepEqual(said(`${base}numprocs=10001\nprocess_name=%(process_num)d\n`), ['numprocs is more than 10000'])
  const wide = said(`${base}priority=1\nprocess_name=%(program_name)999999999s\n`)
  assert.ok(wide.join().length < 20_000)
  const many = Array.from(
    { length: 2 },
    (_, i) => `[program:p${i}]\ncommand=x\nnumprocs=6000\nprocess_name=p%(process_num)d\n`,
  )
  assert.ok(said(`[supervisord]\n${many.join('')}`).includes('there are more than 10000 processes'))
})

test('it is printed as YAML, with the place of each value and what YAML has no word for', () => {
  const text = `${base}startsecs=5\nenvironment=A="x"\n`
  const { plan, written } = loaded(text)
  assert.ok(plan !== undefined && written !== undefined)
  const printed = printPlan(plan, written, { origins: true, showSecrets: false })
  assert.match(printed, /^# .*\n# Supervisor's rules of restart.*\n/)
  assert.match(printed, /command: \[web\] +# s\.conf:3\n/)
  assert.match(printed, /start_seconds: 5s +# s\.conf:4\n/)
  assert.match(printed, /A: "\*\*\*" +# s\.conf:5\n/)
  assert.ok(!printed.includes('backoff'))
})

test('that the sockets of FastCGI programs are not shown is said', () => {
  const text = `${base}[fcgi-program:php]\ncommand=php\nsocket=unix:///run/php.sock\n`
  const { plan, written } = loaded(text)
  assert.ok(plan !== undefined && written !== undefined)
  const printed = printPlan(plan, written, { origins: false, showSecrets: false })
  assert.match(printed, /^# What FastCGI programs have as descriptor 0, this does not show: php\.$/m)
  assert.equal(printed.split('\n  php:\n')[1]?.split('environment')[0]?.includes('stdin'), false)
})

test('output goes nowhere in what is printed only where it goes nowhere', () => {
  const streams = {
    listener: '',
    both: 'stdout_logfile=/nowhere/x.log\nstdout_syslog=true\nredirect_stderr=true\nstdout_events_enabled=true\n',
    system: 'stdout_logfile=NONE\nstdout_syslog=true\nstderr_logfile=syslog\n',
    none: 'stdout_logfile=NONE\nstderr_logfile=NONE\n',
  }
  const sections = Object.entries(streams).map(([name, options]) =>
    name === 'listener'
      ? `[eventlistener:${name}]\ncommand=x\nevents=TICK_5\n`
      : `[program:${name}]\ncommand=x\n${options}`,
  )
  const { plan, written, diagnostics } = loaded(`[supervisord]\nstrip_ansi=true\n${sections.join('')}`)
  assert.ok(plan !== undefined && written !== undefined, JSON.stringify(diagnostics))
  const printed = printPlan(plan, written, { origins: false, showSecrets: true })
  const log = (name: string): string | undefined =>
    printed.match(new RegExp(`^  ${name}:\\n(?:    .*\\n)*?    log:\\n((?:      .*\\n)+)`, 'm'))?.[1]
  const rest = '      max_line: 1048576\n      overflow: block\n'
  assert.equal(log('listener'), `      stderr: forward\n${rest}`)
  assert.match(log('both') ?? '', /^ {6}stdout: \{file: \/nowhere\/x.log,.*\}\n {6}stderr: stdout\n/)
  assert.equal(log('system'), rest)
  assert.equal(log('none'), `      stdout: "null"\n      stderr: "null"\n${rest}`)
  assert.match(printed, /^# Output to the system's log, .* does not show: listener, both, system\.$/m)
  assert.match(printed, /^# Output that becomes events, this does not show: both\.$/m)
  assert.match(
    printed,
    /^# Output that loses what steers a terminal, this does not show: listener, both, none, system\.$/m,
  )
})

test('what a pattern matches and cannot be opened is passed over, with a warning', () => {
  const files = { 's.conf': `${base}[include]\nfiles=conf.d/*/x\n` }
  const asked: string[] = []
  const glob = (pattern: string): readonly string[] => {
    asked.push(pattern)
    return ['/conf/conf.d/gone']
  }
  const { plan, diagnostics } = load(['s.conf'], { ...factsOf(files), glob })
  assert.deepEqual(asked, ['/conf/conf.d/*/x'])
  assert.equal(plan?.programs.length, 1)
  assert.deepEqual(
    diagnostics.map(({ severity, message }) => [severity, message]),
    [['warning', 'cannot read /conf/conf.d/gone: there is no such file']],
  )
})

describe('hints are in the words of such a file', () => {
  const hints = (text: string): readonly string[] =>
    loaded(text).diagnostics.map(({ message, hint }) => `${message.split(' ').at(-1)}: ${hint}`)

  test('of files that have output already, whatever rules the program follows', () => {
    const web = `${base}restart=always\nstdout_logfile=/l/web.log\nstderr_logfile=/l/web.log\nstderr_logfile_backups=2\n`
    assert.deepEqual(hints(web), ['already: write "redirect_stderr=true" to join the two'])
    const other = `${base}stdout_logfile=/l/x.log\n[program:z]\ncommand=z\nstdout_logfile=/l/x.log\n`
    assert.match(hints(other).join(), /^already: put %\(program_name\)s into it/)
    const several = `${base}numprocs=2\nprocess_name=%(process_num)d\nstdout_logfile=/l/x.log\n`
    assert.match(hints(several).join(), /^already: put %\(program_name\)s into it, and %\(process_num\)d/)
  })

  test('of the time for the shutdown', () => {
    const text = `${base}priority=1\n[program:db]\ncommand=db\nstopwaitsecs=30\n`
    assert.match(hints(text).join(), /set the variable FOSTER__SHUTDOWN__TIMEOUT=41s/)
  })

  test('of what is written for a program and has its place elsewhere', () => {
    assert.deepEqual(hints(`${base}group=g\npidfile=/run/web.pid\n`), [
      'foster: a group is a section of its own: [group:NAME], with programs=a,b',
      'foster: foster follows the pid file of a program with kind=daemon: "pid_file"',
    ])
  })
})

test('a judge of results whose listeners hear of output alone is not needed; any other is an error', () => {
  const listener = (events: string): string =>
    `${base}stdout_logfile=NONE\nstdout_events_enabled=true\n[eventlistener:out]\ncommand=out\nresult_handler=relay:print\nevents=${events}\n`
  const { plan, diagnostics } = loaded(listener('process_log_stdout, PROCESS_LOG_STDERR'))
  assert.deepEqual(plan?.programs.find(({ name }) => name === 'web')?.log.stdout, [{ to: 'forward', stream: 'stdout' }])
  assert.equal(plan?.supervisor?.groups.find(({ name }) => name === 'out')?.pool?.takesAny, true)
  assert.match(diagnostics[0]?.message ?? '', /^relay:print is Python and is not called/)
  for (const events of ['PROCESS_LOG,TICK_5', 'EVENT', '']) {
    assert.ok(said(listener(events)).includes('relay:print cannot be resolved within [eventlistener:out]'), events)
  }
})

test("without being root, a program can have foster's own user alone", () => {
  const read = (user: string): readonly string[] =>
    load(['s.conf'], factsOf({ 's.conf': `${base}user=${user}\n` }, {}, 1000)).diagnostics.map(({ message }) => message)
  assert.deepEqual(read('app'), [])
  assert.deepEqual(read('www-data'), [
    'cannot run as user "www-data": foster runs as uid 1000, and only root can change the user',
  ])
})

test('/dev/null is no pid file', () => {
  const pidFile = (path: string): string | undefined =>
    loaded(base.replace(']\n', `]\npidfile=${path}\n`)).plan?.ownPidFile
  assert.deepEqual([pidFile('/run/s.pid'), pidFile('/dev/null')], ['/run/s.pid', undefined])
})

test('both streams in one file are one log, unless something tells them apart', () => {
  const joined = (more: string): boolean => {
    const { plan } = loaded(`${base}stdout_logfile=/l/web.log\nstderr_logfile=/l/web.log\n${more}\n`)
    return plan?.programs[0]?.log.stderr === 'stdout'
  }
  assert.ok(joined('') && joined('stdout_logfile_maxbytes=1MB\nstderr_logfile_maxbytes=1MB'))
  const apart = [
    'stderr_logfile_maxbytes=1MB',
    'stdout_logfile_backups=1',
    'stderr_events_enabled=1',
    'stdout_syslog=1',
  ]
  for (const line of apart) assert.ok(!joined(line), line)
})
