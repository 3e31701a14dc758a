/** A server of Supervisor's: calls by XML-RPC, and logs that are followed, over a unix socket or TCP. */
import type { Socket } from 'node:net'
import { readAnswer, type Value, writeCall } from '../../api/supervisor/codec.ts'
import { ClientFailure } from '../failure.ts'
import { ResponseReader } from '../http.ts'
import { brokenOff, protocolTrouble, RpcFault, systemTrouble, Trouble, valueError } from './troubles.ts'

/** Which server, and who is asking. */
export interface Access {
  readonly serverurl: string
  readonly username: string | undefined
  readonly password: string | undefined
}

/** The addresses of a host, best first. Throws if there are none. */
export type AddressesOf = (host: string, signal: AbortSignal) => Promise<readonly string[]>

type Place = { readonly path: string } | { readonly host: string; readonly port: number }

/** Calls a method; gives what it answers. A fault, a failure of the system, and what is no answer are thrown as troubles. */
export async function call(
  access: Access,
  addressesOf: AddressesOf,
  method: string,
  params: readonly Value[],
): Promise<Value> {
  const body = Buffer.from(writeCall({ method, params }))
  const place = placeOf(access.serverurl)
  const socket = await connect(place, addressesOf)
  const headers = ['Content-Type: text/xml', `Content-Length: ${body.length}`, 'Connection: close']
  // At once: a server that refuses by the head alone would else have closed before the body is sent, and its answer is lost.
  socket.write(Buffer.concat([Buffer.from(headOf('POST', '/RPC2', place, access, headers)), body]))
  const reader = new ResponseReader()
  const pieces: Buffer[] = []
  for await (const piece of bodyOf(socket, reader)) pieces.push(piece)
  if (reader.status !== 200) throw protocolTrouble(reader.status)
  const answer = readAnswer(Buffer.concat(pieces).toString())
  if (answer === undefined) throw new Trouble('xml.parsers.expat.ExpatError', 'the answer is no XML-RPC')
  if ('fault' in answer) throw new RpcFault(answer.fault.code, answer.fault.text)
  return answer.value
}

/** Follows what stands at a path; the status comes first, the parts of the body then. Ends when `signal` aborts. */
export async function follow(
  access: Access,
  addressesOf: AddressesOf,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: AsyncIterable<Buffer> }> {
  const place = placeOf(access.serverurl)
  const socket = await connect(place, addressesOf)
  const end = (): void => void socket.destroy()
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  socket.write(headOf('GET', path, place, access, ['Accept: */*']))
  const reader = new ResponseReader()
  const pieces = bodyOf(socket, reader)
  const first = await pieces.next()
  const body = async function* (): AsyncGenerator<Buffer> {
    if (first.done !== true) yield first.value
    yield* pieces
  }
  return { status: reader.status, body: body() }
}

/** Where a URL leads to. */
function placeOf(url: string): Place {
  if (url.startsWith('unix://')) return { path: url.slice('unix://'.length) }
  const [, host, port] = /^http:\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d*))?(?:[/?#]|$)/.exec(url) ?? []
  if (host === undefined) throw valueError(`Unknown protocol for serverurl ${url}`)
  return { host: host.toLowerCase(), port: port ? Number(port) : 80 }
}

function headOf(
  method: string,
  target: string,
  place: Place,
  { username, password }: Access,
  more: readonly string[],
): string {
  const login = username === undefined || password === undefined ? undefined : `${username}:${password}`
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `Host: ${'path' in place ? 'localhost' : `${place.host}:${place.port}`}`,
    'User-Agent: foster supervisorctl',
    ...more,
    ...(login === undefined ? [] : [`Authorization: Basic ${Buffer.from(login).toString('base64')}`]),
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

async function connect(place: Place, addressesOf: AddressesOf): Promise<Socket> {
  if ('path' in place) return opened({ path: place.path })
  let failure: Trouble | undefined
  for (const host of await lookedUp(place.host, addressesOf)) {
    try {
      return await opened({ host, port: place.port })
    } catch (error) {
      failure = error as Trouble
    }
  }
  throw failure ?? unknownHost()
}

const unknownHost = (): Trouble => new Trouble('socket.gaierror', '[Errno -2] Name or service not known')

async function lookedUp(host: string, addressesOf: AddressesOf): Promise<readonly string[]> {
  try {
    return await addressesOf(host, new AbortController().signal)
  } catch {
    throw unknownHost()
  }
}

function opened(to: { path: string } | { host: string; port: number }): Promise<Socket> {
  const net = process.getBuiltinModule('node:net')
  return new Promise((resolve, reject) => {
    const socket = net.connect({ ...to, autoSelectFamily: false })
    // The listener stays: a later fault ends the reading, too.
    socket.on('error', error => reject(systemTrouble(error)))
    socket.once('connect', () => resolve(socket))
  })
}

/** The parts of a body, as they come. The first one comes, empty, with the head. */
async function* bodyOf(socket: Socket, reader: ResponseReader): AsyncGenerator<Buffer> {
  let begun = false
  try {
    for await (const chunk of socket) {
      const pieces = reader.take(chunk as Buffer)
      if (!begun && !reader.hasHead) continue
      if (!begun) yield Buffer.alloc(0)
      begun = true
      yield* pieces
      if (reader.isDone) return
    }
    reader.end()
  } catch (error) {
    if (error instanceof ClientFailure) throw new Trouble('http.client.BadStatusLine', error.message)
    if (!begun && !socket.destroyed) throw systemTrouble(error as NodeJS.ErrnoException)
  } finally {
    socket.destroy()
  }
  if (!begun) throw brokenOff()
}
