/** Starting, stopping, restarting and signalling on request, and waiting for what comes of it. */
import { isSuccess } from '../core/ending.ts'
import { labelOf } from '../core/plan.ts'
import type { Signal } from '../core/signal.ts'
import { isOver, isReady, pidOf, type State } from '../core/state.ts'
import type { ActionResult, ProcessStatus } from './answers.ts'
import type { FosterFacts } from './foster.ts'
import { processOf } from './snapshot.ts'

export type Action = 'start' | 'stop' | 'restart'

/** Until when an action is waited for. */
export interface Waiting {
  readonly until: 'ready' | 'started' | 'gone' | 'none'
  /** Milliseconds; undefined: for ever. */
  readonly timeout: number | undefined
}

/** What came of one process: a code of success, or of what is wrong with words for it. */
interface Verdict {
  readonly code: string
  readonly ok: boolean
  readonly message: string
  readonly hint?: string
}

interface Target {
  readonly index: number
  readonly label: string
  /** How often it had been started before. */
  readonly runs: number
  /** There was nothing to start, only to wait for. */
  readonly wasUp: boolean
  verdict: Verdict | undefined
  /** What was last told of it. */
  told: string
}

/** The present state of one process, for the answer. */
export function statusOf(foster: FosterFacts, index: number): ProcessStatus {
  const world = foster.world()
  const program = world.plan.programs[index]
  const past = foster.journal.past(program === undefined ? '' : labelOf(program))
  return processOf(world, index, past, { now: foster.now(), wall: foster.wall() })
}

/** What has been asked of some processes, until all of it has come true or cannot any more. */
export class Pending {
  readonly #foster: FosterFacts
  readonly #action: Action
  readonly #waiting: Waiting
  readonly #targets: readonly Target[]
  readonly #onChange: () => void
  readonly #stops: (() => void)[] = []

