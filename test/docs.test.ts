/** The generated pages say what the code says. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pages } from '../docs/pages.ts'

for (const [path, page] of pages) {
  test(`${path} is up to date (npm run docs)`, () => assert.equal(readFileSync(path, 'utf8'), page()))
}
