/** Health and metrics over TCP. */
import type { FosterFacts } from '../api/foster.ts'
import { HttpDoor } from '../api/http.ts'
import { answerPublic } from '../api/public.ts'
import type { Http } from '../core/control.ts'
import { keepListening, type Say } from './listen.ts'

/** Opens the port, now or when it can be had. */
export function openPublic(http: Http, facts: FosterFacts, say: Say): void {
  const door = new HttpDoor({
    answer: request => answerPublic(facts, http, request),
    failed: error => say('error', `internal error in http: ${error instanceof Error ? error.stack : String(error)}`),
  })
  const { port, address: host } = http
  keepListening('http', { port, host }, socket => door.accept(socket, undefined, false), say)
}
