/** Processes by Supervisor's names: `process`, `group:process`, `group:*`. */
import type { World } from '../../core/draft.ts'
import type { Program } from '../../core/plan.ts'
import type { State } from '../../core/state.ts'
import type { SupervisorGroup, SupervisorProcess } from '../../core/supervisor.ts'
import { type StateName, stateCodes } from '../answers.ts'
import { stateName } from '../snapshot.ts'
import { Fault } from './faults.ts'

/** A process that is there. */
export interface Member {
  readonly group: SupervisorGroup
  readonly process: SupervisorProcess
  /** Its place in the world. */
  readonly index: number
  readonly program: Program
}

/** The groups that are there, by priority and name. */
export function groupsIn({ plan }: World): readonly SupervisorGroup[] {
  return plan.supervisor?.groups ?? []
}

/** The processes of these groups, in their order. */
export function membersOf(groups: readonly SupervisorGroup[], { plan, retired }: World): readonly Member[] {
  const places = new Map<string, number>()
  plan.programs.forEach(({ name }, index) => {
    if (!retired.has(index)) places.set(name, index)
  })
  return groups.flatMap(group =>
    group.processes.flatMap(process => {
      const index = places.get(process.program)
      const program = index === undefined ? undefined : plan.programs[index]
      return index === undefined || program === undefined ? [] : [{ group, process, index, program }]
    }),
  )
}

/** The group with a name. */
export function groupNamed(name: string, world: World): SupervisorGroup {
  const found = groupsIn(world).find(it => it.name === name)
  if (found === undefined) throw new Fault('BAD_NAME', name)
  return found
}

/** What a name stands for: one process, or a whole group. */
export function resolve(name: string, world: World): Member | SupervisorGroup {
  const at = name.indexOf(':')
  const [groupName, processName] = at < 0 ? [name, name] : [name.slice(0, at), name.slice(at + 1)]
  const group = groupsIn(world).find(it => it.name === groupName)
  if (group === undefined) throw new Fault('BAD_NAME', name)
  if (at >= 0 && (processName === '' || processName === '*')) return group
  const member = membersOf([group], world).find(it => it.process.name === processName)
  if (member === undefined) throw new Fault('BAD_NAME', name)
  return member
}

/** The process with a name; a group is none. */
export function memberNamed(name: string, world: World): Member {
  const found = resolve(name, world)
  if (!('index' in found)) throw new Fault('BAD_NAME', name)
  return found
}

/** A process as it is called in messages and results. */
export function specOf({ group, process }: Member): string {
  return group.name === process.name ? process.name : `${group.name}:${process.name}`
}

/** The present state of a process. */
export function stateOf({ index }: Member, world: World): State {
  const state = world.states[index]
  if (state === undefined) throw new RangeError(`no process ${index}`)
  return state
}

/** Supervisor's name of a state: it has no WAITING. */
export function stateWord(state: State): Exclude<StateName, 'WAITING'> {
  const name = stateName(state)
  return name === 'WAITING' ? 'STARTING' : name
}

/** The number of a state. */
export const stateCode = (state: State): number => stateCodes[stateWord(state)]

/** It runs, or is on its way: it cannot be started, and can be stopped. */
export function isRunning(state: State): boolean {
  return ['RUNNING', 'BACKOFF', 'STARTING'].includes(stateWord(state))
}

/** It can be given signals. */
export function isSignallable(state: State): boolean {
  return ['RUNNING', 'STARTING', 'STOPPING'].includes(stateWord(state))
}
