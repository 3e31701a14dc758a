/**
 * The corpus of Supervisor files: each `cases/NAME.conf` gives the plan in `NAME.json` (what differs from the defaults)
 * and the diagnostics in `NAME.err`. `UPDATE=1` writes them; read what it wrote before you commit it.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { render } from '../../../src/errors.ts'
import { infinite, shorten } from '../shorten.ts'
import { folder, loadCase, names } from './corpus.ts'

for (const name of names) {
  test(name, () => {
    const { plan, diagnostics, source } = loadCase(name)
    const faults = diagnostics.map(diagnostic => `${render(diagnostic, source)}\n`).join('')
    expect(`${name}.json`, plan && `${JSON.stringify(shorten(plan), infinite, 2)}\n`)
    expect(`${name}.err`, faults === '' ? undefined : faults)
  })
}

function expect(name: string, actual: string | undefined): void {
  const file = new URL(name, folder)
  if (process.env.UPDATE === '1') {
    if (actual === undefined) rmSync(file, { force: true })
    else writeFileSync(file, actual)
  }
  assert.equal(actual, existsSync(file) ? readFileSync(file, 'utf8') : undefined, name)
}
