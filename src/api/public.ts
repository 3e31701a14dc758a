/** What is answered over TCP: health without details to everybody, details and metrics to those who may. Design, section 9. */
import type { Http } from '../core/control.ts'
import type { FosterFacts } from './foster.ts'
import type { Reply } from './handlers.ts'
import { type HealthKind, healthOf } from './health.ts'
import { metricsReply } from './metrics.ts'

/** A request over TCP. */
export interface PublicRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

const paths: ReadonlyMap<string, HealthKind> = new Map([
  ['/livez', 'live'],
  ['/readyz', 'ready'],
  ['/startupz', 'startup'],
])

/** The reply to a request over TCP. */
export function answerPublic(foster: FosterFacts, http: Http, request: PublicRequest): Reply | Promise<Reply> {
  const [path = '', query = ''] = request.target.split('?', 2)
  const kind = paths.get(path)
  if (kind === undefined && path !== '/metrics') {
    return fail(404, 'unknown-path', 'there is /livez, /readyz, /startupz and /metrics')
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return fail(405, 'wrong-method', 'it is asked by GET')
  const isDetailed = kind === undefined || new URLSearchParams(query).has('verbose')
  const refused = isDetailed ? refuseDetails(http, request) : undefined
  if (refused !== undefined) return refused
  if (kind === undefined) return metricsReply(foster, one(request.headers.accept))
  return healthReply(foster, path, kind, isDetailed)
}

function healthReply({ journal, world }: FosterFacts, path: string, kind: HealthKind, isDetailed: boolean): Reply {
  const { ok, reasons } = healthOf(world(), kind, label => journal.hasBeenReady(label))
  const details = isDetailed ? reasons.map(({ name, reason }) => `[-]${name}: ${reason}\n`).join('') : ''
  const text = ok ? 'ok\n' : `${details}${path.slice(1)} check failed\n`
  return { status: ok ? 200 : 503, text, type: 'text/plain; charset=utf-8' }
}

/** With a token it must be presented. Without one details are for this machine alone, and not for pages of other sites. */
function refuseDetails({ address, token }: Http, { headers }: PublicRequest): Reply | undefined {
  const host = one(headers.host)
  if (headers.origin !== undefined && one(headers.origin) !== `http://${host}`) {
    return fail(403, 'not-allowed', 'not for pages of other sites')
  }
  if (token !== undefined) {
    const given = /^Bearer +(.+)$/i.exec(one(headers.authorization))?.[1]
    if (given === undefined) return fail(401, 'not-allowed', 'details need "Authorization: Bearer TOKEN"')
    return isSame(given, token) ? undefined : fail(401, 'not-allowed', 'this is not the token')
  }
  if (!isLoopback(address)) {
    return fail(403, 'not-allowed', 'details need http.token to be configured, or http.listen on a loopback address')
  }
  // A name that somebody else's DNS lets point to us comes from a browser that was led here.
  if (isKnownHost(host)) return undefined
  return fail(403, 'not-allowed', 'the Host is none of this machine: ask by 127.0.0.1, [::1] or localhost')
}

/** Whether an address can be reached from this machine alone; undefined is every address. */
export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (address.startsWith('127.') || /^(?:0{0,4}:){2,7}0{0,3}1$/.test(address))
}

function isKnownHost(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i.test(host)
}

/** Takes as long for every wrong token of one length, however much of it is right. */
function isSame(given: string, token: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(token)
  let differs = a.length ^ b.length
  for (let at = 0; at < a.length; at++) differs |= (a[at] ?? 0) ^ (b[at % b.length] ?? 0)
  return differs === 0
}

function one(header: string | string[] | undefined): string {
  return Array.isArray(header) ? (header[0] ?? '') : (header ?? '')
}

function fail(status: number, code: string, message: string): Reply {
  return { status, json: { code, message, hint: null } }
}
