/** The README's first half minute, as it is written. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { commandsIn } from '../docs-commands.ts'
import { podman, root, said, skip, until } from './podman.ts'
import { dockerFolder, shellEnvironment } from './readme.ts'

suite('the README', { skip, timeout: 1_200_000 }, () => {
  const folder = dockerFolder('none')
  const remove = (): void => void podman('rm', '-f', '-i', '-t', '0', 'two')
  before(remove)
  after(() => {
    remove()
    folder[Symbol.dispose]()
  })

  test('starts two programs in 30 seconds', async () => {
    const commands = commandsIn(readFileSync(join(root, 'README.md'), 'utf8')).filter(it => it.startsWith('docker '))
    assert.equal(commands.length, 7)
    const printed: string[] = []
    for (const command of commands) {
      if (command === 'docker stop two') await until('the clock ticks', () => /^clock +\| .*UTC/m.test(said('two')))
      const run = () =>
        spawnSync('sh', ['-c', command], { cwd: root, env: shellEnvironment(folder.path), encoding: 'utf8' })
      let done = run()
      const works = (): boolean => {
        if (done.status !== 0) done = run()
        return done.status === 0
      }
      if (command.startsWith('docker exec')) await until(command, works)
      assert.equal(done.status, 0, `${command}\n${done.stdout}${done.stderr}`)
      printed.push(done.stdout)
    }
    assert.equal(printed[1], 'hello\n')
    assert.match(printed[3] ?? '', /^clock +(STARTING|RUNNING) .*\nworker +(STARTING|RUNNING) /)
    assert.match(printed[5] ?? '', /^clock +\| /m)
  })
})
