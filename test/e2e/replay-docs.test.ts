/** docs/tini.md: every command in it as written, and the differences that no other test shows. */
import assert from 'node:assert/strict'
import { readFileSync, realpathSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { dumbInit, foster, replay, tini } from './replay-inits.ts'
import { e2e, type Rig } from './rig.ts'
import { belowShell, binary } from './rig-foster.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/tini.md'), 'utf8')
const blocks = [...page.matchAll(/^```(\w+)\n([^`]*)^```$/gm)].map(([, kind = '', text = '']) => ({ kind, text }))
const textsOf = (kind: string): readonly string[] => blocks.filter(it => it.kind === kind).map(it => it.text)

/** A shell as PID 1 that finds the built foster as `foster`: what a line of it writes. */
async function written(rig: Rig, line: string): Promise<string> {
  const env = { PATH: `${rig.dir}:/usr/bin:/bin` }
  const run = await rig.start(['-c', line], { binary: realpathSync('/bin/sh'), env })
  await run.exit()
  assert.equal(run.output.stderr, '')
  return run.output.stdout.trimEnd().replaceAll('\n', ' ')
}

e2e('the commands of the page give what it says', async rig => {
  symlinkSync(binary, join(rig.dir, 'foster'))
  for (const text of textsOf('yaml')) rig.file(/^# (\S+)/.exec(text)?.[1] ?? '', text)
  const lines = textsOf('sh').flatMap(text => text.trimEnd().split('\n'))
  assert.equal(lines.length, 8)
  for (const line of lines) {
    const [, command = '', expected = ''] = /^(.*\S) +# (.*)$/.exec(line) ?? []
    assert.equal(await written(rig, command), expected, line)
  }
})

e2e('the Dockerfiles of the page run what they say', async rig => {
  rig.file('nginx', '#!/bin/sh\nprintf "<%s>" nginx "$@"\n', 0o755)
  const env = { PATH: `${rig.dir}:/usr/bin:/bin` }
  for (const text of textsOf('dockerfile')) {
    const words = (name: string): string[] => JSON.parse(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? '')
    const [init, ...args] = [...words('ENTRYPOINT'), ...words('CMD')]
    assert.equal(init, '/opt/foster/foster')
    const run = await rig.start(args, { env })
    assert.equal((await run.exit()).code, 0)
    assert.deepEqual(run.output, { stdout: '<nginx><-g><daemon off;>', stderr: '' })
  }
})

e2e("options of the peers that foster has not are faults, and CMD isn't started", async rig => {
  const options = [['-s'], ['-w'], ['-v'], ['-vvv'], ['-l'], ['-p', 'SIGKILL'], ['-r', '15:3'], ['-c'], ['--verbose']]
  for (const option of options) {
    const run = await rig.start([...option, 'touch', 'started'])
    assert.equal((await run.exit()).code, 2, option.join(' '))
    assert.match(run.output.stderr, /^foster: |not found|cannot read/)
  }
  assert.throws(() => readFileSync(join(rig.dir, 'started')), /ENOENT/)
})

e2e('the variables of the peers mean nothing and are passed on', async rig => {
  const env = {
    TINI_SUBREAPER: '',
    TINI_VERBOSITY: '3',
    TINI_KILL_PROCESS_GROUP: '1',
    DUMB_INIT_DEBUG: '1',
    DUMB_INIT_SETSID: '0',
    CATATONIT_LOG: 'x',
  }
  const main = rig.puppet('main', "trap 'home TERM' TERM")
  const run = await rig.command(main.command, { env, below: belowShell })
  const { group, pid } = await rig.facts(run, await main.up())
  assert.equal(group, pid)
  for (const [name, value] of Object.entries(env)) assert.equal(await main.tells(`printenv ${name}`), value)
  main.start('exit 3')
  assert.equal((await run.exit()).code, 3)
  assert.equal(run.output.stderr, '')
})

replay('the soft limit of open files', [foster, tini, dumbInit], async (_, init) => {
  const via = ['sh', '-c', 'ulimit -Sn 512; ulimit -Hn 4096; exec "$@"', 'sh']
  const run = await init.command(['sh', '-c', 'ulimit -Sn; ulimit -Hn'], { via })
  await run.exit()
  assert.equal(run.output.stdout, init.name === 'foster' ? '4096\n4096\n' : '512\n4096\n')
})
