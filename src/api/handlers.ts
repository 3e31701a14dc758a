/** What each route does: from what is asked, by somebody who may, to a reply. Nothing here knows of HTTP. */
import type * as v from 'valibot'
import type { Verb } from '../core/control.ts'
import { allowSuggestions, didYouMean } from '../core/nearest.ts'
import { labelOf, type Program } from '../core/plan.ts'
import { parseSignal, signalNames } from '../core/signal.ts'
import { type Access, type Peer, refusal } from './access.ts'
import { type Action, Pending, sendSignal, statusOf, type Waiting } from './actions.ts'
import type { ActionLine, Event, Failure, GraphAnswer, ReloadAnswer, StatusAnswer } from './answers.ts'
import { shownTo } from './events.ts'
import type { FosterFacts } from './foster.ts'
import { healthOf } from './health.ts'
import type { LineSource } from './lines.ts'
import { everything, type LogOf, readLogs, readRaw } from './logs.ts'
import { groupOf, resolveName } from './names.ts'
import { openApi } from './openapi.ts'
import type { RouteName, routes } from './protocol.ts'
import { whileAllowed } from './rights.ts'
import { isThere, secondsOf, stateName, timeOf } from './snapshot.ts'
import { inTurns } from './turns.ts'

/** Headers beside the usual ones. */
type Headers = Readonly<Record<string, string>>

/** What is answered. */
export type Reply =
  | { readonly status: number; readonly json: object }
  | { readonly status: number; readonly text: string; readonly type: string; readonly headers?: Headers }
  | { readonly status: number; readonly lines: LineSource; readonly type: string; readonly headers?: Headers }
  /** `begin` starts to wait for the reply, or hears of a bug of ours; what it gives calls that off. */
  | { readonly begin: (done: (reply: Reply) => void, failed: (error: unknown) => void) => () => void }

/** A request that has been understood and is allowed. */
export interface Asked<Name extends RouteName> {
  readonly foster: FosterFacts
  readonly peer: Peer | undefined
  readonly access: Access
  /** What stands in the path in place of `{name}`. */
  readonly name: string
  readonly query: v.InferOutput<(typeof routes)[Name]['query']>
  /** Notes which processes it is about, for the events. */
  readonly about: (names: readonly string[]) => void
}

type Handler<Name extends RouteName> = (asked: Asked<Name>) => Reply | Failure

const ndjson = 'application/x-ndjson'
const json = (body: object): Reply => ({ status: 200, json: body })

let document: ReturnType<typeof openApi> | undefined

/** One handler for each row of the table. */
export const handlers: { readonly [Name in RouteName]: Handler<Name> } = {
  status: asked => json(statusAnswer(asked)),
  programs: asked => json({ programs: visible(asked).map(index => statusOf(asked.foster, index)) }),
  program: asked => {
    const indexes = select(asked, 'status', asked.name)
    return 'code' in indexes ? indexes : json({ programs: indexes.map(index => statusOf(asked.foster, index)) })
  },
  start: asked => act(asked, 'start', { until: asked.query.wait ?? 'ready', timeout: asked.query.timeout }),
  stop: asked => act(asked, 'stop', { until: asked.query.wait ?? 'gone', timeout: asked.query.timeout }),
  restart: asked => act(asked, 'restart', { until: asked.query.wait ?? 'ready', timeout: asked.query.timeout }),
  signal: signalled,
  logs,
  events,
  health: asked => {
    const { journal, world } = asked.foster
    const answer = healthOf(world(), asked.query.kind ?? 'ready', label => journal.hasBeenReady(label))
    const seen = new Set(visible(asked).map(index => labelAt(asked.foster, index)))
    const reasons = answer.reasons.filter(({ name }) => name === 'foster' || seen.has(name))
    return { status: answer.ok ? 200 : 503, json: { ...answer, reasons } }
  },
  graph: asked => json(graphAnswer(asked)),
  config: asked => {
    const { plan } = asked.foster.world()
    const shown = new Set(plan.programs.filter(it => asked.access.mayWith('config', it)).map(it => it.name))
    const steps = asked.foster.config(program => shown.has(program))
    const reply = (text: string): Reply => ({ status: 200, text, type: 'application/yaml; charset=utf-8' })
    if (steps !== undefined) return { begin: (done, failed) => inTurns(steps, text => done(reply(text)), failed) }
    return { code: 'unknown-path', message: 'there is no configuration: foster runs a command', hint: null }
  },
  reload: reloaded,
  shutdown: ({ foster }) => {
    foster.dispatch({ on: 'shutdown' })
    return { status: 202, json: { phase: foster.world().phase.at } }
  },
  openapi: ({ foster }) => {
    // It takes some milliseconds to make, and never changes.
    document ??= openApi(foster.version)
    return json(document)
  },
}

