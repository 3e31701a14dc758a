/** What becomes of a process that is there: it starts, runs, is asked how it is, and found unhealthy. */
import { history, live, probed, stay, stop, stray, to } from './moves.ts'
import type { Program } from './plan.ts'
import {
  beginProbing,
  handProbingOver,
  hearProbe,
  lookAtDues,
  type Probing,
  passOver,
  releaseProbing,
} from './probe.ts'
import type { Context, Event, History, In, Of, Step } from './state.ts'

/** When a process is RUNNING by its uptime alone. */
function runningFrom({ kind, startMillis, probes }: Program, now: number): number {
  return kind === 'daemon' || probes.startup !== undefined ? never : now + startMillis
}

const never = Number.POSITIVE_INFINITY

/** A process is there; it is asked how it is from now on. A daemon is when it has forked away. */
export function spawned(state: History, pid: number, { program, now }: Context): Step {
  const isDaemon = program.kind === 'daemon'
  const process = { ...history(state), pid, since: now, probing: isDaemon ? {} : beginProbing(program.probes, now) }
  const deadline = runningFrom(program, now)
  const limit = isDaemon ? now + program.startTimeoutMillis : never
  return deadline === now ? to({ at: 'running', ...process }) : to({ at: 'starting', ...process, deadline, limit })
}

/** Another process is the program's from now on. Of a daemon it is the first that counts. */
export function adopted(state: In<'starting' | 'running'>, pid: number, { program, now }: Context): Step {
  if (state.at === 'running' || program.kind !== 'daemon') {
    return to({ ...state, pid, probing: handProbingOver(program.probes, state.probing, now) })
  }
  const process = { ...live(state), pid, probing: beginProbing(program.probes, now) }
  const starting = (deadline: number): Step => to({ at: 'starting', ...process, deadline, limit: never })
  if (program.probes.startup !== undefined) return starting(never)
  const deadline = state.since + program.startMillis
  return deadline <= now ? to({ at: 'running', ...process }) : starting(deadline)
}

/** The process has ended: what is left of it neither gets it any further nor answers for it. */
export function gone(state: In<'starting' | 'running'>, _event: Event, { now }: Context): Step {
  const process = { ...live(state), gone: now, probing: {} }
  return to(
    state.at === 'running'
      ? { at: 'running', ...process }
      : { at: 'starting', ...process, deadline: never, limit: never },
  )
}

/** What a probe says of a process. */
export function tried(state: In<'starting' | 'running'>, event: Of<'tried'>, context: Context): Step {
  const { program, now } = context
  const probe = program.probes[event.probe]
  if (event.pid !== state.pid || probe === undefined) return stay(state)
  const probing = hearProbe(event.probe, probe, state.probing, event, { now, uptime: now - state.since })
  return probing === state.probing ? stay(state) : withProbing(state, probing, context)
}

/** A probe that could not be tried: nothing is known that was not known before. */
export function untried(state: In<'starting' | 'running'>, event: Of<'untried'>, { program, now }: Context): Step {
  const probe = program.probes[event.probe]
  if (event.pid !== state.pid || probe === undefined) return stay(state)
  const probing = passOver(event.probe, probe, state.probing, { now, uptime: now - state.since })
  return probing === state.probing ? stay(state) : to({ ...state, probing })
}

/** Draws the consequences of what the probes say now. */
function withProbing(state: In<'starting' | 'running'>, probing: Probing, { program, now, serving }: Context): Step {
  for (const probe of ['startup', 'liveness'] as const) {
    const found = probing[probe]
    if (found?.verdict !== 'failing' || !serving) continue
    return stop(state, 'retry', now + program.stopGraceMillis, { probe, detail: found.detail })
  }
  if (state.at === 'running') return to({ ...state, probing })
  const process = { ...live(state), probing }
  if (program.probes.startup === undefined) {
    // Whoever can be used has started.
    return probing.readiness?.verdict === 'passing' ? to({ at: 'running', ...process }) : to({ ...state, probing })
  }
  if (probing.startup?.verdict !== 'passing') return to({ ...state, probing })
  return to({ at: 'running', ...process, probing: releaseProbing(program.probes, probing, state.since, now) })
}

/** Something about a process is due: it has been up for long enough, or for too long, or a probe's time has come. */
export function due(state: In<'starting' | 'running'>, event: Event, context: Context): Step {
  const { program, now, serving } = context
  if (state.at === 'starting' && state.limit <= now && serving) {
    const detail = `not forked away within ${Math.round(state.limit - state.since) / 1000}s`
    return stop(state, 'retry', now + program.stopGraceMillis, { probe: undefined, detail })
  }
  const up = state.at === 'starting' && state.deadline <= now
  const found = serving ? lookAtDues(program.probes, state.probing, now) : undefined
  if (found === undefined) return up ? to({ at: 'running', ...probed(state) }) : stray(state, event)
  const base: In<'starting' | 'running'> = up ? { at: 'running', ...probed(state) } : state
  const after = withProbing(base, found.probing, context)
  if (after.state.at === 'stopping') return after
  const tries = found.tries.map(probe => ({ do: 'probe', probe, pid: state.pid }) as const)
  return to(after.state, ...after.effects, ...tries)
}
