/** HTTP of Supervisor's clients: who may, and what stands at which path. Nothing here knows of sockets. */
import type { SupervisorServer } from '../../core/supervisor.ts'
import type { Reply } from '../handlers.ts'
import { perform } from './calls.ts'
import { readCall, writeAnswer, writeFault } from './codec.ts'
import type { SupervisorFacts } from './facts.ts'
import { Fault } from './faults.ts'
import { follow } from './follow.ts'
import { LastRead } from './groups.ts'
import { isLogin } from './login.ts'
import { Clearings, type LogSource, sourceOf } from './logs.ts'
import { memberNamed } from './members.ts'
import type { Context } from './methods.ts'
import { fail, one, xml } from './replies.ts'
import { Restart } from './restart.ts'
import { Site } from './site.ts'

/** A request to one of the servers. `body` is undefined before it has been read. */
export interface SupervisorRequest {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body?: Buffer | undefined
}

/** The longest body of a call. */
export const largestCall = 512 * 1024

/** What Supervisor's clients ask, answered. One for all servers. */
export class SupervisorApi {
  readonly #facts: SupervisorFacts
  readonly #lastRead: LastRead
  readonly #clearings = new Clearings()
  readonly #restart: Restart
  readonly #site = new Site()

  constructor(facts: SupervisorFacts) {
    this.#facts = facts
    this.#lastRead = new LastRead(facts)
    this.#restart = new Restart(facts)
  }

  /** Why a request is refused before its body is read; undefined: it is not. */
  refuse({ login }: SupervisorServer, { method, target, headers }: SupervisorRequest): Reply | undefined {
    // A page of another site can send a call, though it cannot read the answer.
    const isOther =
      headers.origin !== undefined && one(headers.origin).replace(/^https?:\/\//, '') !== one(headers.host)
    if (isOther) return fail(403)
    const may = login === undefined || isLogin(one(headers.authorization), login)
    if (may === 'malformed') return fail(400)
    if (!may) return { ...fail(401), headers: { 'WWW-Authenticate': 'Basic realm="default"' } }
    if (!target.startsWith('/RPC2')) return undefined
    if (method !== 'POST') return fail(400)
    return headers['content-length'] === undefined ? fail(411) : undefined
  }

  /** The reply to a request that has not been refused. */
  answer({ method, target, body }: SupervisorRequest): Reply | Promise<Reply> {
    if (target.startsWith('/RPC2')) return this.#call(body)
    const [path = ''] = target.split(/[?#]/, 1)
    if (this.#site.has(path)) return this.#once(it => this.#site.answer(it, method, target, body))
    if (!/^\/(?:mainlogtail|logtail\/)/.test(path)) return fail(404)
    if (method !== 'GET') return fail(400)
    return this.#follow(path)
  }

  #call(body: Buffer | undefined): Reply {
    const call = readCall((body ?? Buffer.alloc(0)).toString('utf8'))
    if (call === undefined) return fail(400)
    return this.#once(context =>
      perform(context, call).then(
        value => xml(writeAnswer(value)),
        (error: unknown) => {
          if (error instanceof Fault) return xml(writeFault(error.code, error.text))
          throw error
        },
      ),
    )
  }

  /** A reply that takes its time, and is called off when the client has gone. */
  #once(work: (context: Context) => Promise<Reply>): Reply {
    return {
      begin: done => {
        const gone = new AbortController()
        const context = {
          ...{ facts: this.#facts, signal: gone.signal },
          ...{ lastRead: this.#lastRead, clearings: this.#clearings, restart: this.#restart },
        }
        work(context).then(done, (error: unknown) => {
          if (gone.signal.aborted) return
          this.#facts.failed(error)
          done(fail(500))
        })
        return () => gone.abort()
      },
    }
  }

  async #follow(path: string): Promise<Reply> {
    try {
      const source = path.startsWith('/mainlogtail') ? this.#own() : this.#source(path)
      if (source === undefined) return fail(404)
      const lines = await follow(this.#facts, source, this.#clearings)
      const headers = { 'X-Accel-Buffering': 'no' }
      return { status: 200, lines, type: 'text/plain;charset=utf-8', headers }
    } catch (error) {
      if (error instanceof Fault || error instanceof URIError) return fail(404)
      throw error
    }
  }

  #own(): LogSource {
    return { memory: this.#facts.own, stream: 'stderr' }
  }

  /** `/logtail/NAME`, `/logtail/GROUP:NAME/stderr`. */
  #source(path: string): LogSource | undefined {
    const [name = '', stream = 'stdout', ...more] = decodeURIComponent(path.slice('/logtail/'.length)).split('/')
    if (more.length > 0 || (stream !== 'stdout' && stream !== 'stderr')) return undefined
    return sourceOf(this.#facts, memberNamed(name, this.#facts.foster.world()), stream)
  }
}
