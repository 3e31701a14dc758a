/** `examples/nginx-redis`: three real services in one container, as root and without any right. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { exitCodeOf, hears, nginxRedisImage, podman, removeAll, run, said, skip, start, stop, until } from './podman.ts'

suite('nginx, an application and Redis', { skip, timeout: 1_200_000 }, () => {
  let image = ''
  before(() => {
    image = nginxRedisImage()
  })
  after(removeAll)

  /** Asks nginx from inside, since containers may have no network here; undefined as long as it does not answer. */
  function visit(name: string, port: number): string | undefined {
    const script = `fetch('http://127.0.0.1:${port}/').then(it => it.text()).then(it => process.stdout.write(it))`
    const { code, stdout } = podman('exec', name, 'nodejs', '-e', script)
    return code === 0 && stdout.startsWith('visit ') ? stdout : undefined
  }

  async function serves(name: string, port: number): Promise<void> {
    const first = await until(`${name} answers`, () => visit(name, port)).catch(error => {
      throw new Error(`${error.message}; it said:\n${said(name)}`)
    })
    assert.equal(visit(name, port), `visit ${Number(first.slice(6)) + 1}\n`)
    // The access log is /dev/stdout, the error log /dev/stderr, each opened by its path.
    await hears(name, /^nginx {2}\| 127\.0\.0\.1 .*"GET \/ HTTP\/1\.1" 200/m)
    assert.doesNotMatch(said(name), /nginx.*\[(emerg|alert)\]/)
  }

  function stopsInOrder(name: string): void {
    const { code } = stop(name)
    assert.equal(code, 0)
    assert.match(
      said(name),
      /nginx: exited with code 0.*\n(.*\n)*.*app: killed by SIGTERM.*\n(.*\n)*.*redis: exited with code 0/,
    )
  }

  test('answers, logs by path and stops in order, with code 0', async () => {
    const name = start(image)
    await serves(name, 80)
    stopsInOrder(name)
  })

  test('ends with the code of Redis', async () => {
    const name = start(image)
    await serves(name, 80)
    podman('exec', name, 'sh', '-c', 'kill -9 $(pidof redis-server)')
    assert.equal(exitCodeOf(name), 137)
    await hears(name, 'the critical program redis is over (killed by SIGKILL): the container ends with code 137')
    assert.match(said(name), /nginx: exited with code 0/)
  })

  // Its workers hold the port: what a program leaves behind has to go before it is started again.
  test('restarts nginx when it dies, and serves on', async () => {
    const name = start(image)
    await serves(name, 80)
    podman('exec', name, 'sh', '-c', 'kill -9 $(cat /run/nginx.pid)')
    await hears(name, /nginx: killed by SIGKILL/)
    await serves(name, 80)
    stopsInOrder(name)
  })

  test('does all that without rights, as a uid that nobody has, on a read-only file system', async () => {
    const bare = [
      '--read-only',
      '--user',
      '12345',
      '--cap-drop=all',
      '--security-opt=no-new-privileges',
      '--tmpfs',
      '/tmp',
    ]
    const name = start(...bare, image, '-c', '/etc/foster/foster.yaml', '-c', '/etc/foster/unprivileged.yaml')
    await serves(name, 8080)
    assert.equal(podman('exec', name, 'sh', '-c', 'touch /x 2>/dev/null || id -u').stdout, '12345\n')
    stopsInOrder(name)
  })

  // Debian's Redis brings jemalloc. It is loaded into foster too: the loader obeys the variable before foster's first line.
  test('runs with an allocator in LD_PRELOAD, which reaches the programs', () => {
    const script = 'grep -c libjemalloc /proc/1/maps; grep -c libjemalloc /proc/self/maps; echo $LD_PRELOAD; exit 3'
    const preload = 'libjemalloc.so.2'
    const { code, stdout } = run(
      '--tmpfs',
      '/etc/foster',
      '-e',
      `LD_PRELOAD=${preload}`,
      image,
      '--',
      'sh',
      '-c',
      script,
    )
    assert.equal(code, 3)
    assert.match(stdout, /^main {3}\| \d+\nmain {3}\| [1-9]\d*\nmain {3}\| libjemalloc\.so\.2\n/m)
  })

  test('says why it cannot run as it is without rights', () => {
    const name = start('--user', '12345', '--cap-drop=all', image)
    assert.equal(exitCodeOf(name), 2)
    assert.match(said(name), /^\/etc\/foster\/foster\.yaml:5:11: error: cannot run as user "redis"/m)
  })
})
