/** The client inside a container, as people use it: by `podman exec`. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { build, distImage, fosterImage, hears, podman, type Result, removeAll, skip, start, until } from './podman.ts'

const configuration = `
programs:
  web:
    shell: true
    command: echo hello; exec sleep 1000
    start_seconds: 0
  other:
    command: sleep 1000
    start_seconds: 0
`

suite('the client in a container', { skip, timeout: 1_200_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'foster-containers-'))
  const images: string[] = []

  before(() => {
    const lines = [
      'FROM docker.io/library/busybox:latest',
      `COPY --from=${distImage()} /opt/foster /opt/foster`,
      'ENTRYPOINT ["/opt/foster/foster"]',
    ]
    writeFileSync(join(folder, 'Dockerfile'), `${lines.join('\n')}\n`)
    images.push(fosterImage(), build('busybox', '-f', join(folder, 'Dockerfile'), folder))
  })
  after(() => {
    removeAll()
    rmSync(folder, { recursive: true })
  })

  const run = async (image: string, ...options: readonly string[]) => {
    const name = start('-e', `FOSTER_CONFIG_INLINE=${configuration}`, ...options, image)
    await hears(name, /^web +\| hello$/m)
    return (args: readonly string[], ...more: readonly string[]): Result =>
      podman('exec', ...more, name, '/opt/foster/foster', ...args)
  }

  test('status, restart, logs, health', async () => {
    for (const image of images) {
      const foster = await run(image)
      const status = foster(['status'])
      assert.equal(status.code, 0, status.stderr)
      assert.match(status.stdout, /^web {4}RUNNING {3}pid \d+, uptime 0:00:\d\d\nother {2}RUNNING/)
      assert.equal(foster(['pid']).stdout, '1\n')
      assert.equal(foster(['restart', 'web']).stdout, 'web: restarted\n')
      assert.equal(foster(['health']).code, 0)
      await until('it says hello again', () => foster(['logs', 'web']).stdout === 'web | hello\nweb | hello\n')
    }
  })

  test('foster as somebody else: that user may, root is told to be that user', async () => {
    for (const image of images) {
      const foster = await run(image, '--user', '12345')
      assert.equal(foster(['status']).code, 0)
      const root = foster(['status'], '--user', '0')
      assert.equal(root.code, 4)
      assert.match(root.stderr, /pid 1 runs as uid 12345: .* \(docker exec --user 12345\)/)
      const named = foster(['pid', '--socket', '/tmp/foster-12345/foster.sock'], '--user', '0')
      assert.equal(named.code, 4)
      assert.match(named.stderr, /uid 12345, neither root nor you .*\n {2}.* run this as uid 12345/)
    }
  })

  test('another user than that of foster is told whom to ask', async () => {
    const foster = await run(images[0] ?? '')
    const { code, stderr } = foster(['stop', 'web'], '--user', '4711')
    assert.equal(code, 4)
    assert.match(stderr, /no permission to use .*foster\.sock\n {2}ask who runs this container/)
  })

  test('without a place for a socket: told where it was looked for', async () => {
    const foster = await run(images[1] ?? '', '--read-only', '--read-only-tmpfs=false', '--user', '12345')
    const { code, stderr } = foster(['pid'])
    assert.equal(code, 7)
    assert.match(stderr, /is foster running\? looked at \/run\/foster\.sock, \/tmp\/foster-12345\/foster\.sock/)
  })
})
