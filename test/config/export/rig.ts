/** Configurations as exports, and the shapes that these must have. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import * as v from 'valibot'
import { parse } from 'yaml'
import { exported } from '../../../src/config/export/export.ts'
import { type Loaded, load } from '../../../src/config/load.ts'
import { factsOf } from '../facts.ts'

export const formats = ['kubernetes', 'compose'] as const
export type Format = (typeof formats)[number]

/** Loads a configuration with the variables that lines such as `# env: NAME=VALUE` in it say. */
export function loadText(text: string, environment: Readonly<Record<string, string>> = {}): Loaded {
  const own: Record<string, string> = { ...environment }
  for (const [, name = '', value = ''] of text.matchAll(/^# env: (\w+)=(.*)$/gm)) own[name] = value
  const facts = factsOf({ '/srv/shop/foster.yaml': text, '/srv/shop/.env': 'FROM_FILE=hunter2\n' }, own)
  return load(['/srv/shop/foster.yaml'], facts)
}

/** Exports what was loaded. */
export function exportOf(loaded: Loaded, format: Format, showSecrets = false): string {
  const wanted = { format, image: 'registry.example/shop:1', name: undefined, showSecrets }
  const text = exported(loaded, ['/srv/shop/foster.yaml'], wanted)
  assert.ok(text, JSON.stringify(loaded.diagnostics))
  return text
}

const count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 31 - 1))
const words = v.pipe(v.array(v.string()), v.minLength(1))
const label = v.pipe(v.string(), v.maxLength(63), v.regex(/^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/))
const exec = v.strictObject({ command: words })
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))

const handlers = {
  exec: v.optional(exec),
  httpGet: v.optional(
    v.strictObject({
      host: v.optional(v.string()),
      path: v.pipe(v.string(), v.startsWith('/')),
      port,
      scheme: v.optional(v.picklist(['HTTP', 'HTTPS'])),
      httpHeaders: v.optional(v.array(v.strictObject({ name: v.string(), value: v.string() }))),
    }),
  ),
  tcpSocket: v.optional(v.strictObject({ host: v.optional(v.string()), port })),
}

const probe = v.pipe(
  v.strictObject({
    ...handlers,
    ...{ initialDelaySeconds: v.optional(count), periodSeconds: count, timeoutSeconds: count },
    ...{ successThreshold: v.optional(count), failureThreshold: count },
  }),
  v.check(({ exec: command, httpGet, tcpSocket }) => [command, httpGet, tcpSocket].filter(Boolean).length === 1),
)
/** Of startup and liveness, Kubernetes takes no other threshold than 1. */
const stopping = v.pipe(
  probe,
  v.check(({ successThreshold }) => (successThreshold ?? 1) === 1),
)

const variable = v.pipe(
  v.strictObject({
    name: v.pipe(v.string(), v.regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/)),
    value: v.optional(v.string()),
    valueFrom: v.optional(
      v.strictObject({
        secretKeyRef: v.strictObject({ name: v.string(), key: v.pipe(v.string(), v.regex(/^[-._a-zA-Z0-9]+$/)) }),
      }),
    ),
  }),
  v.check(({ value, valueFrom }) => (value === undefined) !== (valueFrom === undefined)),
)

const id = v.pipe(v.number(), v.integer(), v.minValue(0))
const plainContainer = {
  ...{ name: label, image: v.string(), command: words, workingDir: v.optional(v.string()) },
  ...{ env: v.optional(v.array(variable)), stdin: v.optional(v.boolean()), tty: v.optional(v.boolean()) },
  securityContext: v.optional(v.strictObject({ runAsUser: id, runAsGroup: id })),
}
const probed = {
  ...{ startupProbe: v.optional(stopping), readinessProbe: v.optional(probe), livenessProbe: v.optional(stopping) },
  lifecycle: v.optional(v.strictObject({ preStop: v.strictObject({ exec }) })),
}

