/** Whether the container is alive, has started, is ready: from memory. Pure. */
import type { World } from '../core/draft.ts'
import { describeEnding, isSuccess } from '../core/ending.ts'
import { labelOf, type Program } from '../core/plan.ts'
import { isReady, type State } from '../core/state.ts'
import type { HealthAnswer } from './answers.ts'
import { stateName } from './snapshot.ts'

export type HealthKind = HealthAnswer['kind']

/**
 * `live`: foster answers, and no program can change that. `ready`: the container is to go on, and every critical program
 * that is wanted is ready, or completed if it is a task. `startup`: each has been so at least once.
 */
export function healthOf(world: World, kind: HealthKind, hasBeenReady: (label: string) => boolean): HealthAnswer {
  if (kind === 'live') return { kind, ok: true, reasons: [] }
  const { plan, phase, states, retired } = world
  const reasons = plan.programs.flatMap((program, index) => {
    const state = states[index]
    const name = labelOf(program)
    if (state === undefined || retired.has(index) || !program.critical || !isWanted(program, state)) return []
    if (hasBeenReady(name) && (kind === 'startup' || program.kind === 'task')) return []
    if (isReady(state) && program.kind !== 'task') return []
    if (program.kind === 'task' && hasSucceeded(program, state)) return []
    return [{ name, reason: whyNot(state) }]
  })
  if (kind === 'ready' && phase.at !== 'serving') reasons.unshift({ name: 'foster', reason: 'the container stops' })
  return { kind, ok: reasons.length === 0, reasons }
}

/** What starts by itself, or has been started. What an operator has stopped is missing all the same. */
function isWanted(program: Program, state: State): boolean {
  return program.autostart || (state.at !== 'stopped' && state.at !== 'exited')
}

function hasSucceeded({ successExitCodes }: Program, state: State): boolean {
  return state.at === 'exited' && state.last !== undefined && isSuccess(state.last, successExitCodes)
}

function whyNot(state: State): string {
  const name = stateName(state)
  if ('pid' in state && state.gone !== undefined) return 'its process has ended'
  if (state.at === 'running') return `not ready: ${state.probing.readiness?.detail || 'its probe has not passed yet'}`
  if (state.at === 'stopped' && state.by === 'operator') return `${name} by an operator`
  return state.last === undefined || 'pid' in state ? name : `${name}: ${describeEnding(state.last)}`
}
