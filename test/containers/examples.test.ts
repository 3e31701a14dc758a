/** The commands of the examples' READMEs, run as they are written. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, afterEach, before, suite, test } from 'node:test'
import { noBridge, podman, root, said, skip, until } from './podman.ts'
import { commandsOf, dockerFolder, shellEnvironment } from './readme.ts'

const names = ['visits', 'single', 'ticking']

suite("the examples' READMEs", { skip: skip || noBridge(), timeout: 1_800_000 }, () => {
  const folder = dockerFolder()
  after(() => folder[Symbol.dispose]())
  const removeAll = () => podman('rm', '-f', '-i', '-t', '0', ...ours())
  before(removeAll)
  afterEach(removeAll)

  /** The containers of these names that a run of these tests has left. */
  function ours(): readonly string[] {
    const { stdout } = podman('ps', '-a', '--filter', 'label=foster-test', '--format', '{{.Names}}')
    return stdout.split('\n').filter(it => names.includes(it))
  }

  /** Runs the commands and returns what each has printed. A reader looks at what runs before stopping it. */
  async function follow(example: string): Promise<ReadonlyMap<string, string>> {
    const printed = new Map<string, string>()
    for (const command of commandsOf(example)) {
      const [, stopped] = /^docker stop (\w+)$/.exec(command) ?? []
      if (stopped !== undefined) await until(`${stopped} says something`, () => said(stopped) !== '')
      const options = { cwd: root, env: shellEnvironment(folder.path), encoding: 'utf8' as const }
      const { status, stdout, stderr } = spawnSync('sh', ['-c', command], options)
      assert.equal(status, 0, `${command}\n${stdout}${stderr}`)
      printed.set(command, (printed.get(command) ?? '') + stdout + stderr)
    }
    return printed
  }

  test('nginx-redis', async () => {
    const printed = await follow('nginx-redis')
    assert.match(printed.get('docker wait visits') ?? '', /^137$/m)
    const answers = [...printed].filter(([command]) => command.startsWith('curl'))
    assert.deepEqual(
      answers.map(([, text]) => text.match(/^visit \d+$/gm)),
      [['visit 1', 'visit 1']],
    )
    assert.match(printed.get('docker logs visits') ?? '', /^nginx {2}\| .*GET \//m)
  })

  test('tini-replacement', async () => {
    const printed = await follow('tini-replacement')
    assert.equal(printed.get('docker logs single'), 'working\nstopping\n')
    assert.equal(printed.get("docker inspect --format '{{.State.ExitCode}}' single"), '3\n')
  })

  test('environment-only', async () => {
    const printed = await follow('environment-only')
    const logs = printed.get('docker logs ticking') ?? ''
    assert.match(logs, /^prepare \| prepared$/m)
    assert.match(logs, /^foster {2}\| SIGTERM received, stopping$/m)
  })
})
