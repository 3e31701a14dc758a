/**
 * The corpus of Supervisor files: each `cases/NAME.conf` gives the plan in `NAME.json` (what differs from the defaults)
 * and the diagnostics in `NAME.err`. `UPDATE=1` writes them; read what it wrote before you commit it.
 */
import { test } from 'node:test'
import { expectLoaded } from '../expectation.ts'
import { folder, loadCase, names } from './corpus.ts'

for (const name of names) {
  test(name, () => {
    expectLoaded(name, folder, loadCase(name))
  })
}
