/** The image and the folder in it, in Debian and in an image that holds a busybox and nothing else. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import {
  build,
  distImage,
  exitCodeOf,
  fosterImage,
  hears,
  podman,
  removeAll,
  run,
  skip,
  start,
  stop,
  until,
} from './podman.ts'

const unprivileged = ['--user', '12345', '--cap-drop=all', '--security-opt=no-new-privileges']
const readOnly = ['--read-only', '--read-only-tmpfs=false']

const twoPrograms = `
programs:
  clock:
    shell: true
    command: while sleep 0.2; do echo tick; done
  printer:
    command: sh -c 'echo to-stdout > /dev/stdout; echo to-stderr > /dev/stderr; exec sleep 1000'
    depends_on: [clock]
`

suite('a container', { skip, timeout: 1_200_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'foster-containers-'))
  let debian = ''
  let busybox = ''

  before(() => {
    debian = fosterImage()
    const dockerfile = join(folder, 'Dockerfile')
    const lines = [
      'FROM docker.io/library/busybox:latest',
      `COPY --from=${distImage()} /opt/foster /opt/foster`,
      'ENTRYPOINT ["/opt/foster/foster"]',
    ]
    writeFileSync(dockerfile, `${lines.join('\n')}\n`)
    busybox = build('busybox', '-f', dockerfile, folder)
  })
  after(() => {
    removeAll()
    rmSync(folder, { recursive: true })
  })
  const images = () => [debian, busybox] as const

  test('runs two programs and stops them at once', async () => {
    for (const image of images()) {
      const name = start('-e', `FOSTER_CONFIG_INLINE=${twoPrograms}`, image)
      await hears(name, /^clock {3}\| tick$/m)
      await hears(name, /^printer \| to-stdout$/m)
      await hears(name, /^printer \| to-stderr$/m)
      const { code } = stop(name)
      assert.equal(code, 0)
    }
  })

  test('reads /etc/foster/foster.yaml, and says what is wrong with it', () => {
    const file = join(folder, 'foster.yaml')
    writeFileSync(file, 'programs:\n  web:\n    comand: nginx\n')
    const { code, stderr } = run('-v', `${file}:/etc/foster/foster.yaml:ro`, debian)
    assert.equal(code, 2)
    assert.match(stderr, /^\/etc\/foster\/foster\.yaml:3:5: error: unknown key "comand"/m)
    assert.match(stderr, /did you mean "command"\?/)
  })

  test('ends with the exit code of its command', () => {
    const cases: ReadonlyArray<readonly [expected: number, ...command: readonly string[]]> = [
      [0, 'true'],
      [7, 'sh', '-c', 'exit 7'],
      [137, 'sh', '-c', 'kill -9 $$'],
      [127, 'no-such-program'],
      [126, '/etc/passwd'],
    ]
    for (const image of images()) {
      for (const [expected, ...command] of cases)
        assert.equal(run(image, '--', ...command).code, expected, `${command}`)
    }
  })

  test('needs no rights, no account and nothing to write to', async () => {
    for (const image of images()) {
      const status = "id -u; grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status; touch /tmp/x || echo read-only"
      const { code, stdout } = run(...unprivileged, ...readOnly, image, '--', 'sh', '-c', status)
      assert.equal(code, 0)
      assert.equal(
        stdout,
        '12345\nCapBnd:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\nread-only\n'.replace(
          /^(12345\n)(.*\n)(.*\n)/,
          '$1$3$2',
        ),
      )
      const name = start(...unprivileged, ...readOnly, '-e', `FOSTER_CONFIG_INLINE=${twoPrograms}`, image)
      await hears(name, /^printer \| to-stdout$/m)
      await hears(name, /^printer \| to-stderr$/m)
      assert.equal(stop(name).code, 0)
    }
  })

  test('runs on its own loader and libraries, and keeps them to itself', async () => {
    for (const image of images()) {
      // Podman does not wait until the container's process has become foster.
      const name = start(image, '--', 'sh', '-c', 'echo up; exec sleep 1000')
      await hears(name, 'up')
      const { stdout } = podman('exec', name, 'sh', '-c', "readlink /proc/1/exe; grep -o '/[^ ]*$' /proc/1/maps")
      const [executable, ...mapped] = stdout.trim().split('\n')
      assert.equal(executable, '/opt/foster/foster')
      assert.ok(mapped.length > 10)
      assert.deepEqual(
        mapped.filter(path => !path.startsWith('/opt/foster/')),
        [],
      )
      assert.equal(
        podman('exec', name, 'sh', '-c', 'tr "\\0" " " </proc/1/cmdline').stdout,
        '/opt/foster/foster -- sh -c echo up; exec sleep 1000 ',
      )
      podman('kill', '-s', 'KILL', name)
      const { stdout: environment } = run(image, '--', 'env')
      assert.doesNotMatch(environment, /^(LD_|NODE)/m)
    }
  })

  test('passes on variables that are meant for the programs, and is not swayed by them itself', () => {
    writeFileSync(join(folder, 'libc.so.6'), 'not a library\n')
    const variables = [
      '-e',
      'LD_LIBRARY_PATH=/wrong',
      '-e',
      'NODE_OPTIONS=--no-such-option',
      '-v',
      `${folder}:/wrong:ro`,
    ]
    const { code, stdout } = run(...variables, busybox, '--', 'env')
    assert.equal(code, 0)
    assert.match(stdout, /^LD_LIBRARY_PATH=\/wrong$/m)
    assert.match(stdout, /^NODE_OPTIONS=--no-such-option$/m)
  })

  test('is stopped by the signals that stop a container', async () => {
    assert.match(podman('image', 'inspect', '--format', '{{.Config.StopSignal}}', debian).stdout, /^(SIGTERM|15)$/m)
    for (const signal of ['TERM', 'INT', 'QUIT']) {
      const name = start('-e', `FOSTER_CONFIG_INLINE=${twoPrograms}`, debian)
      await hears(name, 'printer: started')
      podman('kill', '-s', signal, name)
      assert.equal(exitCodeOf(name), 0, signal)
    }
  })

  test('hands signals on to its command', async () => {
    const trap = 'trap "echo got TERM; exit 3" TERM; echo up; while :; do sleep 0.1; done'
    for (const image of images()) {
      const name = start(image, '--', 'sh', '-c', trap)
      await hears(name, 'up')
      const { code } = stop(name)
      await hears(name, 'got TERM')
      assert.equal(code, 3)
    }
  })

  test('kills a program that does not listen', async () => {
    const deaf = 'programs: {deaf: {shell: true, command: "trap \'\' TERM; echo up; while :; do sleep 0.1; done"}}'
    const name = start('-e', `FOSTER_CONFIG_INLINE=${deaf}`, debian)
    await hears(name, 'up')
    const { code } = stop(name)
    assert.equal(code, 137)
    // Only foster says so: podman's own SIGKILL would have ended foster as well.
    await hears(name, /deaf: killed by SIGKILL/)
  })

  test('leaves no zombie of what was started by podman exec', async () => {
    const name = start(debian, '--', 'sleep', '1000')
    podman('exec', name, 'sh', '-c', 'for i in $(seq 200); do (sleep 0.1 & ) ; done; sleep 0.5')
    // Dead or alive: only the command's is to be left of them.
    const sleeping = "cat /proc/[0-9]*/stat 2>/dev/null | grep -c '(sleep)'"
    await until('they are gone', () => podman('exec', name, 'sh', '-c', sleeping).stdout === '1\n')
    assert.equal(stop(name).code, 143)
  })

  test('works below another init, and beside the processes of the host', () => {
    for (const option of ['--init', '--pid=host']) {
      for (const image of images()) {
        const { code, stdout } = run(option, image, '--', 'sh', '-c', 'readlink /proc/$PPID/exe; exit 9')
        assert.equal(code, 9, option)
        assert.equal(stdout, '/opt/foster/foster\n', option)
      }
    }
  })

  test('gives its command the terminal', () => {
    const { code, stdout } = run('-t', debian, '--', 'sh', '-c', 'tty; exit 4')
    assert.equal(code, 4)
    assert.match(stdout, /^\/dev\/pts\/\d+\r?$/m)
  })

  test('is supervisord by that name', () => {
    for (const name of ['/opt/foster/supervisord', 'supervisord']) {
      const { code, stdout } = run('--entrypoint', name, debian, '--help')
      assert.equal(code, 0)
      assert.match(stdout, /^foster, called as supervisord: /)
    }
    assert.equal(run('--entrypoint', '/opt/foster/supervisord', distImage(), '--help').code, 0)
  })

  test('hands on the licences of what is in it', () => {
    const { stdout } = run(busybox, '--', 'sh', '-c', 'cat /opt/foster/*LICENSE* /opt/foster/lib/*.copyright')
    for (const part of [/^MIT License$/m, /^execa \d/m, /^node v26/m, /GNU C Library/]) assert.match(stdout, part)
  })

  test('starts in an image that holds nothing else', () => {
    const { code, stdout } = run(...unprivileged, ...readOnly, distImage(), 'version')
    assert.equal(code, 0)
    assert.match(stdout, /^foster \d/)
  })
})
