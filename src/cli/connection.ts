/** Finds the running foster and asks it: one connection for each request. */
import type { Socket } from 'node:net'
import * as v from 'valibot'
import { type Query, type Route, socketCandidates, targetOf } from '../api/protocol.ts'
import type { Surroundings } from './around.ts'
import { ClientFailure, exitReason } from './failure.ts'
import { ResponseReader, requestText } from './http.ts'
import { jsonLines } from './lines.ts'

/** How long foster may think about what it answers from memory. */
const patience = 10_000

/** A client of the foster that is running here. */
export class Client {
  readonly #around: Surroundings
  readonly #option: string | undefined
  /** Where it was found. */
  #path: string | undefined

  /** `option`: what `--socket` says. */
  constructor(around: Surroundings, option: string | undefined) {
    this.#around = around
    this.#option = option
  }

  /** Asks for one JSON value. What the server refuses is thrown. */
  async value<R extends Route>(route: R, name?: string, query?: Query): Promise<v.InferOutput<R['answer']>> {
    const value = parsed(await this.text(route, name, query), this.#versions())
    if (!v.is(route.answer, value)) throw this.foreign()
    return value
  }

  /** Asks for a text. */
  async text(route: Route, name?: string, query?: Query): Promise<string> {
    const answer = await this.#ask(route, name, query, true)
    return whole(answer.body)
  }

  /** Asks for bytes, as they come. */
  async *bytes(route: Route, name?: string, query?: Query): AsyncGenerator<Buffer> {
    yield* (await this.#ask(route, name, query, false)).body
  }

  /** Asks for JSON values line by line; gives each chunk's. Ends where the server ends it. */
  async *lines(route: Route, name?: string, query?: Query): AsyncGenerator<readonly unknown[]> {
    const answer = await this.#ask(route, name, query, false)
    yield* jsonLines(answer.body, () => this.foreign())
  }

  async #ask(route: Route, name: string | undefined, query: Query | undefined, isQuick: boolean): Promise<Answer> {
    if (name === '') throw new ClientFailure('bad-name', 'the name of a program is empty', null, 'usage')
    const socket = await this.#connect()
    const stop = isQuick ? this.#around.every(patience, () => socket.destroy(this.#silent())) : undefined
    const answer = await exchange(socket, route.method, targetOf(route, name, query), this.#around.version, stop)
    this.#serverVersion = versionOf(answer.reader)
    const isHealth = answer.reader.status === 503 && answer.reader.headers.get('content-type')?.includes('json')
    if (answer.reader.status < 400 || (isHealth && route.path === '/v1/health')) return answer
    throw this.#refusal(await whole(answer.body))
  }

  #serverVersion: string | undefined

  #refusal(text: string): ClientFailure {
    const failure = parsed(text, this.#versions())
    if (!v.is(failureShape, failure)) return this.foreign()
    const reason = exitReason(failure.code)
    const isOther = this.#serverVersion !== undefined && this.#serverVersion !== this.#around.version
    // One of our own version understands us: what it does not take is what the user wrote.
    if (reason === 'foreign' && !isOther) return new ClientFailure(failure.code, failure.message, failure.hint, 'usage')
    const hint = reason === 'foreign' ? this.#versions() : failure.hint
    return new ClientFailure(failure.code, failure.message, hint, reason)
  }

  /** The answer is none that this version knows. */
  foreign(): ClientFailure {
    return new ClientFailure('other-version', `cannot understand the answer`, this.#versions(), 'foreign')
  }

  #versions(): string {
    const other = this.#serverVersion === undefined ? 'another version' : `version ${this.#serverVersion}`
    return `the foster at ${this.#path} is of ${other}, this one is ${this.#around.version}: use the one that runs there`
  }

  #silent(): ClientFailure {
    const message = `the foster at ${this.#path} does not answer`
    return new ClientFailure('no-answer', message, 'it is stopped or very busy', 'refused')
  }

  /** Connects to the first place where somebody listens, and sees who it is. */
  async #connect(): Promise<Socket> {
    const { uid, environment } = this.#around
    const isNamed = this.#option !== undefined || (environment.FOSTER_SOCKET ?? '') !== ''
    const configured = isNamed || this.#path !== undefined ? undefined : this.#around.configuredSocket()
    const places =
      this.#path === undefined
        ? socketCandidates({ option: this.#option, configured }, { uid, environment })
        : [this.#path]
    const tried = new Map<string, string>()
    for (const path of places) {
      const socket = await this.#around.connect(path)
      if (typeof socket === 'string') {
        tried.set(path, socket)
        continue
      }
      this.#path = path
      this.#checkPeer(socket, path)
      return socket
    }
    throw nobody(tried, uid, this.#around.initUid)
  }

  #checkPeer(socket: Socket, path: string): void {
    const fd = (socket as Socket & { readonly _handle?: { readonly fd?: number } })._handle?.fd
    const owner = fd === undefined ? undefined : this.#around.peerUid(fd)
    if (owner === 0 || owner === this.#around.uid) return
    socket.destroy()
    const message =
      owner === undefined
        ? `who listens at ${path} cannot be told`
        : `who listens at ${path} is uid ${owner}, neither root nor you (uid ${this.#around.uid})`
    const hint = owner === undefined ? null : `if that is the foster you mean, run this as uid ${owner}`
    throw new ClientFailure('strange-server', message, hint, 'refused')
  }
}

const failureShape = v.object({ code: v.string(), message: v.string(), hint: v.nullable(v.string()) })

interface Answer {
  readonly reader: ResponseReader
  readonly body: AsyncIterable<Buffer>
}

/** `foster/0.1.0` in the header Server. */
function versionOf({ headers }: ResponseReader): string | undefined {
  return /^foster\/(.+)$/.exec(headers.get('server') ?? '')?.[1]
}

/** Sends a request and reads the head of the answer; the body is read as the caller takes it. */
async function exchange(
  socket: Socket,
  method: string,
  target: string,
  version: string,
  stop: (() => void) | undefined,
): Promise<Answer> {
  const reader = new ResponseReader()
  const chunks = chunksOf(socket, reader, stop)
  socket.on('error', () => {})
  socket.write(requestText(method, target, `foster/${version}`))
  const first = await chunks.next()
  return { reader, body: bodyOf(first.done === true ? undefined : first.value, chunks) }
}

/** The body's parts, beginning when the head is complete; the first is empty. */
async function* chunksOf(socket: Socket, reader: ResponseReader, stop?: () => void): AsyncGenerator<readonly Buffer[]> {
  let begun = false
  try {
    for await (const chunk of socket) {
      const pieces = reader.take(chunk as Buffer)
      if (!begun && !reader.hasHead) continue
      begun = true
      yield pieces
      if (reader.isDone) return
    }
    reader.end()
  } catch (error) {
    if (error instanceof ClientFailure) throw error
  } finally {
    stop?.()
    socket.destroy()
  }
  if (!reader.isDone) throw brokenOff()
}

async function* bodyOf(
  first: readonly Buffer[] | undefined,
  rest: AsyncIterable<readonly Buffer[]>,
): AsyncGenerator<Buffer> {
  yield* first ?? []
  for await (const pieces of rest) yield* pieces
}

async function whole(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

function parsed(text: string, hint: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ClientFailure('other-version', 'cannot understand the answer', hint, 'foreign')
  }
}

/** The connection has ended before the answer did: foster is going down, or was killed. */
function brokenOff(): ClientFailure {
  return new ClientFailure('broken-off', 'foster has gone before it had answered', null, 'failed')
}

/** Nobody was found: why, and what to do. */
function nobody(tried: ReadonlyMap<string, string>, uid: number, initUid: () => number | undefined): ClientFailure {
  const with_ = (...codes: readonly string[]) => [...tried].find(([, code]) => codes.includes(code))?.[0]
  const locked = with_('EACCES', 'EPERM')
  if (locked !== undefined) {
    const hint = `ask who runs this container for a rule in control.access that lets you in (you are uid ${uid})`
    return new ClientFailure('no-permission', `no permission to use ${locked}`, hint, 'refused')
  }
  const dead = with_('ECONNREFUSED')
  if (dead !== undefined) {
    const message = `nobody answers at ${dead}`
    return new ClientFailure('no-answer', message, 'foster is not running any more; it was killed', 'refused')
  }
  const [first = '', code = ''] = [...tried].find(([, it]) => it !== 'ENOENT' && it !== 'ENOTDIR') ?? []
  if (first !== '') return new ClientFailure('no-answer', `cannot use ${first}: ${code}`, null, 'refused')
  // The usual case: docker exec as root, in a container that is somebody else's.
  const init = initUid()
  const isOthers = init !== undefined && init !== 0 && init !== uid
  const hint = isOthers
    ? `pid 1 runs as uid ${init}: if that is foster, run this as that user (docker exec --user ${init})`
    : 'another place is named by --socket PATH or $FOSTER_SOCKET; a container is asked from inside: docker exec'
  const message = `no foster's socket here; is foster running? looked at ${[...tried.keys()].join(', ')}`
  return new ClientFailure('no-socket', message, hint, 'absent')
}
