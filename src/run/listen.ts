/** Listens on a port, and goes on trying where somebody else has it. */
import type { Socket } from 'node:net'
import type { Level } from '../log/voice.ts'

/** Milliseconds until the port is tried again: what has it now may be gone then, or the address be there. */
const again = 5000

/** What may pass by itself. */
const passing: ReadonlySet<string | undefined> = new Set(['EADDRINUSE', 'EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOMEM'])

/** Says something in the log. */
export type Say = (level: Level, text: string) => void

/** Listens. What goes wrong is said once; foster runs on, and tries again where that may help. `what` is its name. */
export function keepListening(
  what: string,
  { port, host }: { readonly port: number; readonly host: string | undefined },
  accept: (socket: Socket) => void,
  say: Say,
): void {
  let isRefused = false
  const listen = (): void => {
    const { Server } = process.getBuiltinModule('node:net')
    const server = new Server({ allowHalfOpen: true }, accept)
    server.on('error', (error: NodeJS.ErrnoException) => {
      const isPassing = passing.has(error.code)
      if (!isRefused) say('error', `${what} does not listen: ${error.message}${isPassing ? '; it is tried again' : ''}`)
      isRefused = true
      server.close()
      if (isPassing) setTimeout(listen, again)
    })
    server.listen({ port, ...(host !== undefined && { host }) }, () => {
      if (isRefused) say('info', `${what} listens on port ${port} now`)
      isRefused = false
    })
  }
  listen()
}
