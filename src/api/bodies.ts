/** The bodies of requests, which are read as far as they are wanted and no further. */
import type { IncomingMessage } from 'node:http'

/** Reads and forgets; one that goes on for too long ends the connection. */
export function dropBody(request: IncomingMessage, most: number): void {
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > most) request.socket.destroy()
  })
  request.on('error', () => {})
}

/** Reads a body that is no longer than it has said. */
export function readBody(request: IncomingMessage, most: number, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > most) request.socket.destroy()
    else chunks.push(chunk)
  })
  request.on('end', () => done(Buffer.concat(chunks)))
  request.on('error', () => {})
}
