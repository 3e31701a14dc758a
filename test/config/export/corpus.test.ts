/**
 * Each `NAME.yaml` gives `NAME.kubernetes.txt` and `NAME.compose.txt`, and with `# show-secrets` in it those with all
 * values. `UPDATE=1` writes them; read what it wrote before you commit it.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { exportOf, formats, loadText, readCompose, readPod } from './rig.ts'

const folder = new URL('./', import.meta.url)
const names = readdirSync(folder)
  .filter(name => name.endsWith('.yaml'))
  .map(name => name.replace(/\.yaml$/, ''))

for (const name of names) {
  for (const format of formats) {
    test(`${name} as ${format}`, () => {
      const text = readFileSync(new URL(`${name}.yaml`, folder), 'utf8')
      const actual = exportOf(loadText(text), format, text.includes('# show-secrets'))
      const file = new URL(`${name}.${format}.txt`, folder)
      if (process.env.UPDATE === '1') writeFileSync(file, actual)
      assert.equal(actual, existsSync(file) ? readFileSync(file, 'utf8') : '')
      if (format === 'kubernetes') readPod(actual)
      else readCompose(actual)
    })
  }
}
