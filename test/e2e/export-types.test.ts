/** The pods that `foster export kubernetes` writes, and that of the example, by the types of Kubernetes' own OpenAPI document. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { examplesAndCorpus, exportOf, readPod } from '../config/export/rig.ts'

const folder = mkdtempSync(join(tmpdir(), 'foster-types-'))
after(() => rmSync(folder, { recursive: true }))
symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))

/** What the compiler says of values as objects of the API; literals, so that a key it does not know is a fault. */
function faultsOf(objects: Readonly<Record<string, { readonly kind: string }>>): readonly string[] {
  const constants = Object.entries(objects).map(
    ([name, value], i) =>
      `// ${name}\nexport const object${i}: core.${value.kind} = ${JSON.stringify(value, undefined, 1)}\n`,
  )
  writeFileSync(
    join(folder, 'objects.ts'),
    `import type * as core from 'kubernetes-types/core/v1'\n${constants.join('')}`,
  )
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--module', 'preserve', '--types', '']
  const { status, stdout } = spawnSync(resolve('node_modules/.bin/tsc'), [...options, 'objects.ts'], {
    cwd: folder,
    encoding: 'utf8',
  })
  return status === 0 ? [] : stdout.trim().split('\n')
}

const example = Object.fromEntries(
  parseAllDocuments(readFileSync('examples/kubernetes/pod.yaml', 'utf8')).map((it, i) => [`pod.yaml ${i}`, it.toJS()]),
)

test('pods are pods to the API', () => {
  const pods = examplesAndCorpus().map(({ name, loaded }) => [name, readPod(exportOf(loaded, 'kubernetes'))] as const)
  assert.ok(pods.length > 5)
  assert.deepEqual(faultsOf({ ...Object.fromEntries(pods), ...example }), [])
})

test('the types refuse what the API does not know', () => {
  const spec = { containers: [{ name: 'a', image: 'b', livenessProbe: { tcpSocket: { port: 1, hots: 'x' } } }] }
  const faults = faultsOf({ wrong: { kind: 'Pod', spec } as { kind: string } })
  assert.match(faults.join('\n'), /'"hots"' does not exist/)
})