/** core/v1 Pod, as far as it is used, and what the API server refuses in it. Every key that is not here is a fault. */
export const pod = v.strictObject({
  ...{ apiVersion: v.literal('v1'), kind: v.literal('Pod') },
  metadata: v.strictObject({ name: label, labels: v.record(v.string(), label) }),
  spec: v.strictObject({
    restartPolicy: v.picklist(['Always', 'OnFailure', 'Never']),
    terminationGracePeriodSeconds: count,
    initContainers: v.optional(
      v.array(
        v.union([
          v.strictObject(plainContainer),
          v.strictObject({ ...plainContainer, ...probed, restartPolicy: v.literal('Always') }),
        ]),
      ),
    ),
    containers: v.pipe(v.array(v.strictObject({ ...plainContainer, ...probed })), v.minLength(1)),
  }),
})

const duration = v.pipe(v.string(), v.regex(/^\d+(?:ms|s)$/))
const limit = v.pipe(v.number(), v.integer(), v.minValue(-1))

/** The Compose specification, as far as it is used. */
export const compose = v.strictObject({
  name: label,
  services: v.record(
    label,
    v.strictObject({
      ...{ image: v.string(), init: v.literal(true), entrypoint: words, working_dir: v.optional(v.string()) },
      ...{ user: v.optional(v.pipe(v.string(), v.regex(/^\d+:\d+$/))), group_add: v.optional(words) },
      environment: v.optional(v.record(v.string(), v.string())),
      network_mode: v.optional(v.pipe(v.string(), v.regex(/^service:[-a-z0-9]+$/))),
      depends_on: v.optional(
        v.record(
          label,
          v.strictObject({
            condition: v.picklist(['service_started', 'service_healthy', 'service_completed_successfully']),
            required: v.optional(v.literal(false)),
            restart: v.optional(v.literal(true)),
          }),
        ),
      ),
      healthcheck: v.union([
        v.strictObject({ disable: v.literal(true) }),
        v.strictObject({
          ...{ test: words, interval: duration, timeout: duration, retries: count },
          ...{ start_period: v.optional(duration), start_interval: v.optional(duration) },
        }),
      ]),
      restart: v.optional(v.pipe(v.string(), v.regex(/^(?:no|always|on-failure(?::\d+)?)$/))),
      ...{ stop_signal: v.optional(v.string()), stop_grace_period: v.optional(duration) },
      pre_stop: v.optional(v.array(exec)),
      ulimits: v.optional(v.record(v.string(), v.strictObject({ soft: limit, hard: limit }))),
      ...{ oom_score_adj: v.optional(v.number()), tty: v.optional(v.literal(true)) },
      stdin_open: v.optional(v.literal(true)),
    }),
  ),
})

export type Pod = v.InferOutput<typeof pod>
export type Compose = v.InferOutput<typeof compose>

/** Reads a pod, as Kubernetes does: YAML 1.1. */
export function readPod(text: string): Pod {
  return v.parse(pod, parse(text, { version: '1.1', merge: false }))
}

/** Reads a Compose file. */
export function readCompose(text: string): Compose {
  return v.parse(compose, parse(text, { version: '1.1', merge: false }))
}

/** The corpus of this folder, and the configurations of the examples that have one. */
export function examplesAndCorpus(): readonly { readonly name: string; readonly loaded: Loaded }[] {
  const examples = new URL('../../../examples/', import.meta.url)
  const corpus = readdirSync(new URL('./', import.meta.url)).filter(it => it.endsWith('.yaml'))
  const named = readdirSync(examples).filter(
    it => existsSync(new URL(`${it}/foster.yaml`, examples)) && it !== 'procfile',
  )
  const paths = [
    ...corpus.map(it => new URL(`./${it}`, import.meta.url)),
    ...named.map(it => new URL(`${it}/foster.yaml`, examples)),
  ]
  return paths.map(url => {
    // Accounts of their images.
    const text = readFileSync(url, 'utf8').replaceAll(/user: (redis|postgres|www-data)$/gm, 'user: 1000')
    return { name: url.pathname.split('/').slice(-2).join('/'), loaded: loadText(text) }
  })
}
