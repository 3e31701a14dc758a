/** The configurations in the documentation are accepted. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { load } from '../../src/config/load.ts'
import { topKeys } from '../../src/config/schema.ts'
import { factsOf } from './facts.ts'

const pages = ['README.md', ...readdirSync('docs').map(it => `docs/${it}`)].filter(it => it.endsWith('.md'))

/** The blocks of a page, in fences or indented by four, that begin with a key that is only a top level's; with their lines. */
function configurationsIn(page: string): readonly (readonly [line: number, text: string])[] {
  const found: [number, string][] = []
  for (const match of page.matchAll(/^( *)```yaml\n([^`]*)^ *```$|^( {4,})\S.*\n(?:(?:\3.*)?\n)*/gm)) {
    const [whole, fence, fenced, indent = fence ?? ''] = match
    const text = (fenced ?? whole).replaceAll(new RegExp(`^${indent}`, 'gm'), '')
    const first = /^(?!#)(\w+):/m.exec(text)?.[1] ?? ''
    if (topKeys.includes(first) && !below.includes(first))
      found.push([page.slice(0, match.index).split('\n').length, text])
  }
  return found
}

test('what the pages show is accepted', () => {
  let count = 0
  for (const path of pages) {
    for (const [line, text] of configurationsIn(readFileSync(path, 'utf8'))) {
      count++
      const { diagnostics } = load([path], factsOf({ [path]: text }), { allowEmpty: true })
      const faults = diagnostics.filter(({ severity, code }) => severity === 'error' && !ofTheSystem.has(code))
      assert.deepEqual(faults, [], `${path}:${line}`)
    }
  }
  assert.ok(count > 5, `only ${count} were found`)
})

/** These are keys of programs or of probes as well. */
const below: readonly string[] = ['environment', 'env_file', 'log', 'http']

/** Faults of where it is loaded, and of a part that is shown alone. */
const ofTheSystem: ReadonlySet<string> = new Set([
  'unknown-user',
  'unknown-group',
  'unset-variable',
  'unreadable-file',
  'unknown-program',
])
