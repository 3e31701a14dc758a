/** The OpenAPI document says what foster really answers: every route is asked, and every answer held against it. */
import assert from 'node:assert/strict'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { e2e } from './rig.ts'
import { Api, soon } from './rig-api.ts'

interface Operation {
  readonly operationId: string
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>
  >
}

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: { readonly Failure: object } }
}

const programs = {
  web: { command: 'sleep inf', start_seconds: 0, replicas: 2 },
  late: { command: 'sleep inf', depends_on: ['never'], critical: false },
  never: { command: 'sleep inf', autostart: true, start_seconds: '1h' },
  bad: { command: '/no/such/thing', critical: false, start_retries: 1, backoff: { delay: '1ms' } },
  sick: { command: 'sh -c "kill -9 $$"', critical: false, start_retries: 0 },
  again: { command: 'sh -c "echo out; echo err >&2; exit 3"', critical: false, backoff: { delay: '1h', max: '1h' } },
  once: { kind: 'task', command: 'true' },
  idle: { command: 'sleep inf', autostart: false },
}

/** What is asked of each operation; `shutdown` last. */
const questions: Readonly<Record<string, readonly string[]>> = {
  status: ['/v1/status'],
  programs: ['/v1/programs'],
  program: ['/v1/programs/web', '/v1/programs/again'],
  start: ['/v1/programs/idle/start', '/v1/programs/idle/start', '/v1/programs/all/start?wait=none'],
  stop: ['/v1/programs/idle/stop', '/v1/programs/idle/stop?progress=1'],
  restart: ['/v1/programs/web/restart', '/v1/programs/web:1/restart?progress=1', '/v1/programs/x/restart'],
  signal: ['/v1/programs/web/signal?signal=CONT', '/v1/programs/bad/signal?signal=1', '/v1/programs/web/signal'],
  logs: ['/v1/logs', '/v1/logs?program=again&stream=stderr&lines=1'],
  events: ['/v1/events', '/v1/events?since=3&program=web'],
  health: ['/v1/health', '/v1/health?kind=live', '/v1/health?kind=startup'],
  graph: ['/v1/graph'],
  config: ['/v1/config'],
  openapi: ['/v1/openapi.json'],
  reload: ['/v1/reload?dry_run=1', '/v1/reload'],
  shutdown: ['/v1/shutdown'],
}

e2e('every answer is as the document says', async rig => {
  const api = new Api(rig)
  await rig.start({ programs, control: { socket: api.path }, shutdown: { delay: '1s' } })
  await api.open()
  for (const [stream, text] of [
    ['stdout', 'out'],
    ['stderr', 'err'],
  ] as const) {
    const wrote = async () => (await api.ask(`/v1/logs?program=again&stream=${stream}`)).body?.message === text
    await soon(`"again" has written to its ${stream}`, wrote)
  }
  const document = JSON.parse((await api.ask('/v1/openapi.json')).text) as Document
  assert.match(document.openapi, /^3\.1/)
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true })
  const failure = ajv.compile(document.components.schemas.Failure)
  const asked = new Set<string>()
  for (const [id, targets] of Object.entries(questions)) {
    const [method, operation] = find(document, id)
    for (const target of targets) {
      const answer = await api.ask(`${method.toUpperCase()} ${target}`)
      const found = operation.responses[answer.status] ?? operation.responses.default
      if (operation.responses[answer.status] === undefined) {
        assert.ok(failure(answer.body), `${target}: ${ajv.errorsText(failure.errors)}\n${answer.text}`)
        assert.ok(answer.status >= 400, target)
        continue
      }
      asked.add(id)
      const isLines = /progress=1|\/v1\/(logs|events)/.test(target)
      const content = found?.content[isLines ? 'application/x-ndjson' : 'application/json']
      if (content === undefined) continue
      const check = ajv.compile(content.schema)
      const values = isLines
        ? answer.text
            .trim()
            .split('\n')
            .map(line => JSON.parse(line) as unknown)
        : [answer.body]
      assert.ok(values.length > 0, target)
      for (const value of values) {
        assert.ok(check(value), `${target}: ${ajv.errorsText(check.errors)}\n${JSON.stringify(value)}`)
      }
    }
  }
  const all = Object.values(document.paths).flatMap(path => Object.values(path).map(it => it.operationId))
  assert.deepEqual([...asked].sort(), all.sort())
})

function find({ paths }: Document, id: string): [method: string, operation: Operation] {
  for (const path of Object.values(paths)) {
    for (const [method, operation] of Object.entries(path)) if (operation.operationId === id) return [method, operation]
  }
  throw new Error(`no operation ${id}`)
}
