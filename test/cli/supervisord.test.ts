import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { noSupervisordFile, parseSupervisord, supervisordFiles } from '../../src/cli/supervisord.ts'

const parse = (...args: readonly string[]) => parseSupervisord(args, 'supervisord', '1.2.3')

const found = (...args: readonly string[]) => {
  const it = parse(...args)
  assert.equal(it.command, 'supervisord', JSON.stringify(it))
  return it.command === 'supervisord' ? [it.file, Object.fromEntries(it.settings)] : []
}

const said = (...args: readonly string[]) => {
  const it = parse(...args)
  assert.equal(it.command, 'print')
  return it.command === 'print' ? it : { text: '', exitCode: 0 }
}

describe("supervisord's options", () => {
  test('none', () => assert.deepEqual(found(), [undefined, {}]))

  test('in all the forms of getopt', () => {
    assert.deepEqual(found('-n', '-c', '/etc/s.conf'), ['/etc/s.conf', { nodaemon: 'true' }])
    assert.deepEqual(found('-nc/etc/s.conf'), ['/etc/s.conf', { nodaemon: 'true' }])
    assert.deepEqual(found('--nodaemon', '--configuration=/etc/s.conf'), ['/etc/s.conf', { nodaemon: 'true' }])
    assert.deepEqual(found('--nod', '--conf', '/etc/s.conf', '--'), ['/etc/s.conf', { nodaemon: 'true' }])
    assert.deepEqual(found('-u', 'web', '-e', 'debug', '-l', '/dev/null', '-j/run/s.pid', '-y', '0'), [
      undefined,
      { user: 'web', loglevel: 'debug', logfile: '/dev/null', pidfile: '/run/s.pid', logfile_maxbytes: '0' },
    ])
    assert.deepEqual(found('--logfile', 'x', '--minprocs=5', '--profile_options=time'), [
      undefined,
      { logfile: 'x', minprocs: '5' },
    ])
  })

  test('help and version', () => {
    assert.match(said('-h').text, /^foster, called as supervisord/)
    assert.equal(said('-?').exitCode, 0)
    assert.deepEqual(said('--version'), { command: 'print', text: 'foster 1.2.3\n', exitCode: 0 })
  })

  const wrong: readonly [readonly string[], string][] = [
    [['-x'], 'option -x not recognized'],
    [['--nope'], 'option --nope not recognized'],
    [['--logfile_'], 'option --logfile_ not a unique prefix'],
    [['-c'], 'option -c requires argument'],
    [['--configuration'], 'option --configuration requires argument'],
    [['--nodaemon=1'], 'option --nodaemon must not have an argument'],
    [['-n', '-n'], "conflicting command line option '-n'"],
    [['-n', 'x', '-y'], "positional arguments are not supported: ['x', '-y']"],
  ]
  for (const [args, message] of wrong) {
    test(args.join(' '), () => {
      assert.deepEqual(said(...args), {
        command: 'print',
        text: `Error: ${message}\nFor help, use supervisord -h\n`,
        exitCode: 2,
      })
    })
  }
})

test('where the file is looked for', () => {
  const usual = [
    'supervisord.conf',
    'etc/supervisord.conf',
    '/etc/supervisord.conf',
    '/etc/supervisor/supervisord.conf',
  ]
  assert.deepEqual(supervisordFiles('supervisord'), usual)
  assert.deepEqual(supervisordFiles('/usr/bin/supervisord'), [
    '/usr/etc/supervisord.conf',
    '/usr/supervisord.conf',
    ...usual,
  ])
  assert.match(
    noSupervisordFile('supervisord'),
    /^Error: No config file found at default paths \(supervisord\.conf, .*\)/,
  )
})
