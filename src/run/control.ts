/** Connects foster with its API: remembers what happens, and opens the socket once the first programs are started. */
import type { Socket } from 'node:net'
import { Events } from '../api/events.ts'
import type { FosterFacts, ReloadOutcome } from '../api/foster.ts'
import { HttpDoor } from '../api/http.ts'
import { Journal } from '../api/journal.ts'
import { accessFor, answer } from '../api/requests.ts'
import { reasonOf } from '../api/snapshot.ts'
import type { World, WorldEffect } from '../core/draft.ts'
import { labelOf, type Plan } from '../core/plan.ts'
import type { Signal } from '../core/signal.ts'
import type { Input } from '../core/world.ts'
import type { Logs } from '../log/router.ts'
import { atExit } from '../os/at-exit.ts'
import { draftOf, type FileId, permit, publish, withdraw } from '../os/socket-file.ts'
import { peerOf } from '../os/sockets.ts'
import { usageOf } from '../os/usage.ts'
import { version } from '../version.ts'
import type { ClientFacts } from './clients.ts'
import type { ControlPlace } from './control-place.ts'
import { openPublic } from './public.ts'
import { SupervisorServers } from './supervisor.ts'

/** What the runtime gives to be seen and steered. */
export interface ControlOptions {
  readonly plan: Plan
  readonly place: ControlPlace | undefined
  readonly world: () => World
  readonly dispatch: (input: Input) => void
  readonly signal: (index: number, signal: Signal) => void
  readonly logs: Logs
  readonly orphans: () => number
  readonly config: FosterFacts['config']
  readonly now: () => number
  readonly reload: FosterFacts['reload']
  /** What Supervisor's clients can have done. */
  readonly clients: ClientFacts
}

/** One thing that the world has done, until somebody has time to look at it. */
interface Seen {
  readonly effect: WorldEffect
  readonly now: number
}

export class Control {
  readonly #options: ControlOptions
  readonly #journal: Journal
  readonly #facts: FosterFacts
  readonly #door: HttpDoor
  /** Undefined: everything is looked at when it happens. At first it is put aside: programs are started first. */
  #aside: Seen[] | undefined = []
  #supervisor: SupervisorServers | undefined
  #phase: World['phase']['at'] = 'serving'
  #socket: { readonly path: string; readonly file: FileId } | undefined

