/** Starting, stopping and signalling, and waiting for what comes of it, as Supervisor does. */
import { labelOf } from '../../core/plan.ts'
import { parseSignal } from '../../core/signal.ts'
import { isOver, type State } from '../../core/state.ts'
import type { SupervisorGroup } from '../../core/supervisor.ts'
import type { Struct, Value } from './codec.ts'
import type { SupervisorFacts } from './facts.ts'
import { Fault, faultCodes } from './faults.ts'
import { spawnError } from './info.ts'
import { isRunning, isSignallable, type Member, membersOf, resolve, specOf, stateOf } from './members.ts'

/** One client's call. `signal` aborts when the client has gone: nothing is waited for any more. */
export interface Caller {
  readonly facts: SupervisorFacts
  readonly signal: AbortSignal
}

/** What is done with one process. Faults are thrown, or the promise's. */
type Act = (member: Member, name: string) => Value | Promise<Value>

/** Does it with the process of that name, or with those of the group for which it makes sense. */
export function actOn(caller: Caller, name: string, concerns: (state: State) => boolean, act: Act) {
  const found = resolve(name, caller.facts.foster.world())
  return 'index' in found ? act(found, name) : actOnAll(caller, [found], concerns, act)
}

/** Does it with all processes of the groups for which it makes sense; the results come in the order of completion. */
export async function actOnAll(
  { facts }: Caller,
  groups: readonly SupervisorGroup[],
  concerns: (state: State) => boolean,
  act: Act,
): Promise<Value> {
  const results: Struct[] = []
  const members = membersOf(groups, facts.foster.world())
  const add = ({ process, group }: Member, status: number, description: string): void =>
    void results.push({ name: process.name, group: group.name, status, description })
  const failed = (member: Member, error: unknown): void => {
    if (!(error instanceof Fault)) throw error
    add(member, error.code, error.text)
  }
  const pending = members.map(async member => {
    if (!concerns(stateOf(member, facts.foster.world()))) return
    try {
      await act(member, specOf(member))
      add(member, faultCodes.SUCCESS, 'OK')
    } catch (error) {
      failed(member, error)
    }
  })
  await Promise.all(pending)
  return results
}

/** Starts a process. With `wait` until it runs; a start that fails is told at its first failure. */
export function start(caller: Caller, wait: boolean): Act {
  const { facts, signal } = caller
  const { foster } = facts
  return (member, name) => {
    const unfit = facts.commandFault(member.program)
    if (unfit !== undefined) throw new Fault(unfit.fault, unfit.message)
    const state = (): State => stateOf(member, foster.world())
    if (isRunning(state())) throw new Fault('ALREADY_STARTED', name)
    foster.dispatch({ on: 'wish', index: member.index, wish: 'start' })
    return until(caller, () => {
      signal.throwIfAborted()
      const now = state()
      if (now.at === 'running') return true
      const isOnItsWay = now.at === 'starting' || now.at === 'waiting'
      if (isOnItsWay && !wait) return true
      if (isOnItsWay || now.at === 'launching') return undefined
      const past = foster.journal.past(labelOf(member.program))
      throw new Fault(spawnError(member, now, past) === '' ? 'ABNORMAL_TERMINATION' : 'SPAWN_ERROR', name)
    })
  }
}

/** Stops a process. With `wait` until it is gone. */
export function stop(caller: Caller, wait: boolean): Act {
  const { foster } = caller.facts
  return (member, name) => {
    const state = (): State => stateOf(member, foster.world())
    if (!isRunning(state())) throw new Fault('NOT_RUNNING', name)
    foster.dispatch({ on: 'wish', index: member.index, wish: 'stop' })
    return wait ? until(caller, () => isOver(state()) || undefined) : true
  }
}

/** Sends a signal to a process. */
export function send(caller: Caller, text: string): Act {
  const { foster } = caller.facts
  return (member, name) => {
    const wanted = parseSignal(text.trim())
    if (wanted === undefined) throw new Fault('BAD_SIGNAL', text)
    const state = stateOf(member, foster.world())
    if (!isSignallable(state) || !('pid' in state)) throw new Fault('NOT_RUNNING', name)
    foster.signal(member.index, wanted)
    return true
  }
}

export { isRunning, isSignallable }

/** Waits until a look gives something; a change of any process, or of foster's own phase, is a reason to look. */
export function until(caller: Caller, look: () => Value | undefined): Promise<Value> {
  const { facts, signal } = caller
  return new Promise((resolve, reject) => {
    let stops: (() => void)[] = []
    const end = (): void => {
      for (const stop of stops) stop()
      stops = []
      signal.removeEventListener('abort', end)
    }
    const tryIt = (): void => {
      try {
        const value = look()
        if (value === undefined) return
        end()
        resolve(value)
      } catch (error) {
        end()
        reject(error)
      }
    }
    stops.push(facts.foster.journal.onChange(tryIt))
    signal.addEventListener('abort', end)
    tryIt()
  })
}
