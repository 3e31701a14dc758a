/** The commands of the examples' READMEs, run as they are written. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, afterEach, before, suite, test } from 'node:test'
import { noBridge, podman, root, said, skip, until } from './podman.ts'
import { commandsOf, dockerFolder, inTerminal, shellEnvironment } from './readme.ts'

const names = ['visits', 'single', 'ticking', 'php', 'jobs', 'proc', 'legacy', 'terminal']

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

  const isBuilt = new Set<string>()
  const shell = (command: string) =>
    spawnSync('sh', ['-c', command], { cwd: root, env: shellEnvironment(folder.path), encoding: 'utf8' })

  /** Runs a command until it shows this: a reader asks what has just been started more than once, too. */
  async function untilItShows(command: string, shown: RegExp): Promise<ReturnType<typeof shell>> {
    let last = shell(command)
    const isShown = (): boolean => {
      const { status, stdout } = last
      if (status === 0 && shown.test(stdout)) return true
      last = shell(command)
      return false
    }
    await until(`${command} shows ${shown}`, isShown).catch(error => {
      throw new Error(`${error.message}; it is:\n${last.stdout}${last.stderr}`)
    })
    return last
  }

  /**
   * Runs the commands and returns what each has printed. A reader looks at what runs before asking for its log or stopping
   * it: it says all that is `ready`, and foster inside shows what is `shown`, a pattern for each time that it is asked. A
   * server is asked until it answers.
   */
  async function follow(
    example: string,
    ready: readonly RegExp[],
    ...shown: readonly RegExp[]
  ): Promise<ReadonlyMap<string, string>> {
    const printed = new Map<string, string>()
    const left = [...shown]
    for (const command of commandsOf(example)) {
      const [, seen] = /^docker (?:stop|logs) (\w+)$/.exec(command) ?? []
      if (seen !== undefined) await until(`${seen} says ${ready}`, () => ready.every(it => it.test(said(seen))))
      // Each README builds foster itself; once is enough.
      if (isBuilt.has(command)) continue
      if (command === 'docker build -t foster .') isBuilt.add(command)
      const isAsking = /^docker exec \w+ foster /.test(command)
      const pattern = isAsking ? (left.shift() ?? /./) : command.startsWith('curl ') ? /./ : undefined
      const { status, stdout, stderr } = pattern === undefined ? shell(command) : await untilItShows(command, pattern)
      assert.equal(status, 0, `${command}\n${stdout}${stderr}`)
      printed.set(command, (printed.get(command) ?? '') + stdout + stderr)
    }
    assert.deepEqual(left, [])
    return printed
  }

  test('nginx-redis', async () => {
    const printed = await follow('nginx-redis', [/^nginx {2}\| .*GET \//m])
    assert.match(printed.get('docker wait visits') ?? '', /^137$/m)
    const answers = [...printed].filter(([command]) => command.startsWith('curl'))
    assert.deepEqual(
      answers.map(([, text]) => text.match(/^visit \d+$/gm)),
      [['visit 1', 'visit 1']],
    )
    assert.match(printed.get('docker logs visits') ?? '', /^nginx {2}\| .*GET \//m)
  })

  test('tini-replacement', async () => {
    const printed = await follow('tini-replacement', [/working/])
    assert.equal(printed.get('docker logs single'), 'working\nstopping\n')
    assert.equal(printed.get("docker inspect --format '{{.State.ExitCode}}' single"), '3\n')
  })

  test('environment-only', async () => {
    const printed = await follow('environment-only', [/^prepare \| prepared$/m])
    const logs = printed.get('docker logs ticking') ?? ''
    assert.match(logs, /^prepare \| prepared$/m)
    assert.match(logs, /^foster {2}\| SIGTERM received, stopping$/m)
  })

  test('nginx-php-fpm', async () => {
    const printed = await follow(
      'nginx-php-fpm',
      [/GET \/again/, /^php {4}\| .*served \/again$/m],
      /^php +RUNNING .*\nnginx +RUNNING /m,
    )
    for (const path of ['', 'again']) {
      const [, answer] = [...printed].find(([command]) => command.endsWith(`:8086/${path}`)) ?? []
      assert.match(answer ?? '', /^hello from PHP 8\.2\.\d+$/m)
    }
    const logs = printed.get('docker logs php') ?? ''
    assert.match(logs, /^php {4}\| .*served \/again$/m)
    assert.match(logs, /^foster \| php: killed by SIGKILL/m)
    assert.match(logs, /^foster \| nginx: exited with code 0(.*\n)*foster \| php: exited with code 0/m)
  })

  test('cron', async () => {
    const shown = [/^cleanup \| cleaned up$/m, /^backup +RUNNING /m]
    const logs = (await follow('cron', [/(cleanup \| cleaned up\n(.*\n)*){2}/], ...shown)).get('docker logs jobs') ?? ''
    assert.match(logs, /cleanup: exited with code 0 .*, starting again in 1s/)
    assert.doesNotMatch(logs, /backed up/)
  })

  test('procfile', async () => {
    const running = /^web +RUNNING .*\nworker:0 +RUNNING .*\nworker:1 +RUNNING /m
    const printed = await follow('procfile', [/number 0/, /number 1/, /serving/], running)
    assert.match(printed.get('docker logs proc') ?? '', /^web {6}\| serving on port 5000$/m)
  })

  test('from-supervisord', async () => {
    const running = /^web +RUNNING .*\nworker_00 +RUNNING .*\nworker_01 +RUNNING /m
    const printed = await follow('from-supervisord', [/working/, /^serving$/m], running)
    assert.match(printed.get('docker logs legacy') ?? '', /^serving$/m)
    const [, converted] = [...printed].find(([command]) => command.includes(' convert ')) ?? []
    assert.match(converted ?? '', /^ {2}worker: .*\n {4}replicas: 2$/m)
  })

  test('terminal', async () => {
    const commands = commandsOf('terminal')
    for (const command of commands.slice(0, -1)) assert.equal(shell(command).status, 0, command)
    using terminal = inTerminal(commands.at(-1) ?? '', root, shellEnvironment(folder.path))
    await terminal.sees(/# /)
    // The service writes once a second.
    terminal.type('until cat /tmp/now; do sleep 0.1; done; exit 3\n')
    assert.equal(await terminal.exitCode(), 3)
    assert.match(terminal.seen, / UTC \d{4}/)
    assert.match(terminal.seen, /clock: killed by SIGTERM/)
  })
})
