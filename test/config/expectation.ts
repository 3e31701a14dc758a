/** What a corpus of configurations expects: beside each case its plan and its diagnostics. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Loaded } from '../../src/config/load.ts'
import { render } from '../../src/errors.ts'
import { infinite, shorten } from './shorten.ts'

/** Compares what was loaded with `NAME.json` and `NAME.err` in the folder; with `UPDATE=1` writes them first. */
export function expectLoaded(name: string, folder: URL, { plan, diagnostics, source }: Loaded): void {
  const faults = diagnostics.map(diagnostic => `${render(diagnostic, source)}\n`).join('')
  expect(new URL(`${name}.json`, folder), plan && `${JSON.stringify(shorten(plan), infinite, 2)}\n`)
  expect(new URL(`${name}.err`, folder), faults === '' ? undefined : faults)
}

function expect(file: URL, actual: string | undefined): void {
  if (process.env.UPDATE === '1') {
    if (actual === undefined) rmSync(file, { force: true })
    else writeFileSync(file, actual)
  }
  assert.equal(actual, existsSync(file) ? readFileSync(file, 'utf8') : undefined, file.pathname)
}
