/**
 * `examples/postgres-api`: a database, a migration, an API and a sidecar, in the right order every time. FOSTER_RUNS says
 * how many times; 50 takes some minutes.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { build, fosterImage, hears, podman, removeAll, said, skip, start, startAgain, until } from './podman.ts'

const runs = Number(process.env.FOSTER_RUNS ?? 3)

suite('PostgreSQL, a migration, an API and a sidecar', { skip, timeout: 1_800_000 }, () => {
  let image = ''
  before(() => {
    image = build('postgres-api', '--build-arg', `FOSTER_IMAGE=${fosterImage()}`, 'examples/postgres-api')
  })
  after(removeAll)

  /** Asks the API from inside; undefined as long as it does not answer with 200. */
  function ask(name: string, path: string, body?: string): string | undefined {
    const data = body === undefined ? 'None' : JSON.stringify(body)
    const script = `import urllib.request; data = ${data}
print(urllib.request.urlopen("http://127.0.0.1:8080${path}", data and data.encode()).read().decode(), end="")`
    const { code, stdout } = podman('exec', name, 'python3', '-c', script)
    return code === 0 ? stdout : undefined
  }

  const answers = (name: string, path: string, body?: string): Promise<string> =>
    until(`${name} answers`, () => ask(name, path, body)).catch(error => {
      throw new Error(`${error.message}; it said:\n${said(name)}`)
    })

  /** Each of these is said, and in this order. */
  function inOrder(name: string, ...patterns: readonly RegExp[]): void {
    const lines = said(name).split('\n')
    let at = -1
    for (const pattern of patterns) {
      const found = lines.findIndex((line, index) => index > at && pattern.test(line))
      assert.ok(found > at, `${pattern} does not come after line ${at + 1} of:\n${said(name)}`)
      at = found
    }
  }

  function stopsCleanly(name: string): void {
    assert.equal(podman('stop', '--time', '60', name).code, 0)
    assert.equal(podman('inspect', '--format', '{{.State.ExitCode}}', name).stdout.trim(), '0', said(name))
    inOrder(
      name,
      /stopping/,
      /report: /,
      /api: exited with code 0/,
      /db +\|.*database system is shut down/,
      /db: exited with code 0/,
    )
  }

  const starts = (name: string, program: string): number =>
    said(name)
      .split('\n')
      .filter(line => line.includes(` ${program}: started (pid`)).length

  /** Kills the process of a program that was started last. */
  function kill(name: string, program: string): void {
    const pid = [...said(name).matchAll(new RegExp(` ${program}: started \\(pid (\\d+)\\)`, 'g'))].at(-1)?.[1]
    assert.equal(podman('exec', name, 'sh', '-c', `kill -9 ${pid}`).code, 0)
  }

  test(`starts in the right order, every time in ${runs} runs`, async () => {
    for (let run = 0; run < runs; run++) {
      const name = start(image)
      await hears(name, /report: started/)
      assert.equal(await answers(name, '/notes'), '0\n')
      inOrder(
        name,
        /initdb: exited with code 0/,
        / db: started/,
        /db +\|.*ready to accept connections/,
        /db: ready/,
        /migrate: started/,
        /migrate: exited with code 0/,
        /api: started/,
        /api: ready/,
        /report: started/,
      )
      for (const program of ['initdb', 'db', 'migrate', 'api', 'report']) assert.equal(starts(name, program), 1)
      stopsCleanly(name)
      podman('rm', '--force', '--volumes', name)
    }
  })

  test('survives the death of each part, and loses nothing that was committed', async () => {
    const name = start(image)
    // The API answers before its probe has seen it: what comes next counts from a container that is whole.
    await hears(name, /report: started/)
    assert.equal(await answers(name, '/notes', 'one'), '1\n')
    kill(name, 'db')
    await hears(name, /db: killed by SIGKILL/)
    await until('the database and the API are started again', () =>
      starts(name, 'db') > 1 && said(name).split(' api: ready').length > 2 ? true : undefined,
    )
    inOrder(
      name,
      /db: killed by SIGKILL/,
      / db: started/,
      /api: (exited|killed)/,
      /db: ready/,
      /api: started/,
      /api: ready/,
    )
    assert.equal(await answers(name, '/notes'), '1\n')

    // As often as it takes: what is left of the old database may still hold its memory.
    const databases = starts(name, 'db')
    const apis = starts(name, 'api')
    kill(name, 'api')
    await hears(name, /api: killed by SIGKILL/)
    await until('the API is started again', () => (starts(name, 'api') > apis ? true : undefined))
    // Its number is beyond 2: after a crash PostgreSQL leaves some of a sequence out.
    await answers(name, '/notes', 'two')

    const reports = starts(name, 'report')
    kill(name, 'report')
    await hears(name, /report: killed by SIGKILL/)
    await until('the report is started again', () => (starts(name, 'report') > reports ? true : undefined))
    assert.equal(starts(name, 'db'), databases)
    assert.equal(await answers(name, '/notes'), '2\n')
    stopsCleanly(name)

    await startAgain(name)
    assert.equal(await answers(name, '/notes'), '2\n')
    assert.doesNotMatch(said(name).split('starting PostgreSQL').at(-1) ?? '', /automatic recovery/)
    podman('stop', '--time', '60', name)
  })
})
