/** The generated pages say what the code says. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { helpOf } from '../docs/cli.ts'
import { pages } from '../docs/pages.ts'
import { commandWords } from '../src/cli/arguments.ts'
import { usage } from '../src/cli/grammar.ts'

for (const [path, page] of pages) {
  test(`${path} is up to date (npm run docs)`, () => assert.equal(readFileSync(path, 'utf8'), page()))
}

test('every help fits a terminal of 80 columns', () => {
  const helps = commandWords.filter(word => word !== 'help').map(word => helpOf(word))
  const lines = [helpOf(), usage, ...helps].flatMap(text => text.split('\n'))
  assert.deepEqual(
    lines.filter(line => line.length > 80),
    [],
  )
})