function statusAnswer(asked: Asked<'status'>): StatusAnswer {
  const { foster } = asked
  const { phase } = foster.world()
  const health = healthOf(foster.world(), 'ready', label => foster.journal.hasBeenReady(label))
  return {
    version: foster.version,
    pid: foster.pid,
    started: timeOf(foster.started),
    uptime: secondsOf(foster.uptime()),
    phase: phase.at,
    ready: health.ok,
    programs: visible(asked).map(index => statusOf(foster, index)),
  }
}

type Any = Pick<Asked<RouteName>, 'foster' | 'peer' | 'access'>

function labelAt(foster: FosterFacts, index: number): string {
  const program = foster.world().plan.programs[index]
  return program === undefined ? String(index) : labelOf(program)
}

/** All that the asker may see the status of. */
function visible({ foster, access }: Any): readonly number[] {
  const world = foster.world()
  const sees = (program: Program, index: number): boolean => isThere(world, index) && access.mayWith('status', program)
  return world.plan.programs.flatMap((program, index) => (sees(program, index) ? [index] : []))
}

/** The processes with a name that the verb is allowed for. A name that is not allowed is refused, whether it exists or not. */
function select({ foster, peer, access }: Any, verb: Verb, name: string): readonly number[] | Failure {
  const world = foster.world()
  const sees = (program: Program, index: number): boolean => isThere(world, index) && access.mayWith(verb, program)
  const found = resolveName(name, world.plan.programs, sees)
  if (access.isOperator || (!('code' in found) && found.length > 0)) return found
  return refusal(peer, verb, name.slice(0, 200))
}

/** The same for several names; none: all that is allowed. Each process comes once, in the order of the plan. */
function selectAll(asked: Any, verb: Verb, names: readonly string[] | undefined): readonly number[] | Failure {
  const found = new Set<number>()
  for (const name of names ?? ['all']) {
    const indexes = select(asked, verb, name)
    if ('code' in indexes) return indexes
    for (const index of indexes) found.add(index)
  }
  return [...found].sort((a, b) => a - b)
}

function act(asked: Asked<'start' | 'stop' | 'restart'>, action: Action, waiting: Waiting): Reply | Failure {
  const { foster, name, query, about } = asked
  const indexes = select(asked, action, name)
  if ('code' in indexes) return indexes
  about(indexes.map(index => labelAt(foster, index)))
  const { programs } = foster.world().plan
  const first = programs[indexes[0] ?? -1]
  // One process that is asked for by itself: what speaks against it is the answer.
  const isOne = indexes.length === 1 && first !== undefined && (name === first.name || name === labelOf(first))
  let changed = (): void => {}
  const pending = new Pending(foster, action, indexes, waiting, () => changed())
  const [only] = pending.results ?? []
  if (isOne && only !== undefined && !only.ok && conflicts.has(only.code)) {
    return { code: only.code, message: only.message, hint: only.hint }
  }
  if (query.progress) return { status: 200, lines: progressOf(pending, call => (changed = call)), type: ndjson }
  return {
    begin: done => {
      const look = (): void => {
        const { results } = pending
        if (results !== undefined) done(json({ results }))
      }
      changed = look
      look()
      return () => pending.close()
    },
  }
}

const conflicts: ReadonlySet<string> = new Set(['already-started', 'not-running', 'shutting-down'])

/** The present state of what has changed, whenever somebody reads; then the result. */
function progressOf(pending: Pending, listen: (call: () => void) => void): LineSource {
  let isOver = false
  let waiting: (() => void) | undefined
  listen(() => {
    const call = waiting
    waiting = undefined
    call?.()
  })
  return {
    pull() {
      const lines: ActionLine[] = pending.progress().map(process => ({ type: 'progress', process }))
      const { results } = pending
      if (results !== undefined && !isOver) lines.push({ type: 'result', results: [...results] })
      isOver = results !== undefined
      return lines.length === 0 ? undefined : lines.map(line => `${JSON.stringify(line)}\n`).join('')
    },
    get isOver() {
      return isOver
    },
    onMore: call => {
      waiting = call
    },
    close: () => pending.close(),
  }
}

