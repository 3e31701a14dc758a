/**
 * HTTP over sockets that somebody else accepts. Whatever comes, memory and time stay bounded: connections, headers, bodies,
 * requests at once, and how long each may take. node:http is loaded with the first connection, and while there is none
 * there is no timer either.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Peer } from './access.ts'
import { dropBody, readBody } from './bodies.ts'
import type { Reply } from './handlers.ts'
import { refuse } from './no-http.ts'
import { failed } from './requests.ts'
import { type StreamLimits, streamLines } from './streaming.ts'

/** Connections of one peer; a further one takes the place of the oldest that asks for nothing. */
const mostConnections = 128
/** The same for all together who may do nothing. */
const mostStrangers = 16
/** Requests on one connection whose answers are still to come. */
const mostAtOnce = 8
/** Bytes of answers that a client has not taken, beyond which its next request waits. */
const mostUnread = 64 * 1024
const largestHeader = 16 * 1024
/** Requests have no bodies; so much of one is read and thrown away, so that the client sees the answer. */
const largestBody = 64 * 1024
/** So much is read and thrown away of a body that is refused where requests have bodies: clients send first. */
const mostDropped = 32 * 1024 * 1024
/** Milliseconds of work before the rest of the loop gets its turn: signals, children, output. */
const longestTurn = 4

/** Milliseconds. */
const patience = { header: 10_000, idle: 60_000, stranger: 2000, stalled: 60_000 }

/** A request as it came. */
export interface Incoming {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly peer: Peer | undefined
  /** Empty where requests have none. */
  readonly body?: Buffer
}

export interface HttpOptions {
  readonly answer: (incoming: Incoming) => Reply | Promise<Reply>
  /** A bug of ours: it is reported, and the request has 500. */
  readonly failed: (error: unknown) => void
  /** Undefined: requests have no bodies. */
  readonly bodies?: {
    /** The largest body that is read. */
    readonly most: number
    /** The reply to a request that is refused before its body is read. */
    readonly refuse: (incoming: Incoming) => Reply | undefined
  }
}

/** A connection and what it is doing. */
interface Connection {
  readonly socket: Socket
  readonly peer: Peer | undefined
  /** Who counts together. */
  readonly key: string
  requests: number
  /** The answers that are being given, until they have been taken. */
  readonly answers: Set<ServerResponse>
  /** Requests that have come after those. */
  readonly waiting: { readonly request: IncomingMessage; readonly response: ServerResponse }[]
  timer: NodeJS.Timeout | undefined
}

export class HttpDoor {
  readonly #options: HttpOptions
  readonly #limits: StreamLimits
  readonly #connections = new Map<Socket, Connection>()
  readonly #queue: (() => void)[] = []
  #server: Server | undefined
  #isScheduled = false

  constructor(options: HttpOptions) {
    this.#options = options
    this.#limits = { most: 64 * 1024, stalled: patience.stalled, failed: options.failed }
  }

  /** How many connections there are. */
  get size(): number {
    return this.#connections.size
  }

  /** Takes a connection. `isStranger`: the peer may do nothing, and is to be told so and no more. */
  accept(socket: Socket, peer: Peer | undefined, isStranger: boolean): void {
    const key = isStranger ? 'stranger' : String(peer?.uid)
    if (!this.#makeRoom(key, isStranger ? mostStrangers : mostConnections)) {
      socket.destroy()
      return
    }
    const connection: Connection = { socket, peer, key, requests: 0, answers: new Set(), waiting: [], timer: undefined }
    this.#connections.set(socket, connection)
    this.#allow(connection, isStranger ? patience.stranger : patience.header)
    socket.on('close', () => {
      clearTimeout(connection.timer)
      this.#connections.delete(socket)
    })
    this.#server ??= this.#makeServer()
    this.#server.emit('connection', socket)
  }

  /** Closes every connection. */
  close(): void {
    for (const { socket } of this.#connections.values()) socket.destroy()
  }

  /** False: all of this key's connections are at work. */
  #makeRoom(key: string, most: number): boolean {
    const own = [...this.#connections.values()].filter(it => it.key === key)
    if (own.length < most) return true
    const idle = own.find(it => it.requests === 0)
    idle?.socket.destroy()
    if (idle !== undefined) this.#connections.delete(idle.socket)
    return idle !== undefined
  }

  /** From now on it may take so long until its next request has come. */
  #allow(connection: Connection, millis: number): void {
    clearTimeout(connection.timer)
    connection.timer = setTimeout(() => connection.socket.destroy(), millis)
  }

