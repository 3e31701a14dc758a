/** supervisorctl's options, file and completion; its commands are compared with Debian's in test/e2e. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { complete } from '../../src/cli/supervisorctl/complete.ts'
import { parseSupervisorctl } from '../../src/cli/supervisorctl/options.ts'
import { readClientSettings } from '../../src/config/supervisord/ctl.ts'
import type { Diagnostic } from '../../src/errors.ts'

describe('options', () => {
  const parse = (...args: readonly string[]) => parseSupervisorctl(args, 'ctl')

  test('before the action; what follows it is its own', () => {
    const given = parse('-c', 's.conf', '-s', 'unix:///s', '-u', 'me', '-p', 'x', '-r', 'h', 'tail', '-f', 'web')
    assert.deepEqual(given, {
      ...{ command: 'supervisorctl', file: 's.conf', serverurl: 'unix:///s', username: 'me', password: 'x' },
      ...{ historyFile: 'h', isInteractive: false, words: ['tail', '-f', 'web'] },
    })
  })

  test('without an action it is interactive, and with -i', () => {
    for (const args of [[], ['-i', 'shutdown']]) {
      const given = parse(...args)
      assert.ok(given.command === 'supervisorctl' && given.isInteractive, args.join(' '))
    }
  })

  test('faults, and help', () => {
    const fault = (...args: readonly string[]): string => {
      const given = parse(...args)
      return given.command === 'print' && given.exitCode === 2 ? given.text : ''
    }
    assert.equal(fault('-q'), 'Error: option -q not recognized\nFor help, use ctl -h\n')
    for (const url of ['', 'x', 'http:', '/s']) assert.match(fault('-s', url), /invalid value for -s .* is not a URL/)
    assert.match(fault('-u', 'a', '--username', 'b'), /conflicting command line option '--username'/)
    const help = parse('-h', '-q')
    assert.equal(help.command === 'print' && help.exitCode, 2)
    assert.equal(parse('-?').command, 'print')
  })
})

describe('the file', () => {
  const system = {
    ...{ uid: 0, environment: { HOME: '/root', PORT: '9' }, hostName: () => 'h', directory: () => '/work' },
    ...{ whatIs: () => undefined, account: () => undefined, accountByUid: () => undefined, group: () => undefined },
  }
  const read = (text: string) => {
    const diagnostics: Diagnostic[] = []
    const settings = readClientSettings(text, '/etc/s/s.conf', system, diagnostics)
    return diagnostics.find(({ severity }) => severity === 'error')?.message ?? settings
  }

  test('[supervisorctl], with its names filled in', () => {
    const text = `[supervisorctl]
serverurl=unix://%(here)s/../s.sock
username=u%(ENV_PORT)s
history_file=~/.history
[program:x]
command=%(nothing)s`
    assert.deepEqual(read(text), {
      ...{ serverurl: 'unix:///etc/s.sock', username: 'u9', password: undefined, prompt: undefined },
      historyFile: '/root/.history',
    })
  })

  test('faults', () => {
    assert.equal(read('[supervisord]'), '.ini file does not include supervisorctl section')
    assert.match(String(read('[supervisorctl]\nprompt=%(here)s')), /contains names \('here'\) which cannot be expanded/)
    assert.match(String(read('[supervisorctl]\n[ctlplugin:x]\nsupervisor.ctl_factory=a:b')), /plug-ins are Python/)
  })
})

describe('completion', () => {
  const process = (group: string, name: string) => ({ group, name })
  const infos = [process('cat', 'cat'), process('g', 'g-1'), process('g', 'g-2')]
  const words = async (line: string) => (await complete(line, async () => infos))[0].join('|')

  for (const [line, wanted] of [
    ['st', 'start |status |stop '],
    ['help sta', 'start |status '],
    ['start ', 'cat |g:g-1 |g:* |g:g-2 '],
    ['start g:g-', 'g:g-1 |g:g-2 '],
    ['stop cat:', 'cat:cat |cat:* '],
    ['update ', 'cat |g '],
    ['version ', ''],
  ] as const) {
    test(`"${line}"`, async () => assert.equal(await words(line), wanted))
  }
})
