/** Who may start: what a program's dependencies allow. Design, sections 3 and 5. */
import { isSuccess } from './ending.ts'
import type { Graph } from './graph.ts'
import { type Dependency, labelOf, type Program } from './plan.ts'
import { type FatalCause, isReady, isRunning, type State } from './state.ts'

/** What may become of a program that waits. */
export type Permission =
  | { readonly may: 'start' }
  | { readonly may: 'wait'; readonly on: readonly number[] }
  | { readonly may: 'never'; readonly cause: FatalCause }

/** Whether a condition holds, may yet hold, or can never hold without a command from outside. */
export function conditionOf(
  condition: Dependency['condition'],
  program: Program,
  state: State,
): 'holds' | 'pending' | 'impossible' {
  if (state.at === 'fatal') return 'impossible'
  if (state.at !== 'exited') {
    const holds = condition === 'ready' ? isReady(state) : condition === 'started' && isRunning(state)
    return holds ? 'holds' : 'pending'
  }
  const succeeded = state.last !== undefined && isSuccess(state.last, program.successExitCodes)
  if (condition === 'completed') return succeeded ? 'holds' : 'impossible'
  // A task that has run to its end was started; a service that has ended is not there any more.
  return succeeded && condition === 'started' && program.kind === 'task' ? 'holds' : 'impossible'
}

/** Judges all dependencies of a waiting program. One that is impossible but not required is done without. */
export function permissionOf(
  index: number,
  graph: Graph,
  programs: readonly Program[],
  states: readonly State[],
): Permission {
  const open: number[] = []
  for (const { on, dependency } of graph.dependencies[index] ?? []) {
    const program = programs[on]
    const state = states[on]
    if (program === undefined || state === undefined) continue
    const verdict = conditionOf(dependency.condition, program, state)
    if (verdict === 'pending') open.push(on)
    if (verdict === 'impossible' && dependency.required) return { may: 'never', cause: blame(labelOf(program), state) }
  }
  return open.length === 0 ? { may: 'start' } : { may: 'wait', on: open }
}

/** The cause that a dead dependency passes on: the first to fail stays the root, however long the chain. */
function blame(on: string, state: State): FatalCause {
  if (state.at === 'fatal' && state.cause.why === 'dependency') return { ...state.cause, on }
  return { why: 'dependency', on, root: on, ending: state.last }
}
