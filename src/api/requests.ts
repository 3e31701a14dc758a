/** From method and target to a reply: which route, what is asked, whether the asker may. Nothing here knows of sockets. */
import * as v from 'valibot'
import type { AccessRule } from '../core/control.ts'
import { allowSuggestions, didYouMean } from '../core/nearest.ts'
import { type Access, accessOf, type Peer, refusal } from './access.ts'
import type { Failure } from './answers.ts'
import type { FosterFacts } from './foster.ts'
import { type Asked, handlers, type Reply } from './handlers.ts'
import { failureStatus, type Route, type RouteName, routes } from './protocol.ts'

/** One request, as far as it matters. */
export interface Request {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly peer: Peer | undefined
}

const names = Object.keys(routes) as readonly RouteName[]
const paths = [...new Set(names.map(name => routes[name].path))]

/** The reply to a request. Never throws for what is asked; what a handler throws is a bug. */
export function answer(foster: FosterFacts, request: Request): Reply {
  const { peer } = request
  const access = accessFor(foster, peer)
  const route = findRoute(request)
  if ('code' in route) return access.isKnown ? failed(route) : failed(refusal(peer, 'status'))
  const { verb } = routes[route.route]
  const mayNot = verb === undefined ? !access.isKnown : !access.may(verb)
  if (mayNot) return note(foster, request, route, [], failed(refusal(peer, verb ?? 'status', route.name || undefined)))
  const query = parseQuery(routes[route.route], route.query)
  if ('code' in query) return failed(query)
  let about: readonly string[] = []
  const asked = {
    ...{ foster, peer, access, name: route.name, query: query.query },
    about: (it: readonly string[]) => {
      about = it
    },
  }
  const reply = call(route.route, asked)
  return note(foster, request, route, about, 'code' in reply ? failed(reply) : reply)
}

/** The table's types tie each handler to its route's query; here it is one of them. */
function call(route: RouteName, asked: object): Reply | Failure {
  return (handlers[route] as (asked: unknown) => Reply | Failure)(asked satisfies Partial<Asked<RouteName>>)
}

/** A failure as a reply. */
export function failed(failure: Failure): Reply {
  const status = (failureStatus as Readonly<Record<string, number>>)[failure.code] ?? 500
  return { status, json: failure }
}

/** What changes something is an event, and so is a refusal. */
function note(
  { events }: FosterFacts,
  { method, peer }: Request,
  { route }: Found,
  processes: readonly string[],
  reply: Reply,
): Reply {
  const status = 'status' in reply ? reply.status : 202
  if (method !== 'POST' && status !== 403) return reply
  const { uid = null, pid = null } = peer ?? {}
  events.add({ type: 'request', uid, pid, verb: routes[route].verb ?? route, names: [...processes], status })
  return reply
}

interface Found {
  readonly route: RouteName
  readonly name: string
  readonly query: URLSearchParams
}

function findRoute({ method, target }: Request): Found | Failure {
  const [path = '', ...rest] = target.split('?')
  const found = names
    .map(route => [route, nameIn(routes[route].path, path)] as const)
    .filter(([, it]) => it !== undefined)
  const [first] = found
  if (first === undefined) {
    allowSuggestions()
    const shown = path.slice(0, 200)
    const hint = didYouMean(shown, paths) ?? 'GET /v1/openapi.json lists what there is'
    return { code: 'unknown-path', message: `there is nothing at ${JSON.stringify(shown)}`, hint }
  }
  const meant = found.find(([route]) => routes[route].method === method)
  if (meant === undefined) {
    const { method: other, path: at } = routes[first[0]]
    return { code: 'wrong-method', message: `${at} is asked by ${other}, not ${method.slice(0, 20)}`, hint: null }
  }
  const name = decoded(meant[1] ?? '')
  if (name === undefined || name.length > 512) {
    return { code: 'bad-name', message: 'the name in the path is not well-formed', hint: 'percent-encode it as UTF-8' }
  }
  return { route: meant[0], name, query: new URLSearchParams(rest.join('?')) }
}

/** What stands in place of `{name}`, the empty string where there is none; undefined: the path is another one. */
function nameIn(pattern: string, path: string): string | undefined {
  if (!pattern.includes('{name}')) return pattern === path ? '' : undefined
  const [before = '', after = ''] = pattern.split('{name}')
  if (!path.startsWith(before) || !path.endsWith(after)) return undefined
  const name = path.slice(before.length, path.length - after.length)
  return name === '' || name.includes('/') ? undefined : name
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** The query as the route's schema understands it. */
function parseQuery(route: Route, given: URLSearchParams): { query: object } | Failure {
  const known = Object.keys((route.query as unknown as { entries: object }).entries)
  const values: Record<string, string[]> = {}
  for (const key of new Set(given.keys())) {
    if (!known.includes(key)) {
      allowSuggestions()
      const message = `${JSON.stringify(key.slice(0, 50))} cannot be asked here`
      const hint = didYouMean(key.slice(0, 50), known) ?? (known.length === 0 ? null : `there is ${known.join(', ')}`)
      return { code: 'bad-query', message, hint }
    }
    values[key] = given.getAll(key)
  }
  const result = v.safeParse(route.query, values)
  if (result.success) return { query: result.output }
  const [issue] = result.issues
  const key = String(issue.path?.[0]?.key ?? '')
  const isMissing = values[key] === undefined
  const message = isMissing ? `${key} is missing` : `${key}: ${issue.message}`
  return { code: 'bad-query', message, hint: null }
}

const none: readonly AccessRule[] = []

/** What a peer may do by the rules that are in force whenever that is asked. */
export function accessFor(foster: FosterFacts, peer: Peer | undefined): Access {
  return accessOf(peer, () => foster.world().plan.control?.access ?? none, foster.uid)
}
