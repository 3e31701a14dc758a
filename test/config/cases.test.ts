/**
 * The corpus: each `cases/NAME.yaml` gives the plan in `NAME.json` (what differs from the defaults) and the diagnostics
 * in `NAME.err`. A file may begin with `# env: NAME=VALUE`, `# root: no` and `# load: FILE...` (in place of itself); what
 * it includes lies in a folder beside it. `UPDATE=1` writes the expectations; read what it wrote before you commit it.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { render } from '../../src/errors.ts'
import { folder, loadCase, names } from './corpus.ts'
import { infinite, shorten } from './shorten.ts'

for (const name of names) {
  test(name, () => {
    const { plan, diagnostics, source } = loadCase(name)
    const faults = diagnostics.map(diagnostic => `${render(diagnostic, source)}\n`).join('')
    assert.equal(
      plan === undefined,
      diagnostics.some(({ severity }) => severity === 'error'),
    )
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
