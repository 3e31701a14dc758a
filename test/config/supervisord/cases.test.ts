/**
 * The corpus of Supervisor files: each `cases/NAME.conf` gives the plan in `NAME.json` (what differs from the defaults)
 * and the diagnostics in `NAME.err`. `UPDATE=1` writes them; read what it wrote before you commit it.
 */
import assert from 'node:assert/strict'
import { existsSync, globSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Facts, load } from '../../../src/config/load.ts'
import { render } from '../../../src/errors.ts'
import { factsOf } from '../facts.ts'
import { infinite, shorten } from '../shorten.ts'

const folder = new URL('cases/', import.meta.url)
const names = readdirSync(folder).flatMap(name => (name.endsWith('.conf') ? [name.slice(0, -5)] : []))

const environment = { PATH: '/usr/bin:/bin', HOME: '/root', APP_PORT: '8080', QUEUE: 'mail', PCT: '50%', QUOTED: 'a"b' }

/** The files lie in /work. */
const facts: Facts = {
  ...factsOf({}, environment),
  readFile: path => readFileSync(new URL(inFolder(path), folder), 'utf8'),
  glob: pattern => globSync(inFolder(pattern), { cwd: fileURLToPath(folder) }).map(path => `/work/${path}`),
  whatIs: path => (path.startsWith('/nope') ? 'nothing' : /\.\w+$|^\/tmp\/./.test(path) ? 'other' : 'directory'),
}

function inFolder(path: string): string {
  return path.replace(/^\/work\//, '')
}

for (const name of names) {
  test(name, () => {
    const { plan, diagnostics, source } = load([`${name}.conf`], facts)
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
