/**
 * The corpus: each `cases/NAME.yaml` gives the plan in `NAME.json` (what differs from the defaults) and the diagnostics
 * in `NAME.err`. A file may begin with `# env: NAME=VALUE`, `# root: no` and `# load: FILE...` (in place of itself); what
 * it includes lies in a folder beside it. `UPDATE=1` writes the expectations; read what it wrote before you commit it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { folder, loadCase, names } from './corpus.ts'
import { expectLoaded } from './expectation.ts'

for (const name of names) {
  test(name, () => {
    const loaded = loadCase(name)
    assert.equal(
      loaded.plan === undefined,
      loaded.diagnostics.some(({ severity }) => severity === 'error'),
    )
    expectLoaded(name, folder, loaded)
  })
}
