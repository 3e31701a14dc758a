/** Health and metrics over TCP: listens, and goes on trying where somebody else has the port. */
import type { FosterFacts } from '../api/foster.ts'
import { HttpDoor } from '../api/http.ts'
import { answerPublic } from '../api/public.ts'
import type { Http } from '../core/control.ts'
import type { Level } from '../log/voice.ts'

/** Milliseconds until the port is tried again: what has it now may be gone then, or the address be there. */
const again = 5000

/** What may pass by itself. */
const passing: ReadonlySet<string | undefined> = new Set(['EADDRINUSE', 'EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOMEM'])

/** Opens the port. What goes wrong is said once; foster runs on, and tries again where that may help. */
export function openPublic(http: Http, facts: FosterFacts, say: (level: Level, text: string) => void): void {
  const door = new HttpDoor({
    answer: request => answerPublic(facts, http, request),
    failed: error => say('error', `internal error in http: ${error instanceof Error ? error.stack : String(error)}`),
  })
  let isRefused = false
  const listen = (): void => {
    const { Server } = process.getBuiltinModule('node:net')
    const server = new Server({ allowHalfOpen: true }, socket => door.accept(socket, undefined, false))
    server.on('error', (error: NodeJS.ErrnoException) => {
      const isPassing = passing.has(error.code)
      const what = isPassing ? '; it is tried again' : ''
      if (!isRefused) say('error', `http does not listen: ${error.message}${what}`)
      isRefused = true
      server.close()
      if (isPassing) setTimeout(listen, again)
    })
    server.listen({ port: http.port, ...(http.address !== undefined && { host: http.address }) }, () => {
      if (isRefused) say('info', `http listens on port ${http.port} now`)
      isRefused = false
    })
  }
  listen()
}
