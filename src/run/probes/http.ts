/** The probe `http`: a URL answers with a status from 200 to 399. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Check } from '../../core/probe.ts'
import { connect, type Remote, wordsOf } from '../../os/connect.ts'
import { version } from '../../version.ts'
import { type Limits, type Outcome, within } from './try.ts'

type HttpCheck = Extract<Check, { by: 'http' }>

/** So much of a body is read, so that a server with a small answer can finish it (as Kubernetes does). */
const mostOfBody = 10 * 1024

/**
 * Asks once, over a connection of its own. Redirects are not followed: an answer is an answer. Certificates are not
 * verified, as Kubernetes does not. The status is the outcome; the body is read and thrown away after it.
 */
export function tryHttp(check: HttpCheck, limits: Limits): Promise<Outcome> {
  return within(limits, async (signal, answer) => {
    const url = new URL(check.url)
    const socket = await connect(remoteOf(check, url), signal)
    try {
      const response = await ask(url, check.headers, socket)
      const status = response.statusCode ?? 0
      answer({ ok: status >= 200 && status < 400, detail: `HTTP ${status} (${shownUrl(check)})` })
      await drain(response)
      return undefined
    } catch (error) {
      throw new Error(`${faultOf(error as NodeJS.ErrnoException)} (${shownUrl(check)})`)
    } finally {
      socket.destroy()
    }
  })
}

function remoteOf({ socketPath }: HttpCheck, url: URL): Remote {
  if (socketPath !== undefined) return { path: socketPath }
  const usual = url.protocol === 'https:' ? 443 : 80
  return { host: url.hostname, port: url.port === '' ? usual : Number(url.port) }
}

/** Without what may be secret in it: user, password and query. */
function shownUrl({ url: text, socketPath }: HttpCheck): string {
  const { protocol, host, pathname } = new URL(text)
  return socketPath === undefined ? `${protocol}//${host}${pathname}` : `${protocol}//unix:${socketPath}:${pathname}`
}

function faultOf(error: NodeJS.ErrnoException): string {
  if (error.message === 'socket hang up') return 'connection closed without an answer'
  return error.code?.startsWith('HPE_') ? `the answer is not HTTP: ${error.message}` : wordsOf(error)
}

/** Sends the request; throws if the connection breaks before there is a status. Without an agent: no pool, no proxy. */
function ask(url: URL, headers: HttpCheck['headers'], socket: Socket): Promise<IncomingMessage> {
  const { request } = process.getBuiltinModule('node:http')
  return new Promise((resolve, reject) => {
    const { username, password, pathname, search, host } = url
    const auth = username === '' ? undefined : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    const own = { Host: host, 'User-Agent': `foster-probe/${version}`, Accept: '*/*' }
    const asked = request({
      path: `${pathname}${search}`,
      ...(auth === undefined ? {} : { auth }),
      createConnection: () => (url.protocol === 'https:' ? secured(socket, url, headers) : socket),
    })
    // First of all: a header that is refused leaves a request behind, which breaks when its connection is closed.
    asked.on('error', reject)
    asked.once('response', resolve)
    asked.once('close', () => reject(new Error('socket hang up')))
    for (const [name, value] of Object.entries({ ...own, ...headers })) asked.setHeader(name, value)
    asked.end()
  })
}

function secured(socket: Socket, url: URL, headers: HttpCheck['headers']): Socket {
  const { connect: secure } = process.getBuiltinModule('node:tls')
  const { isIP } = process.getBuiltinModule('node:net')
  const named = Object.entries(headers).find(([name]) => name.toLowerCase() === 'host')?.[1]
  const servername = (named ?? url.hostname).replace(/:\d+$/, '')
  const isName = isIP(servername.replace(/^\[|\]$/g, '')) === 0
  const secured = secure({ socket, rejectUnauthorized: false, ...(isName ? { servername } : {}) })
  // As with the connection below it: nobody else may be listening when it breaks.
  return secured.on('error', () => {})
}

/** Reads and throws away, up to a limit; over when the connection is. */
async function drain(response: IncomingMessage): Promise<void> {
  let length = 0
  try {
    for await (const chunk of response) {
      length += (chunk as Buffer).length
      if (length > mostOfBody) return
    }
  } catch {
    // The status was the answer.
  }
}
