/** The world as it is answered: states in Supervisor's names, times as people's clocks have them. */
import type { World } from '../core/draft.ts'
import { describeEnding, type Ending, isSuccess, type Unhealthy } from '../core/ending.ts'
import { labelOf, type Program } from '../core/plan.ts'
import { probeNames } from '../core/probe.ts'
import { permissionOf } from '../core/schedule.ts'
import { signalName } from '../core/signal.ts'
import { isReady, pidOf, type State } from '../core/state.ts'
import { stateNames } from '../core/state-names.ts'
import { type ProcessStatus, type StateName, stateCodes } from './answers.ts'
import { groupOf } from './names.ts'

/** What is known of a process beside its state. */
export interface Past {
  /** When it came into its state, by the wall clock in milliseconds. */
  readonly since: number | undefined
  readonly lastExit: { readonly at: number; readonly uptime: number | undefined } | undefined
  /** What its process has last said of itself. */
  readonly said: string | undefined
  /** Whether it has said that it reloads. */
  readonly reloading: boolean
}

/** When it is: by the world's clock and by the wall's, in milliseconds. */
export interface Clock {
  readonly now: number
  readonly wall: number
}

/** The name of a state as it is answered. */
export function stateName(state: State): StateName {
  return stateNames[state.at]
}

/** Milliseconds as seconds with three digits; never negative. */
export const secondsOf = (millis: number): number => Math.max(0, Math.round(millis)) / 1000

/** A time of the wall clock as it is answered. */
export const timeOf = (wall: number): string => new Date(wall).toISOString()

/** Whether a place in the plan is still one: what a reload has removed stays there until its process is gone. */
export function isThere({ retired, states }: World, index: number): boolean {
  const state = states[index]
  return state !== undefined && (!retired.has(index) || pidOf(state) !== undefined)
}

/** One process. */
export function processOf(world: World, index: number, past: Past, clock: Clock): ProcessStatus {
  const program = world.plan.programs[index]
  const state = world.states[index]
  if (program === undefined || state === undefined) throw new RangeError(`no process ${index}`)
  const name = stateName(state)
  const since = 'since' in state ? state.since : undefined
  return {
    name: labelOf(program),
    program: program.name,
    group: groupOf(program),
    replica: program.replica ?? null,
    kind: program.kind,
    critical: program.critical,
    state: name,
    state_code: stateCodes[name],
    ready: isReady(state),
    pid: pidOf(state) ?? null,
    since: past.since === undefined ? null : timeOf(past.since),
    uptime: since === undefined ? null : secondsOf(clock.now - since),
    restarts: Math.max(0, state.runs - 1),
    failures: state.failures,
    waiting_for: waitingFor(world, index, state),
    retry_in: state.at === 'backoff' ? secondsOf(state.deadline - clock.now) : null,
    reason: reasonOf(world, index, state),
    status_text: ('pid' in state ? past.said : undefined) ?? null,
    reloading: 'pid' in state && past.reloading,
    last_exit: exitOf(state.last, past, program),
    probes: probesOf(program, state),
  }
}

function waitingFor(world: World, index: number, state: State): string[] {
  if (state.at !== 'waiting' || world.phase.at !== 'serving') return []
  const permission = permissionOf(index, world.graph, world.plan.programs, world.states)
  return permission.may === 'wait' ? permission.on.map(on => nameAt(world.plan.programs, on)) : []
}

function nameAt(programs: readonly Program[], index: number): string {
  const program = programs[index]
  return program === undefined ? String(index) : labelOf(program)
}

/** Why a process is in its state, where the state alone does not say it. */
export function reasonOf(world: World, index: number, state: State): string | null {
  switch (state.at) {
    case 'waiting': {
      const on = waitingFor(world, index, state)
      return on.length === 0 ? null : `waits for ${on.join(', ')}`
    }
    case 'fatal': {
      const { cause } = state
      if (cause.why === 'failed') return describeEnding(cause.ending)
      const how = cause.ending === undefined ? 'can never be ready' : describeEnding(cause.ending)
      return cause.root === cause.on
        ? `depends on ${cause.on}, which ${how}`
        : `depends on ${cause.on}, which depends on ${cause.root}, which ${how}`
    }
    case 'stopped':
      return state.by === 'nobody' ? null : state.by === 'operator' ? 'stopped by an operator' : 'the container stops'
    case 'running':
      return isReady(state) ? null : `not ready: ${state.probing.readiness?.detail || 'its probe has not passed yet'}`
    case 'stopping':
      return state.unhealthy === undefined ? null : complaint(state.unhealthy)
    case 'backoff':
    case 'exited':
      return state.last === undefined ? null : describeEnding(state.last)
    default:
      return null
  }
}

function complaint({ probe, detail }: Unhealthy): string {
  return probe === undefined ? `it has ${detail}` : `its ${probe} probe has failed`
}

/** How a run ended, as it is answered in two places. */
export function endingOf(ending: Ending) {
  return {
    how: ending.how,
    code: ending.how === 'killed' ? null : ending.code,
    signal: ending.how === 'killed' ? signalName(ending.signal) : null,
    core: ending.how === 'killed' && ending.core,
    reason: describeEnding(ending),
  }
}

function exitOf(ending: Ending | undefined, { lastExit }: Past, program: Program): ProcessStatus['last_exit'] {
  if (ending === undefined) return null
  const uptime = lastExit?.uptime === undefined ? null : secondsOf(lastExit.uptime)
  const success = isSuccess(ending, program.successExitCodes)
  return { ...endingOf(ending), success, at: timeOf(lastExit?.at ?? 0), uptime }
}

function probesOf(program: Program, state: State): ProcessStatus['probes'] {
  return probeNames.flatMap(probe => {
    if (program.probes[probe] === undefined) return []
    const progress = 'probing' in state ? state.probing[probe] : undefined
    const verdict = progress?.verdict ?? 'unknown'
    const ok = verdict === 'unknown' ? null : verdict === 'passing'
    return [{ probe, ok, reason: ok === false ? progress?.detail || null : null }]
  })
}
