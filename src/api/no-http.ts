/** The answer to what is no HTTP. */
import type { Socket } from 'node:net'

/** Says once what is wrong, then closes. `largestHeader`: what the parser was told, in bytes. */
export function refuse(error: NodeJS.ErrnoException, socket: Socket, largestHeader: number): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, code] = error.code === 'HPE_HEADER_OVERFLOW' ? ['431', 'too-large'] : ['400', 'bad-request']
  const message = status === '431' ? `headers have at most ${largestHeader} bytes` : 'this is no HTTP request'
  const body = `${JSON.stringify({ code, message, hint: null })}\n`
  socket.end(
    `HTTP/1.1 ${status} ${status === '431' ? 'Request Header Fields Too Large' : 'Bad Request'}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  // Whoever goes on sending after that is not listened to.
  setImmediate(() => socket.destroySoon())
}
