/**
 * The API as one table that server and client share: each row is a route with who may ask for it, what may be asked,
 * and what is answered. Everything is asked by method, path and query; requests have no bodies.
 */
import * as v from 'valibot'
import type { Verb } from '../core/control.ts'
import {
  actionAnswer,
  actionLine,
  event,
  type Failure,
  graphAnswer,
  healthAnswer,
  logLine,
  programsAnswer,
  reloadAnswer,
  shutdownAnswer,
  statusAnswer,
} from './answers.ts'

/** A row of the table. */
export interface Route {
  readonly method: 'GET' | 'POST'
  /** `{name}` stands for a process, a program, `group:*` or `all`. */
  readonly path: string
  /** Undefined: everybody who may use the socket. */
  readonly verb: Verb | undefined
  readonly query: v.GenericSchema<Record<string, unknown>, object>
  /** What is answered: one JSON value, JSON values line by line (until the client goes away, with `follow`), or text. */
  readonly as: 'json' | 'lines' | 'text'
  readonly answer: v.GenericSchema
  /** With `progress=1` lines are answered in place of one value. */
  readonly lines?: v.GenericSchema
  readonly about: string
}

/** A part of a JSON Schema, for the OpenAPI document. */
type Json = Readonly<Record<string, unknown>>

/** A value of the query, which is text. */
function value<const T>(json: Json, words: string, meanings: (text: string) => T | undefined) {
  return v.pipe(
    v.string(),
    v.metadata({ json }),
    v.description(words),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const meaning = meanings(dataset.value)
      if (meaning !== undefined) return meaning
      addIssue({ message: `expected ${expected(json)}` })
      return NEVER
    }),
  )
}

function expected({ enum: words, type }: Json): string {
  if (Array.isArray(words)) return words.join(' or ')
  return type === 'integer' ? 'a whole number' : type === 'number' ? 'seconds, at most 24 days of them' : 'text'
}

const flag = (words: string) =>
  value({ type: 'string', enum: ['1', '0'] }, words, text =>
    text === '' || text === '1' || text === 'true' ? true : text === '0' || text === 'false' ? false : undefined,
  )
const number = (words: string) =>
  value({ type: 'integer', minimum: 0 }, words, text => (/^\d{1,15}$/.test(text) ? Number(text) : undefined))
/** As long as a duration of the configuration can be, in seconds: a timer that is set to more comes at once. */
const longest = 24 * 86_400
const seconds = (words: string) =>
  value({ type: 'number', minimum: 0, maximum: longest }, words, text =>
    /^\d{1,7}(\.\d{1,3})?$/.test(text) && Number(text) <= longest ? Number(text) * 1000 : undefined,
  )
const oneOf = <const T extends string>(words: readonly T[], about: string) =>
  value({ type: 'string', enum: words }, about, text => words.find(word => word === text))

/** A key of the query may be given several times; a schema always gets a list. */
const several = v.pipe(v.array(v.string()), v.metadata({ json: { type: 'array', items: { type: 'string' } } }))
const once = <const Schema extends v.GenericSchema<string, unknown>>(schema: Schema) =>
  v.optional(
    v.pipe(
      v.array(v.string()),
      v.maxLength(1, 'it is given more than once'),
      v.transform(([text = '']) => text),
      schema,
    ),
  )

const nothing = v.strictObject({})
const kind = oneOf(['ready', 'live', 'startup'], 'Which health; `ready` if it is not said.')
const names = v.optional(v.pipe(several, v.description('Only these: names as in paths; may be given several times.')))
const waits = {
  timeout: once(seconds('Waits so many seconds at most; without it as long as it takes.')),
  progress: once(flag('Answers lines: what changes meanwhile, then the result.')),
}
const untilUp = v.strictObject({
  wait: once(
    oneOf(['ready', 'started', 'none'], 'Until it is ready, until it is RUNNING, or not at all. `ready` if not said.'),
  ),
  ...waits,
})
const untilGone = v.strictObject({
  wait: once(oneOf(['gone', 'none'], 'Until nothing of it is left, or not at all. `gone` if not said.')),
  ...waits,
})

