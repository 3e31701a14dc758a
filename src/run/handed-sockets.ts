/**
 * The listening sockets that the processes of a program share: owns them. One is there from before the first process is
 * started until the last one has ended.
 */
import { isSame } from '../core/diff.ts'
import type { Credentials, SharedSocket } from '../core/plan.ts'
import { urlOf } from '../core/shared-socket.ts'
import type { Refusal } from '../os/executable.ts'
import { adjustListening, closeListening, type Listening, openListening } from '../os/listening-socket.ts'

/** A socket, and the processes that have it. */
interface Shared {
  readonly listening: Listening
  readonly users: Set<number>
  /** What it is by now: another configuration may have come while it is open. */
  socket: SharedSocket
  user: Credentials | undefined
}

/** What is done to sockets; a test has its own. */
export interface Sockets {
  readonly open: typeof openListening
  readonly adjust: typeof adjustListening
  readonly close: typeof closeListening
}

const system: Sockets = { open: openListening, adjust: adjustListening, close: closeListening }

export class HandedSockets {
  readonly #sockets: Sockets
  /** By program and address, so that a program whose address changes has both while its processes are replaced. */
  readonly #open = new Map<string, Shared>()

  constructor(sockets: Sockets = system) {
    this.#sockets = sockets
  }

  /** The descriptor for a process that is about to be started, or why there is none. It stays foster's, to be released. */
  take(index: number, socket: SharedSocket, user: Credentials | undefined): number | Refusal {
    this.release(index)
    const key = `${socket.of} ${urlOf(socket)}`
    const found = this.#open.get(key)
    if (found === undefined) return this.#make(key, index, socket, user)
    if (!isSame(found.socket, socket)) {
      const reason = this.#sockets.adjust(found.listening, socket, user)
      if (reason !== undefined) return refusalOf(socket, reason)
      found.socket = socket
      found.user = user
    }
    found.users.add(index)
    return found.listening.fd
  }

  #make(key: string, index: number, socket: SharedSocket, user: Credentials | undefined): number | Refusal {
    const listening = this.#sockets.open(socket, user)
    if (typeof listening === 'string') return refusalOf(socket, listening)
    this.#open.set(key, { listening, users: new Set([index]), socket, user })
    return listening.fd
  }

  /** A process has ended, or was not started. */
  release(index: number): void {
    for (const [key, { listening, users, socket, user }] of this.#open) {
      if (!users.delete(index) || users.size > 0) continue
      this.#open.delete(key)
      this.#sockets.close(listening, socket, user)
    }
  }
}

function refusalOf(socket: SharedSocket, why: string): Refusal {
  return { how: 'unstartable', code: 1, reason: `Could not create FastCGI socket ${urlOf(socket)}: ${why}` }
}