function signalled(asked: Asked<'signal'>): Reply | Failure {
  const { foster, name, query, about } = asked
  const indexes = select(asked, 'signal', name)
  if ('code' in indexes) return indexes
  const [text = ''] = query.signal
  const signal = parseSignal(text)
  if (signal === undefined) {
    const message = `${JSON.stringify(text.slice(0, 50))} is no signal`
    allowSuggestions()
    const meant = didYouMean(text.slice(0, 50).replace(/^SIG/i, ''), signalNames)
    return { code: 'bad-query', message, hint: meant ?? 'such as HUP, SIGHUP or 1' }
  }
  about(indexes.map(index => labelAt(foster, index)))
  const results = sendSignal(foster, indexes, signal)
  const [only] = results
  if (results.length === 1 && only !== undefined && !only.ok && name !== 'all') {
    return { code: only.code, message: only.message, hint: only.hint }
  }
  return json({ results })
}

function reloaded({ foster, query }: Asked<'reload'>): Reply | Failure {
  const { is, changes, messages } = foster.reload(query.dry_run ?? false)
  const text = messages.length === 0 ? null : messages.join('\n')
  if (is === 'ending') return { code: 'shutting-down', message: 'the container stops', hint: null }
  if (is === 'faulty') {
    return { code: 'faulty-configuration', message: 'the configuration is faulty: nothing has changed', hint: text }
  }
  const told = changes.map(change => ({
    ...{ name: change.label, change: change.kind },
    options: 'options' in change ? [...change.options] : [],
  }))
  return json({ changes: told, messages: [...messages] } satisfies ReloadAnswer)
}

function logs(asked: Asked<'logs'>): Reply | Failure {
  const { foster, query } = asked
  const indexes = selectAll(asked, 'logs', query.program)
  if ('code' in indexes) return indexes
  const of = indexes.flatMap((index): LogOf[] => {
    const own = { label: labelAt(foster, index), memory: foster.log(index) }
    // What an event listener has to say to foster is shown to those who ask for it by name.
    if (query.program !== undefined || !isListener(foster, index)) return [own]
    return query.stream === 'stdout' ? [] : [{ ...own, only: 'stderr' }]
  })
  const start = query.lines === undefined ? { bytes: query.bytes ?? everything } : { lines: query.lines }
  const wanted = { stream: query.stream, start, follow: query.follow ?? false }
  const allowed = (lines: LineSource): LineSource => whileAllowed(asked, 'logs', indexes, lines)
  if (!query.raw) return { status: 200, lines: allowed(readLogs(of, wanted)), type: ndjson }
  const [only, ...others] = of
  if (only === undefined || others.length > 0) {
    const message = `raw output is that of one process; this would be ${of.length}`
    return { code: 'bad-query', message, hint: oneOf(of.map(({ label }) => label)) }
  }
  return { status: 200, lines: allowed(readRaw(only, wanted)), type: 'text/plain; charset=utf-8' }
}

function isListener({ world }: FosterFacts, index: number): boolean {
  return world().plan.programs[index]?.log.stdout.some(({ to }) => to === 'protocol') === true
}

function oneOf(labels: readonly string[]): string {
  const shown = labels.slice(0, 5).join(', ')
  return labels.length === 0 ? 'name one' : `name one of them: ${shown}${labels.length > 5 ? ', ...' : ''}`
}

function events(asked: Asked<'events'>): Reply | Failure {
  const { foster, access, query } = asked
  const indexes = selectAll(asked, 'events', query.program)
  if ('code' in indexes) return indexes
  const labels = new Set(indexes.map(index => labelAt(foster, index)))
  const reader = { labels, isOperator: access.isOperator, isNarrowed: query.program !== undefined }
  const shown = (event: Event): Event | undefined => shownTo(reader, event)
  const lines = foster.events.read({ since: query.since ?? 0, follow: query.follow ?? false, shown })
  return { status: 200, lines: whileAllowed(asked, 'events', indexes, lines), type: ndjson }
}

function graphAnswer(asked: Asked<'graph'>): GraphAnswer {
  const { foster } = asked
  const { plan, graph, states } = foster.world()
  const seen = new Set(visible(asked))
  const nodes = [...seen].flatMap(index => {
    const program = plan.programs[index]
    const state = states[index]
    if (program === undefined || state === undefined) return []
    const { kind, critical } = program
    return [{ name: labelOf(program), group: groupOf(program), kind, critical, state: stateName(state) }]
  })
  const edges = [...seen].flatMap(index =>
    (graph.dependencies[index] ?? []).flatMap(({ on, dependency }) => {
      const { condition, required, restart } = dependency
      if (!seen.has(on)) return []
      return [{ from: labelAt(foster, index), to: labelAt(foster, on), condition, required, restart }]
    }),
  )
  return { nodes, edges }
}