  /** Asks at once. `onChange` is called when `progress` or `results` may have something new, also from the constructor. */
  constructor(
    foster: FosterFacts,
    action: Action,
    indexes: readonly number[],
    waiting: Waiting,
    onChange: () => void = () => {},
  ) {
    this.#foster = foster
    this.#action = action
    this.#waiting = waiting
    this.#onChange = onChange
    const { programs } = foster.world().plan
    this.#targets = indexes.map((index): Target => {
      const program = programs[index]
      const label = program === undefined ? String(index) : labelOf(program)
      const state = this.#state(index)
      const verdict = conflictOf(action, label, state, { foster, waiting })
      return { index, label, runs: state.runs, wasUp: action === 'start' && isUp(state), verdict, told: '' }
    })
    const meant = this.#targets.filter(it => it.verdict === undefined)
    for (const { index } of meant) foster.dispatch({ on: 'wish', index, wish: action })
    if (waiting.until === 'none') for (const it of meant) it.verdict = asked(action, it.label)
    else this.#wait()
  }

  #wait(): void {
    this.#stops.push(this.#foster.journal.onChange(() => this.#look()))
    const { timeout } = this.#waiting
    if (timeout !== undefined) this.#stops.push(this.#foster.after(timeout, () => this.#giveUp(timeout)))
    this.#look()
  }

  /** The result of every process, once there is one for each. */
  get results(): readonly ActionResult[] | undefined {
    if (this.#targets.some(it => it.verdict === undefined)) return undefined
    return this.#targets.map(({ index, label, verdict }) => ({
      name: label,
      ok: verdict?.ok ?? false,
      code: verdict?.code ?? '',
      message: verdict?.message ?? '',
      hint: verdict?.hint ?? null,
      process: statusOf(this.#foster, index),
    }))
  }

  /** The processes that have changed since this was asked last. */
  progress(): readonly ProcessStatus[] {
    return this.#targets.flatMap(target => {
      const status = statusOf(this.#foster, target.index)
      const told = JSON.stringify([status.state, status.ready, status.reason, status.waiting_for, status.restarts])
      if (told === target.told) return []
      target.told = told
      return [status]
    })
  }

  /** Nobody waits any more. What was asked for goes on. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop()
  }

  #state(index: number): State {
    const state = this.#foster.world().states[index]
    if (state === undefined) throw new RangeError(`no process ${index}`)
    return state
  }

  #look(): void {
    for (const target of this.#targets) target.verdict ??= this.#judge(target)
    if (this.#targets.every(it => it.verdict !== undefined)) this.close()
    this.#onChange()
  }

  #giveUp(millis: number): void {
    for (const target of this.#targets) {
      if (target.verdict !== undefined) continue
      const { reason, state } = statusOf(this.#foster, target.index)
      const goal = this.#waiting.until === 'gone' ? 'gone' : this.#waiting.until === 'ready' ? 'ready' : 'running'
      const message = `${target.label} is not ${goal} after ${millis / 1000}s: ${reason ?? `it is ${state}`}`
      target.verdict = { code: 'timeout', ok: false, message, hint: 'it goes on all the same' }
    }
    this.close()
    this.#onChange()
  }

  /** Undefined: it is still on its way. */
  #judge({ index, label, runs, wasUp }: Target): Verdict | undefined {
    const state = this.#state(index)
    if (this.#action === 'stop') return judgeStop(label, state)
    if (this.#foster.world().phase.at !== 'serving') return failed('shutting-down', 'the container stops')
    if (state.at === 'stopped') return failed('stopped-meanwhile', `${label} was stopped meanwhile`)
    // The run that was there before does not count.
    if (this.#action === 'restart' && state.runs <= runs && !isOver(state)) return undefined
    if (isThere(state, this.#waiting)) return wasUp ? ready(label, state) : done(this.#action, label)
    if (state.at === 'fatal') return notUp(label, statusOf(this.#foster, index))
    if (state.at !== 'exited') return undefined
    const program = this.#foster.world().plan.programs[index]
    const succeeded = state.last !== undefined && isSuccess(state.last, program?.successExitCodes ?? [])
    if (program?.kind === 'task' && succeeded) return done(this.#action, label)
    return notUp(label, statusOf(this.#foster, index))
  }
}

/** Sends a signal; undefined for `verdict`: it was sent. */
export function sendSignal(foster: FosterFacts, indexes: readonly number[], signal: Signal): readonly ActionResult[] {
  return indexes.map(index => {
    const process = statusOf(foster, index)
    const { name } = process
    if (process.pid === null) {
      return { name, ...withHint(failed('not-running', `${name} is not running`)), process }
    }
    foster.signal(index, signal)
    return { name, ok: true, code: 'signalled', message: `${name}: signalled`, hint: null, process }
  })
}

const withHint = ({ ok, code, message, hint }: Verdict) => ({ ok, code, message, hint: hint ?? null })
const failed = (code: string, message: string, hint?: string): Verdict => ({
  ...{ code, ok: false, message },
  ...(hint !== undefined && { hint }),
})

const past = { start: 'started', stop: 'stopped', restart: 'restarted' } as const
const done = (action: Action, label: string): Verdict => ({
  ...{ code: past[action], ok: true, message: `${label}: ${past[action]}` },
})

const ready = (label: string, state: State): Verdict => ({
  ...{ code: 'started', ok: true, message: `${label}: ${isReady(state) ? 'ready' : 'running'}` },
})

function asked(action: Action, label: string): Verdict {
  return { code: past[action], ok: true, message: `${label}: asked to ${action}` }
}

function notUp(label: string, { reason }: ProcessStatus): Verdict {
  const hint = `see what it wrote: foster tail ${label} stderr`
  return failed('failed', `${label} did not start: ${reason ?? 'it has ended'}`, hint)
}

function judgeStop(label: string, state: State): Verdict | undefined {
  if (isOver(state)) return done('stop', label)
  if (state.at === 'stopping' || state.at === 'launching') return undefined
  return failed('started-meanwhile', `${label} was started meanwhile`)
}

/** Whether there is nothing to start. */
function isUp(state: State): boolean {
  return state.at === 'running' || state.at === 'starting' || (state.at === 'launching' && state.next === 'up')
}

/** Whether a start has come as far as it is waited for. */
function isThere(state: State, { until }: Waiting): boolean {
  return state.at === 'running' && (until === 'started' || isReady(state))
}

/** Why an action makes no sense now, as Supervisor has it. */
function conflictOf(
  action: Action,
  label: string,
  state: State,
  { foster, waiting }: { readonly foster: FosterFacts; readonly waiting: Waiting },
): Verdict | undefined {
  if (foster.world().phase.at !== 'serving') return failed('shutting-down', 'the container stops')
  if (action === 'stop' && isOver(state)) return failed('not-running', `${label} is not running`)
  // What is up and cannot be used yet is waited for, as if it were started now.
  if (action === 'start' && isUp(state) && (waiting.until === 'none' || isThere(state, waiting))) {
    return failed('already-started', `${label} is already started`, `pid ${pidOf(state) ?? 'to come'}; or restart it`)
  }
  return undefined
}
