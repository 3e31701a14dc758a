/**
 * The corpus: each `cases/NAME.yaml` gives the plan in `NAME.json` (what differs from the defaults) and the diagnostics
 * in `NAME.err`. A file may begin with `# env: NAME=VALUE`, `# root: no` and `# load: FILE...` (in place of itself); what
 * it includes lies in a folder beside it. `UPDATE=1` writes the expectations; read what it wrote before you commit it.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { controlDefaults } from '../../src/core/control.ts'
import { type Plan, type Program, programDefaults, shutdownDefaults } from '../../src/core/plan.ts'
import { render } from '../../src/errors.ts'
import { folder, loadCase, names } from './corpus.ts'

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

/** The plan without what every program has by default. */
function shorten(plan: Plan): object {
  const programs = plan.programs.map(program => differing(program, defaults))
  const shutdown = differing(plan.shutdown, shutdownDefaults)
  const rest = differing({ ...plan, shutdown }, { shutdown: {}, signals: {}, control: controlDefaults })
  return { ...rest, programs }
}

const defaults: Partial<Program> = { ...programDefaults, dependsOn: [], environment: {}, stopScope: 'process' }

function differing(value: object, usual: object): object {
  const same = (key: string, part: unknown): boolean =>
    JSON.stringify(part, infinite) === JSON.stringify((usual as Record<string, unknown>)[key], infinite)
  return Object.fromEntries(Object.entries(value).filter(([key, part]) => !same(key, part)))
}

function infinite(_key: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? 'Infinity' : value
}
