/**
 * Every command of the README and the documentation is run by a test, as it is written. Here is which; a command that is
 * not in the table fails, and so does a row without a command.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { commandsIn, shellOf } from './docs-commands.ts'

const pages = ['README.md', 'CONTRIBUTING.md', ...readdirSync('docs').map(it => `docs/${it}`)].filter(it =>
  it.endsWith('.md'),
)

const here = 'test/e2e/docs-commands.test.ts'
const readme = 'test/containers/readme.test.ts'
const ci = '.ci/run'

/** By the beginning of a command: the first row that fits. `here` takes it from the page itself and runs it. */
const runBy: ReadonlyArray<readonly [page: string, beginning: string, by: string]> = [
  ['README.md', 'docker ', readme],
  ['README.md', 'npm ci && npm start', 'test/containers/quickstart.test.ts'],
  ['README.md', 'npm ci && npm test', ci],
  ['README.md', 'foster ', here],
  ['README.md', 'source ', here],
  ['CONTRIBUTING.md', 'npm ', ci],
  ['docs/installation.md', '', 'test/e2e/package.test.ts'],
  ['docs/tini.md', '', 'test/e2e/replay-docs.test.ts'],
  ['docs/supervisor.md', 'foster ', here],
  ['docs/kubernetes.md', 'foster export', here],
  // There is no cluster: the test reads the same file that the kubelet does.
  ['docs/kubernetes.md', 'kubectl get pod', 'test/containers/kubernetes.test.ts'],
  ['docs/api.md', 'curl ', here],
  ['docs/configuration.md', 'foster ', here],
  ['docs/configuration.md', 'FOSTER_', here],
  ['docs/benchmarks.md', 'npm run build', ci],
  // Minutes on an idle machine: run by hand for the figures of that page.
  ['docs/benchmarks.md', '', 'bench/main.ts'],
]

const all = pages.flatMap(page => commandsIn(readFileSync(page, 'utf8')).map(command => ({ page, command })))

test('every command has a test that runs it', () => {
  const unknown = all.filter(
    ({ page, command }) => !runBy.some(([of, start]) => of === page && command.startsWith(start)),
  )
  assert.deepEqual(unknown, [])
  assert.ok(all.length > 40, `only ${all.length} commands were found`)
})

test('every row of the table is for a command, and names a file', () => {
  for (const [page, start, by] of runBy) {
    assert.ok(existsSync(by), by)
    assert.ok(
      all.some(it => it.page === page && it.command.startsWith(start)),
      `${page}: ${start}`,
    )
  }
})

test('every block of code says what it is', () => {
  const kinds = new Set(['sh', 'yaml', 'dockerfile', 'ini', 'text', 'json', ''])
  for (const page of pages) {
    for (const [, kind = ''] of readFileSync(page, 'utf8').matchAll(/^ *```(\S*)\n[^`]*^ *```$/gm)) {
      assert.ok(kinds.has(kind), `${page}: ${kind}`)
    }
  }
})

test('commands are found in blocks, joined at backslashes, and without their comments', () => {
  const text = '```sh\na b \\\n  c   # said\n```\n\n    npm run x\n    not: a command\n'
  assert.deepEqual(commandsIn(text), ['a b c', 'npm run x'])
  assert.deepEqual(shellOf('```\nfoster status\n```\n'), [])
})