  #makeServer(): Server {
    const { Server } = process.getBuiltinModule('node:http')
    const server = new Server({
      maxHeaderSize: largestHeader,
      keepAliveTimeout: 0,
      headersTimeout: 0,
      requestTimeout: 0,
    })
    server.maxHeadersCount = 100
    server.on('request', (request, response) => this.#take(request, response))
    // Nobody is invited to send a body.
    server.on('checkContinue', (request, response) => this.#take(request, response))
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(error, socket as Socket, largestHeader))
    return server
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket)
    if (connection === undefined || connection.requests >= mostAtOnce) {
      request.socket.destroy()
      return
    }
    connection.requests++
    clearTimeout(connection.timer)
    response.sendDate = false
    response.on('close', () => {
      connection.requests--
      connection.answers.delete(response)
      if (connection.socket.destroyed) return
      this.#next(connection)
      if (connection.requests === 0) this.#allow(connection, patience.idle)
    })
    connection.waiting.push({ request, response })
    this.#next(connection)
  }

  /** Deals with the next request once those before it are answered: of what nobody reads only little piles up. */
  #next(connection: Connection): void {
    const { answers, waiting } = connection
    let unread = 0
    for (const { writableEnded, writableLength } of answers) {
      if (!writableEnded) return
      unread += writableLength
    }
    const next = unread <= mostUnread ? waiting.shift() : undefined
    if (next === undefined) return
    answers.add(next.response)
    this.#deal(connection, next.request, next.response)
  }

  #deal(connection: Connection, request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url: target = '', headers } = request
    const incoming = { method, target, headers, peer: connection.peer }
    if (this.#options.bodies === undefined) {
      dropBody(request, largestBody)
      this.#later(connection, () => this.#reply(incoming, response))
    } else {
      this.#receive(connection, request, response, incoming)
    }
  }

  #later(connection: Connection, work: () => Promise<void>): void {
    this.#queue.push(() => {
      void work()
      // Most answers are complete by now.
      this.#next(connection)
    })
    this.#schedule()
  }

  /** Reads the body of a request that is let in; the answer to another one does not wait for it. */
  #receive(connection: Connection, request: IncomingMessage, response: ServerResponse, incoming: Incoming): void {
    const { bodies = { most: 0, refuse: () => undefined }, failed } = this.#options
    const isLarge = Number(request.headers['content-length'] ?? 0) > bodies.most
    const refused = isLarge ? tooLarge : refusedBy(bodies.refuse, incoming, failed)
    if (refused !== undefined) {
      this.#allow(connection, patience.header)
      dropBody(request, mostDropped)
      // Clients send all of a call before they read.
      request.on('end', () => send(response, refused, this.#limits))
      return
    }
    if (request.headers.expect !== undefined) response.writeContinue()
    this.#allow(connection, patience.header)
    readBody(request, bodies.most, body => {
      clearTimeout(connection.timer)
      this.#later(connection, () => this.#reply({ ...incoming, body }, response))
    })
  }

  /** Answers what is queued, a few milliseconds in each turn of the loop. */
  #schedule(): void {
    if (this.#isScheduled || this.#queue.length === 0) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      const end = performance.now() + longestTurn
      do this.#queue.shift()?.()
      while (this.#queue.length > 0 && performance.now() < end)
      this.#schedule()
    })
  }

  async #reply(incoming: Incoming, response: ServerResponse): Promise<void> {
    if (response.destroyed) return
    try {
      const { bodies } = this.#options
      const isLarge = bodies === undefined && Number(incoming.headers['content-length'] ?? 0) > largestBody
      const reply = isLarge ? tooLarge : this.#options.answer(incoming)
      // What is known at once is answered at once: several requests on one connection keep their order anyway.
      send(response, reply instanceof Promise ? await reply : reply, this.#limits)
    } catch (error) {
      this.#options.failed(error)
      if (!response.headersSent) send(response, internal, this.#limits)
      else response.destroy()
    }
  }
}

const tooLarge = failed({ code: 'too-large', message: 'the body is too large', hint: null })
const internal = failed({ code: 'internal', message: 'foster failed over this request, which is a bug', hint: null })

/** What the owner of the door says; a bug of ours is told, and 500. */
function refusedBy(
  refuse: (incoming: Incoming) => Reply | undefined,
  incoming: Incoming,
  failed: (error: unknown) => void,
): Reply | undefined {
  try {
    return refuse(incoming)
  } catch (error) {
    failed(error)
    return internal
  }
}

function send(response: ServerResponse, reply: Reply, limits: StreamLimits): void {
  if (response.destroyed) return
  if ('begin' in reply) {
    const failed = (error: unknown): void => {
      limits.failed(error)
      send(response, internal, limits)
    }
    const cancel = reply.begin(later => send(response, later, limits), failed)
    response.on('close', cancel)
    return
  }
  const common = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }
  if ('lines' in reply) {
    response.writeHead(reply.status, { ...common, ...reply.headers, 'Content-Type': reply.type })
    return streamLines(response, reply.lines, limits)
  }
  const text = 'json' in reply ? `${JSON.stringify(reply.json)}\n` : reply.text
  const type = 'json' in reply ? 'application/json' : reply.type
  const own = 'headers' in reply ? reply.headers : undefined
  const more = own ?? (reply.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {})
  // What came with a body that nobody reads cannot be told from the next request's beginning: the connection ends.
  if (reply.status === 413) response.shouldKeepAlive = false
  response.writeHead(reply.status, {
    ...common,
    ...more,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
  })
  response.end(text)
  // Whoever does not read it must not keep it in memory for ever.
  const timer = setTimeout(() => response.destroy(), limits.stalled)
  response.on('close', () => clearTimeout(timer))
}
