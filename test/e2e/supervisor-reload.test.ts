/** A Supervisor file that changes while it runs, by SIGHUP; and output without what steers terminals. */
import assert from 'node:assert/strict'
import { e2e } from './rig.ts'

const file = (...lines: readonly string[]): string => `${['[supervisord]', ...lines].join('\n')}\n`

e2e('SIGHUP: only what changed is touched; a faulty file changes nothing', async rig => {
  const same = '[program:same]\ncommand=/bin/cat\n'
  const write = (...lines: readonly string[]): string => rig.file('supervisord.conf', file(same, ...lines))
  const foster = await rig.start(['-c', write('[program:old]\ncommand=/bin/cat', '[program:other]\ncommand=/bin/cat')])
  await foster.line(/old: started/)
  await foster.line(/other: started/)
  write('[program:other]\ncommand=/bin/cat %(nothing)s')
  foster.kill('SIGHUP')
  await foster.line(/supervisord\.conf:\d+:\d+: error: .*'nothing'/)
  write('[program:new]\ncommand=/bin/cat', '[program:other]\ncommand=/bin/cat\npriority=1\nenvironment=A=1')
  foster.kill('SIGHUP')
  await foster.line(/new: started/)
  await foster.line(/old: killed by SIGTERM/)
  await foster.line(/other: killed by SIGTERM/)
  foster.kill('SIGTERM')
  assert.deepEqual(await foster.exit(), { code: 0, signal: null })
  assert.equal(foster.output.stderr.match(/same: started/g)?.length, 1)
  assert.equal(foster.output.stderr.match(/same: killed by SIGTERM/g)?.length, 1)
})

const colours = '[program:web]\ncommand=/bin/sh -c \'printf "\\033[1;31mred\\033[0m\\033[K and \\033"; echo; exec cat\''

for (const [name, args, option] of [
  ['strip_ansi=true', ['-c'], 'strip_ansi=true'],
  ['supervisord -t', ['supervisord', '-n', '-t', '-c'], ''],
] as const) {
  e2e(`${name}: output without sequences that steer terminals`, async rig => {
    const foster = await rig.start([...args, rig.file('supervisord.conf', file(option, colours))])
    await foster.line(/red and/)
    foster.kill('SIGTERM')
    await foster.exit()
    assert.match(foster.output.stdout, /web *\| red and .\n/)
    assert.ok(!foster.output.stdout.includes('['), JSON.stringify(foster.output.stdout))
  })
}