/** Every route, by the name that code calls it. */
export const routes = {
  status: {
    ...{ method: 'GET', path: '/v1/status', verb: 'status', query: nothing, as: 'json', answer: statusAnswer },
    about: 'The container and all its processes.',
  },
  programs: {
    ...{ method: 'GET', path: '/v1/programs', verb: 'status', query: nothing, as: 'json', answer: programsAnswer },
    about: 'All processes.',
  },
  program: {
    ...{ method: 'GET', path: '/v1/programs/{name}', verb: 'status', query: nothing, as: 'json' },
    ...{ answer: programsAnswer, about: 'The processes with this name.' },
  },
  start: {
    ...{ method: 'POST', path: '/v1/programs/{name}/start', verb: 'start', query: untilUp, as: 'json' },
    ...{ answer: actionAnswer, lines: actionLine, about: 'Starts processes and waits until they are ready.' },
  },
  stop: {
    ...{ method: 'POST', path: '/v1/programs/{name}/stop', verb: 'stop', query: untilGone, as: 'json' },
    ...{ answer: actionAnswer, lines: actionLine, about: 'Stops processes and waits until they are gone.' },
  },
  restart: {
    ...{ method: 'POST', path: '/v1/programs/{name}/restart', verb: 'restart', query: untilUp, as: 'json' },
    ...{ answer: actionAnswer, lines: actionLine, about: 'Stops processes, starts them, waits until they are ready.' },
  },
  signal: {
    ...{ method: 'POST', path: '/v1/programs/{name}/signal', verb: 'signal', as: 'json', answer: actionAnswer },
    query: v.strictObject({
      signal: v.pipe(
        v.array(v.string()),
        v.length(1, 'expected one signal'),
        v.metadata({ json: { type: 'string' } }),
        v.description('`HUP`, `SIGHUP` or `1`.'),
      ),
    }),
    about: 'Sends a signal to processes.',
  },
  logs: {
    ...{ method: 'GET', path: '/v1/logs', verb: 'logs', as: 'lines', answer: logLine },
    query: v.strictObject({
      program: names,
      stream: once(oneOf(['stdout', 'stderr'], 'Only this stream.')),
      lines: once(number('The last so many lines of each process; all that are in memory if it is not said.')),
      bytes: once(number('The last so many bytes of each process.')),
      follow: once(flag('Goes on with what is written from now on.')),
      raw: once(flag('The bytes of one process as it wrote them, as text, in place of JSON values.')),
    }),
    about: 'The output of processes that is in memory.',
  },
  events: {
    ...{ method: 'GET', path: '/v1/events', verb: 'events', as: 'lines', answer: event },
    query: v.strictObject({
      program: names,
      since: once(number('Only events after this sequence number.')),
      follow: once(flag('Goes on with what happens from now on.')),
    }),
    about: 'What has happened.',
  },
  health: {
    ...{ method: 'GET', path: '/v1/health', verb: 'status', as: 'json', answer: healthAnswer },
    query: v.strictObject({ kind: once(kind) }),
    about: 'Whether the container is ready, alive, started: 200 or 503.',
  },
  graph: {
    ...{ method: 'GET', path: '/v1/graph', verb: 'status', query: nothing, as: 'json', answer: graphAnswer },
    about: 'What depends on what.',
  },
  config: {
    ...{ method: 'GET', path: '/v1/config', verb: 'config', query: nothing, as: 'text', answer: v.string() },
    about: 'The configuration that is in force, as YAML; what may be secret is masked.',
  },
  reload: {
    ...{ method: 'POST', path: '/v1/reload', verb: 'reload', as: 'json', answer: reloadAnswer },
    query: v.strictObject({ dry_run: once(flag('Only says what would change.')) }),
    about: 'Reads the configuration again and changes what differs; a faulty one changes nothing.',
  },
  shutdown: {
    ...{ method: 'POST', path: '/v1/shutdown', verb: 'shutdown', query: nothing, as: 'json', answer: shutdownAnswer },
    about: 'Stops the container.',
  },
  openapi: {
    ...{ method: 'GET', path: '/v1/openapi.json', verb: undefined, query: nothing, as: 'json' },
    ...{ answer: v.record(v.string(), v.unknown()), about: 'This API as an OpenAPI document.' },
  },
} as const satisfies Readonly<Record<string, Route>>

export type RouteName = keyof typeof routes

/** What a client gives as the query of a route; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Path and query of a request: `/v1/programs/web%3A0/start?wait=none`. */
export function targetOf(route: Pick<Route, 'path'>, name = '', query: Query = {}): string {
  const path = route.path.replace('{name}', encodeURIComponent(name))
  const pairs = Object.entries(query).flatMap(([key, given]) => {
    const values = Array.isArray(given) ? (given as readonly string[]) : [given]
    return values.flatMap(it =>
      it === undefined ? [] : [`${key}=${encodeURIComponent(it === true ? 1 : it === false ? 0 : String(it))}`],
    )
  })
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`
}

/** The HTTP status of each failure. A code that is not here has 500. */
export const failureStatus = {
  'bad-request': 400,
  'bad-query': 400,
  'bad-name': 400,
  'not-allowed': 403,
  'unknown-path': 404,
  'unknown-program': 404,
  'wrong-method': 405,
  'already-started': 409,
  'not-running': 409,
  'shutting-down': 409,
  'too-large': 413,
  'faulty-configuration': 422,
  internal: 500,
  'too-many': 503,
} as const satisfies Readonly<Record<string, number>>

export type FailureCode = keyof typeof failureStatus

/** The body of every answer that is no success. */
export type ErrorAnswer = Failure

/** What decides where the socket is looked for. */
export interface SocketFacts {
  readonly uid: number
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** The usual places of the control socket, best first; the last lies in a directory of mode 0700 whose owner counts. */
export function socketPlaces({ uid, environment }: SocketFacts): readonly string[] {
  const runtime = environment.XDG_RUNTIME_DIR
  return [
    '/run/foster.sock',
    ...(runtime?.startsWith('/') ? [`${runtime.replace(/\/+$/, '')}/foster.sock`] : []),
    `/tmp/foster-${uid}/foster.sock`,
  ]
}

/**
 * Where a client looks for the socket, in this order: what the command line says, `$FOSTER_SOCKET`, what the
 * configuration says, the usual places.
 */
export function socketCandidates(
  said: { readonly option: string | undefined; readonly configured: string | undefined },
  facts: SocketFacts,
): readonly string[] {
  const named = said.option ?? (facts.environment.FOSTER_SOCKET || undefined) ?? said.configured
  return named === undefined ? socketPlaces(facts) : [named]
}
