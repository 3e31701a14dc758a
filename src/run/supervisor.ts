/** The servers that Supervisor's clients talk to, opened once the first programs are started. */
import { chownSync, lstatSync } from 'node:fs'
import { HttpDoor } from '../api/http.ts'
import type { SupervisorFacts } from '../api/supervisor/facts.ts'
import { largestCall, SupervisorApi } from '../api/supervisor/requests.ts'
import type { SupervisorServer } from '../core/supervisor.ts'
import { atExit } from '../os/at-exit.ts'
import { addressesOf } from '../os/names.ts'
import { draftOf, type FileId, publish, withdraw } from '../os/socket-file.ts'
import { listenerAt } from '../os/sockets.ts'
import { keepListening, type Say } from './listen.ts'

/** Milliseconds for the name of a host. */
const namePatience = 10_000

type Unix = Extract<SupervisorServer, { file: string }>
type Inet = Exclude<SupervisorServer, { file: string }>

/** The servers of a plan. */
export class SupervisorServers {
  readonly #facts: SupervisorFacts
  readonly #api: SupervisorApi
  readonly #say: Say
  readonly #sockets: { readonly path: string; readonly file: FileId }[] = []

  constructor(facts: SupervisorFacts, say: Say) {
    this.#facts = facts
    this.#api = new SupervisorApi(facts)
    this.#say = say
  }

  /** Opens them. Whatever goes wrong is said, and foster runs on without. */
  open(servers: readonly SupervisorServer[]): void {
    for (const server of servers) {
      const door = this.#doorOf(server)
      if ('file' in server) this.#listen(server, door)
      else void this.#listenOnPort(server, door)
    }
  }

  /** Removes the sockets, at the very end. */
  close(): void {
    for (const { path, file } of this.#sockets.splice(0)) withdraw(path, file)
  }

  #doorOf(server: SupervisorServer): HttpDoor {
    return new HttpDoor({
      answer: incoming => this.#api.answer(incoming),
      failed: error => this.#facts.failed(error),
      bodies: { most: largestCall, refuse: incoming => this.#api.refuse(server, incoming) },
    })
  }

  #listen(server: Unix, door: HttpDoor): void {
    const { file, section } = server
    const obstacle = obstacleAt(file)
    if (obstacle !== undefined) return this.#say('error', `${section} does not listen: ${obstacle}`)
    const { Server } = process.getBuiltinModule('node:net')
    const listener = new Server({ allowHalfOpen: true }, socket => door.accept(socket, undefined, false))
    const failed = (error: unknown): void => this.#say('error', `${section} does not listen: ${messageOf(error)}`)
    listener.on('error', failed)
    const draft = draftOf(file)
    // Nobody may connect before it has the owner and the permissions that it is to have.
    const before = process.umask(0o177)
    try {
      listener.listen(draft, () => {
        try {
          if (server.owner !== undefined) chownSync(draft, server.owner.uid, server.owner.gid)
          this.#sockets.push({ path: file, file: publish(draft, file, server.mode) })
          // If foster goes down in a way nobody planned, the sockets go with it.
          void atExit(() => this.close())
        } catch (error) {
          failed(error)
        }
      })
    } finally {
      process.umask(before)
    }
  }

  async #listenOnPort({ section, host, port }: Inet, door: HttpDoor): Promise<void> {
    try {
      // As Supervisor: IPv4 alone.
      const found = host === '' ? ['0.0.0.0'] : await addressesOf(host, AbortSignal.timeout(namePatience))
      const address = { port, host: found.find(it => !it.includes(':')) ?? found[0] }
      keepListening(section, address, socket => door.accept(socket, undefined, false), this.#say)
    } catch (error) {
      this.#say('error', `${section} does not listen: ${messageOf(error)}`)
    }
  }
}

/** What stands where a socket is to be, and may not be replaced. */
function obstacleAt(path: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined
  const listener = listenerAt(path)
  if (listener === 'other') return `${path} is there already, and is no socket that may be replaced`
  return typeof listener === 'number'
    ? `${path} is in use by ${listener > 0 ? `pid ${listener}` : 'somebody'}`
    : undefined
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
