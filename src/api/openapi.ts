/** The API as an OpenAPI 3.1 document, from the table of routes and the schemas of the answers. */
import { failure } from './answers.ts'
import { failureStatus, type Route, routes } from './protocol.ts'

type Json = Readonly<Record<string, unknown>>

/** A part of valibot's schemas, as far as it is looked at. */
interface Part {
  readonly type: string
  readonly pipe?: readonly Part[]
  readonly wrapped?: Part
  readonly entries?: Readonly<Record<string, Part>>
  readonly item?: Part
  readonly options?: readonly unknown[]
  readonly literal?: unknown
  readonly requirement?: unknown
  readonly description?: string
  readonly metadata?: { readonly json?: Json }
}

/** The document. */
export function openApi(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const [name, route] of Object.entries(routes)) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'foster',
      version,
      description: 'The control API of a running foster, over its unix socket. Requests have no bodies.',
    },
    paths,
    components: { schemas: { Failure: jsonOf(failure) } },
  }
}

function operation(name: string, route: Route): Json {
  const fails = {
    description: `${Object.keys(failureStatus).join(', ')}`,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } },
  }
  return {
    operationId: name,
    summary: route.about,
    ...(route.verb !== undefined && { 'x-verb': route.verb }),
    parameters: [...pathParameters(route), ...queryParameters(route)],
    responses: {
      [name === 'shutdown' ? '202' : '200']: { description: 'What was asked for.', content: contentOf(route) },
      ...(name === 'health' && { 503: { description: 'It is not.', content: contentOf(route) } }),
      default: fails,
    },
  }
}

function contentOf({ as, answer, lines }: Route): Json {
  if (as === 'text') return { 'application/yaml': { schema: jsonOf(answer) } }
  if (as === 'lines') return { 'application/x-ndjson': { schema: jsonOf(answer) } }
  const own = { 'application/json': { schema: jsonOf(answer) } }
  return lines === undefined ? own : { ...own, 'application/x-ndjson': { schema: jsonOf(lines) } }
}

function pathParameters({ path }: Route): readonly Json[] {
  if (!path.includes('{name}')) return []
  const description = 'A process (`web:0`), a program (`web`), a group (`backend:*`), or `all`.'
  return [{ name: 'name', in: 'path', required: true, description, schema: { type: 'string' } }]
}

/** The keys of a route's query with what is said of them; docs/api.md has them as well. */
export function queryParameters({ query }: Pick<Route, 'query'>): readonly Json[] {
  return Object.entries((query as unknown as Part).entries ?? {}).map(([name, part]) => ({
    name,
    in: 'query',
    required: part.type !== 'optional',
    description: wordsOf(part) ?? '',
    schema: jsonOf(part),
  }))
}

/** What is said of a part, wherever in its pipe. */
function wordsOf(part: Part): string | undefined {
  if (part.type === 'description') return part.description
  const found = part.pipe?.map(wordsOf).find(it => it !== undefined)
  return found ?? (part.wrapped === undefined ? undefined : wordsOf(part.wrapped))
}

/** What a value of the query looks like, which is said where its schema is. */
function metadataOf(part: Part): Json | undefined {
  if (part.metadata?.json !== undefined) return part.metadata.json
  const found = part.pipe?.map(metadataOf).find(it => it !== undefined)
  return found ?? (part.wrapped === undefined ? undefined : metadataOf(part.wrapped))
}

/** A JSON Schema (2020-12) of a schema. Throws for one that has no words in it. */
export function jsonOf(schema: unknown): Json {
  const part = schema as Part
  const json = metadataOf(part)
  if (json !== undefined) return json
  if (part.pipe !== undefined) {
    const description = part.pipe.map(it => it.description).find(it => it !== undefined)
    const [first, ...rest] = part.pipe
    const isWhole = rest.some(it => it.type === 'integer')
    const least = rest.find(it => it.type === 'min_value')?.requirement
    return {
      ...jsonOf(first),
      ...(isWhole && { type: 'integer' }),
      ...(least !== undefined && { minimum: least }),
      ...(description !== undefined && { description }),
    }
  }
  return bare(part)
}

function bare(part: Part): Json {
  switch (part.type) {
    case 'object':
      return objectOf(part.entries ?? {})
    case 'array':
      return { type: 'array', items: jsonOf(part.item) }
    case 'nullable':
      return { anyOf: [jsonOf(part.wrapped), { type: 'null' }] }
    case 'picklist':
      return { enum: part.options }
    case 'literal':
      return { const: part.literal }
    case 'variant':
      return { oneOf: (part.options ?? []).map(jsonOf) }
    case 'string':
    case 'number':
    case 'boolean':
      return { type: part.type }
    case 'record':
      return { type: 'object' }
    default:
      throw new Error(`no JSON Schema for ${part.type}`)
  }
}

function objectOf(entries: Readonly<Record<string, Part>>): Json {
  const properties = Object.fromEntries(Object.entries(entries).map(([key, part]) => [key, jsonOf(part)]))
  return { type: 'object', properties, required: Object.keys(entries), additionalProperties: false }
}
