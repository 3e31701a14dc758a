/** Connections that foster opens itself: to a host by name or address, or to a unix socket. */
import type { Socket } from 'node:net'
import { isShortage, ShortageError } from './errno.ts'
import { addressesOf } from './names.ts'

/** Where to connect to. */
export type Remote = { readonly path: string } | { readonly host: string; readonly port: number }

/** Milliseconds after which the next address is tried beside one that has not answered (RFC 8305, section 5). */
const stagger = 250

/** So many addresses of a name are tried. */
const mostAddresses = 8

/**
 * Opens a connection. Throws an Error in words, such as `connection refused (127.0.0.1:80)`; a ShortageError where
 * nobody was asked, at one address at least, for want of a descriptor or memory. When `signal` aborts,
 * everything is closed, the connection itself too, and what is still waiting ends with an Error.
 */
export async function connect(remote: Remote, signal: AbortSignal): Promise<Socket> {
  if ('path' in remote) return first([{ path: remote.path }], signal)
  const { host, port } = remote
  const addresses = await addressesOf(host, signal)
  const ends = addresses.slice(0, mostAddresses).map(address => ({ host: address, port }))
  return first(ends, signal)
}

/** The first of them that takes a connection; each has a little time before the next is tried as well. */
function first(ends: readonly Remote[], signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { connect: open } = process.getBuiltinModule('node:net')
    const waiting = new Set<Socket>()
    const faults: string[] = []
    let lacks = false
    let next = 0
    let timer: NodeJS.Timeout | undefined
    const settle = (settled: () => void, kept?: Socket): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      waiting.delete(kept as Socket)
      for (const socket of waiting) socket.destroy()
      settled()
    }
    const abort = (): void => settle(() => reject(new Error('the connection was given up')))
    const failed = (socket: Socket, error: NodeJS.ErrnoException, end: Remote): void => {
      if (!waiting.delete(socket)) return
      faults.push(`${wordsOf(error)} (${nameOf(end)})`)
      lacks ||= isShortage(error.code)
      if (next < ends.length) return start()
      const fault = faults.join(', ')
      if (waiting.size === 0) settle(() => reject(lacks ? new ShortageError(fault) : new Error(fault)))
    }
    const start = (): void => {
      clearTimeout(timer)
      const end = ends[next++]
      if (end === undefined) return
      const socket = open('path' in end ? { path: end.path } : { ...end, autoSelectFamily: false })
      waiting.add(socket)
      // The listener stays: without one a later fault of this socket would be a fault of foster.
      socket.on('error', error => failed(socket, error, end))
      socket.once('connect', () => {
        signal.addEventListener('abort', () => socket.destroy(), { once: true })
        settle(() => resolve(socket), socket)
      })
      if (next < ends.length) timer = setTimeout(start, stagger)
    }
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    start()
  })
}

/** A place as people write it: `[::1]:80`. */
export function nameOf(remote: Remote): string {
  if ('path' in remote) return remote.path
  return remote.host.includes(':') ? `[${remote.host}]:${remote.port}` : `${remote.host}:${remote.port}`
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  EADDRNOTAVAIL: 'no such address here',
  ETIMEDOUT: 'connection timed out',
  ENOENT: 'no such socket',
  ENOTDIR: 'no such socket',
  EACCES: 'permission denied',
  EPIPE: 'connection closed',
  EMFILE: 'no more descriptors',
  ENFILE: 'no more descriptors',
  ENOBUFS: 'out of memory',
  ENOMEM: 'out of memory',
}

/** What went wrong with a connection, in words. */
export function wordsOf(error: NodeJS.ErrnoException): string {
  return words[error.code ?? ''] ?? error.code ?? error.message
}