  constructor(options: ControlOptions) {
    this.#options = options
    const { world, dispatch, signal, now, logs, config, orphans } = options
    const reload = (isTrial: boolean): ReloadOutcome => {
      const outcome = options.reload(isTrial)
      if (!isTrial) this.reloaded(outcome)
      return outcome
    }
    const events = new Events(Date.now)
    const begun = now()
    this.#journal = new Journal(events, Date.now)
    this.#facts = {
      ...{ version, pid: process.pid, started: Date.now(), uptime: () => now() - begun, uid: process.getuid?.() ?? 0 },
      ...{ events, journal: this.#journal, world, dispatch, signal, now, config, orphans, reload },
      wall: Date.now,
      after: (millis, done) => {
        const timer = setTimeout(done, millis)
        return () => clearTimeout(timer)
      },
      log: index => logs.program(index),
      usage: usageOf,
    }
    this.#door = new HttpDoor({
      answer: ({ method, target, peer }) => answer(this.#facts, { method, target, peer }),
      failed: error => this.#failed(error),
    })
  }

  /** The world has done something. */
  observe(effect: WorldEffect): void {
    const seen = { effect, now: this.#options.now() }
    if (this.#aside !== undefined) this.#aside.push(seen)
    else this.#look(seen)
  }

  /** A process has lost lines. */
  lost(process: string, lines: number): void {
    this.#facts.events.add({ type: 'dropped', process, lines })
  }

  /** The configuration was reloaded, or was to be. */
  reloaded({ is, changes }: ReloadOutcome): void {
    this.#facts.events.add({
      ...{ type: 'reload', ok: is === 'reloaded' },
      changes: changes.map(({ kind, label }) => `${kind} ${label}`),
    })
    if (this.#socket !== undefined) permit(this.#socket.path, this.#socket.file, this.#mode())
  }

  /** Opens the socket and the port. Whatever goes wrong is said, and foster runs on without. */
  open(): void {
    const aside = this.#aside ?? []
    this.#aside = undefined
    for (const seen of aside) this.#look(seen)
    const { place, plan, logs } = this.#options
    if (plan.http !== undefined) openPublic(plan.http, this.#facts, (level, text) => logs.say(level, text))
    this.#openSupervisor(plan)
    if (place === undefined) return
    if ('path' in place) this.#listen(place.path)
    else if ('without' in place) this.#say(`there is no control socket: ${place.without}`)
  }

  /** Removes the socket, at the very end. */
  close(): void {
    if (this.#socket !== undefined) withdraw(this.#socket.path, this.#socket.file)
    this.#socket = undefined
    this.#supervisor?.close()
  }

  #openSupervisor({ supervisor }: Plan): void {
    if (supervisor === undefined || supervisor.servers.length === 0) return
    const { clients, logs } = this.#options
    const facts = { ...clients, foster: this.#facts, failed: (error: unknown) => this.#failed(error) }
    this.#supervisor = new SupervisorServers(facts, (level, text) => logs.say(level, text))
    this.#supervisor.open(supervisor.servers)
  }

  /** A bug in what only looks on is said, and stops nothing. */
  #look({ effect, now }: Seen): void {
    try {
      this.#record(effect, now)
    } catch (error) {
      this.#failed(error)
    }
  }

  #record(effect: WorldEffect, now: number): void {
    const world = this.#options.world()
    if (effect.do === 'note') {
      const program = world.plan.programs[effect.index]
      const reason = world.states[effect.index] === effect.after ? reasonOf(world, effect.index, effect.after) : null
      if (program !== undefined) this.#journal.note(effect, program, now, reason)
    } else if (effect.do === 'announce' && effect.what.about === 'said') {
      const program = world.plan.programs[effect.what.index]
      if (program !== undefined) this.#journal.said(labelOf(program), effect.what.text)
    } else if (effect.do === 'announce' && effect.what.about === 'reloading') {
      const program = world.plan.programs[effect.what.index]
      if (program !== undefined) this.#journal.reloading(labelOf(program), effect.what.is)
    }
    const { phase } = world
    if (phase.at === this.#phase) return
    this.#phase = phase.at
    this.#journal.phase(phase.at, phase.at === 'done' ? phase.code : null)
  }

  #listen(path: string): void {
    const { Server } = process.getBuiltinModule('node:net')
    const server = new Server({ allowHalfOpen: true }, socket => this.#accept(socket))
    server.on('error', (error: NodeJS.ErrnoException) => this.#say(`there is no control socket: ${error.message}`))
    const draft = draftOf(path)
    // Nobody may connect before it has the permissions that it is to have. The socket is bound before `listen` returns.
    const before = process.umask(0o177)
    try {
      server.listen(draft, () => this.#publish(draft, path))
    } finally {
      process.umask(before)
    }
  }

  /** Where there are rules they decide, and everybody may ask. */
  #mode(): number {
    const { mode, access = [] } = this.#options.world().plan.control ?? {}
    return mode ?? (access.length > 0 ? 0o666 : 0o600)
  }

  #publish(draft: string, path: string): void {
    try {
      this.#socket = { path, file: publish(draft, path, this.#mode()) }
      // If foster goes down in a way nobody planned, the socket goes with it.
      void atExit(() => this.close())
    } catch (error) {
      this.#say(`there is no control socket: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #accept(socket: Socket): void {
    const { fd } = (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle ?? {}
    const peer = fd === undefined || fd < 0 ? undefined : peerOf(fd)
    this.#door.accept(socket, peer, !accessFor(this.#facts, peer).isKnown)
  }

  #say(text: string): void {
    this.#options.logs.say('warning', text)
  }

  #failed(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#options.logs.say('error', `internal error in the control socket: ${text}`)
  }
}
