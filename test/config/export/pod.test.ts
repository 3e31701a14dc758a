/** The pod of examples/kubernetes: its configuration is without fault, and fits what stands around it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as v from 'valibot'
import { parseAllDocuments } from 'yaml'
import { load } from '../../../src/config/load.ts'
import { factsOf } from '../facts.ts'

const map = v.object({ kind: v.literal('ConfigMap'), data: v.strictObject({ 'foster.yaml': v.string() }) })
const probe = v.object({ httpGet: v.strictObject({ path: v.string(), port: v.number() }) })
const pod = v.object({
  kind: v.literal('Pod'),
  spec: v.object({
    terminationGracePeriodSeconds: v.number(),
    securityContext: v.object({ runAsUser: v.number() }),
    containers: v.tuple([v.object({ startupProbe: probe, readinessProbe: probe, livenessProbe: probe })]),
  }),
})

test('the configuration of the example is without fault, its probes and its time are those of the pod', () => {
  const text = readFileSync(new URL('../../../examples/kubernetes/pod.yaml', import.meta.url), 'utf8')
  const [first, second] = parseAllDocuments(text).map(document => document.toJS() as unknown)
  const file = v.parse(map, first).data['foster.yaml']
  const { spec } = v.parse(pod, second)
  const path = '/etc/foster/foster.yaml'
  const { plan, diagnostics } = load([path], factsOf({ [path]: file }, {}, spec.securityContext.runAsUser))
  assert.deepEqual(diagnostics, [])
  assert.ok(plan?.http !== undefined)
  assert.equal(plan.http.address, undefined, 'the kubelet asks the address of the pod')
  const [{ startupProbe, readinessProbe, livenessProbe }] = spec.containers
  const { port } = plan.http
  assert.deepEqual(startupProbe.httpGet, { path: '/startupz', port })
  assert.deepEqual(readinessProbe.httpGet, { path: '/readyz', port })
  assert.deepEqual(livenessProbe.httpGet, { path: '/livez', port })
  assert.equal(plan.shutdown.timeout, (spec.terminationGracePeriodSeconds - 1) * 1000)
})
