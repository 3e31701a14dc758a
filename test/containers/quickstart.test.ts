/** `examples/quickstart`, as its README says it: a fresh clone, npm and any Node. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { root } from './podman.ts'
import { commandsOf, inTerminal, shellEnvironment } from './readme.ts'

const port = '18086'

suite('the quickstart', { timeout: 300_000 }, () => {
  const clone = mkdtempSync(join(tmpdir(), 'foster-clone-'))
  before(() => {
    const list = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
    for (const file of list.split('\0').filter(it => it !== '' && existsSync(join(root, it)))) {
      cpSync(join(root, file), join(clone, file))
    }
  })
  after(() => rmSync(clone, { recursive: true }))

  test('is what the README says', () => {
    assert.deepEqual(commandsOf('quickstart'), [
      'npm ci',
      'npm start',
      'curl http://127.0.0.1:8080/',
      'curl http://127.0.0.1:8080/crash',
    ])
  })

  test('runs after npm ci and npm start, survives a crash and ends on Ctrl-C', async () => {
    const env = { ...shellEnvironment(), PORT: port }
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: clone, env, stdio: ['ignore', 'ignore', 'inherit'] })
    using terminal = inTerminal('npm start', clone, env)
    const [, url = ''] = await terminal.sees(/web +\|\S* listening on (http:\S+)/)
    assert.match(terminal.seen, /migrate +\|\S* done/)
    assert.equal(await fetch(url).then(it => it.text()), 'hello from foster\n')
    await terminal.sees(/web +\|\S* GET \//)
    await terminal.sees(/worker +\|\S* worked, it is \d/)
    await assert.rejects(fetch(`${url}crash`))
    await terminal.sees(/web: exited with code 1[\s\S]*web +\|\S* listening on/)
    assert.equal(await fetch(url).then(it => it.text()), 'hello from foster\n')
    const begin = performance.now()
    terminal.type('\x03')
    const code = await terminal.exitCode()
    const millis = performance.now() - begin
    assert.match(
      terminal.seen,
      /SIGINT received, stopping[\s\S]*worker: killed by SIGTERM[\s\S]*web: killed by SIGTERM/,
    )
    console.log(`Ctrl-C: ${Math.round(millis)} ms`)
    // npm's shell would die of the Ctrl-C itself and spoil the code, were the script not `exec`ed. On a busy machine npm
    // still may: it gives SIGINT its default back as soon as it learns that foster has ended, and its own may be pending.
    assert.ok(code === 0 || code === 130, `code ${code}:\n${terminal.seen}`)
  })
})
