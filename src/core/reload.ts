/**
 * A new plan for a running world. Indexes never change their meaning: a removed program keeps its place, which it gets
 * back if it returns, and new ones are appended. Design, section 9: only what changed is touched.
 */
import { type Change, changesOf, isSame, keyOf } from './diff.ts'
import { apply, type Draft, programAt, stateAt } from './draft.ts'
import { graphOf } from './graph.ts'
import { labelOf, type Plan, type Program } from './plan.ts'
import { beginProbing, type Probing, probeNames } from './probe.ts'
import { type In, pidOf, type State, unborn } from './state.ts'

/**
 * Takes over a plan. `stale`: programs whose files have changed since they were started, though the plan is the same.
 * Nothing is reloaded once the container ends.
 */
export function reload(draft: Draft, next: Plan, stale: ReadonlySet<number>): void {
  if (draft.phase.at !== 'serving') return
  const before = draft.plan.programs.map((program, index) => draft.replaced.get(index) ?? program)
  const changes = changesOf({ programs: before }, next, draft.retired, stale)
  const places = placesOf(before, next)
  takeOver(draft, next, places, changes)
  draft.effects.push({ do: 'announce', what: { about: 'reloaded', changes } })
  for (const change of changes) carryOut(draft, change, places, before)
  reviveDependants(draft, changes)
  // Who waits may wait for something else now.
  for (const index of places) if (stateAt(draft, index).at === 'waiting') draft.changed.push(index)
}

/** Where each program of the new plan has its place: its old one, or behind all others. */
function placesOf(before: readonly Program[], next: Plan): readonly number[] {
  const known = new Map(before.map((program, index) => [keyOf(program), index]))
  let end = before.length
  return next.programs.map(program => known.get(keyOf(program)) ?? end++)
}

/** Puts the programs in their places. A process is stopped by the rules that it was started with. */
function takeOver(draft: Draft, next: Plan, places: readonly number[], changes: readonly Change[]): void {
  const programs = [...draft.plan.programs]
  const replaced = new Map(draft.replaced)
  const others = new Set(changes.flatMap(it => (it.kind === 'restarted' ? [it.index] : [])))
  next.programs.forEach((program, at) => {
    const index = places[at] as number
    const lives = index < draft.states.length && pidOf(stateAt(draft, index)) !== undefined
    if (lives && (replaced.has(index) || others.has(index) || draft.retired.has(index))) replaced.set(index, program)
    else {
      programs[index] = program
      replaced.delete(index)
    }
  })
  while (draft.states.length < programs.length) draft.states.push(unborn)
  const there = new Set(places)
  draft.retired = new Set(programs.keys().filter(index => !there.has(index)))
  draft.plan = { ...next, programs }
  draft.replaced = replaced
  draft.graph = graphOf(programs, draft.retired)
}

function carryOut(draft: Draft, change: Change, places: readonly number[], before: readonly Program[]): void {
  const index = change.kind === 'added' ? (places[change.at] as number) : change.index
  const deadline = draft.now + programAt(draft, index).stopGraceMillis
  const isUpdate = change.kind === 'updated'
  draft.effects.push({ do: 'configure', index, probes: isUpdate && change.options.includes('probes') })
  if (change.kind === 'removed') apply(draft, index, { on: 'down', by: 'operator', deadline })
  else if (change.kind === 'added') add(draft, index)
  else if (change.kind === 'restarted') restart(draft, index, deadline)
  else update(draft, index, before[index] as Program)
}

/** Nobody has stopped a program that was not there; one that returns may still be on its way out. */
function add(draft: Draft, index: number): void {
  const state = stateAt(draft, index)
  if (state.at === 'stopped') draft.states[index] = { ...state, by: 'nobody' }
  if (wanted(draft, index).autostart) apply(draft, index, { on: 'up' })
}

/** What was stopped by hand, or never started, stays so. */
function restart(draft: Draft, index: number, deadline: number): void {
  const state = stateAt(draft, index)
  if (state.at === 'stopped') return wake(draft, index)
  if ((state.at === 'stopping' || state.at === 'launching') && state.next === 'operator') return
  apply(draft, index, { on: 'restart', deadline })
}

function update(draft: Draft, index: number, before: Program): void {
  const state = stateAt(draft, index)
  const program = programAt(draft, index)
  if ('probing' in state && state.gone === undefined && !isSame(before.probes, program.probes)) {
    draft.states[index] = probedAnew(state, program, draft.now)
  }
  if (!before.autostart) wake(draft, index)
}

/** It did not start by itself so far. */
function wake(draft: Draft, index: number): void {
  const state = stateAt(draft, index)
  if (wanted(draft, index).autostart && state.at === 'stopped' && state.by === 'nobody')
    apply(draft, index, { on: 'up' })
}

const wanted = (draft: Draft, index: number): Program => draft.replaced.get(index) ?? programAt(draft, index)

/** A process that starts is RUNNING by its startup probe if there is one now, by its uptime if there is none any more. */
function probedAnew(state: In<'starting' | 'running'>, program: Program, now: number): State {
  const never = Number.POSITIVE_INFINITY
  const probing = probingUnder(program, state, now)
  if (state.at === 'running') return { ...state, probing }
  // A daemon that has not forked away is not asked yet.
  if (state.limit !== never) return state
  return {
    ...state,
    probing,
    deadline: program.probes.startup === undefined ? state.since + program.startMillis : never,
  }
}

/** All probes begin anew, but what is known stays known. A process that runs has started, whatever a new probe says. */
function probingUnder({ probes }: Program, state: State & { readonly probing: Probing }, now: number): Probing {
  const { startup, ...others } = probes
  const begun = beginProbing(state.at === 'running' || startup === undefined ? others : probes, now)
  let result: Probing = {}
  for (const name of probeNames) {
    const progress = begun[name]
    const known = state.probing[name]
    if (progress === undefined) continue
    const kept = known === undefined ? {} : { verdict: known.verdict, detail: known.detail }
    result = { ...result, [name]: { ...progress, ...kept } }
  }
  return result
}

/** What could not start because of a program that is another one now, or does not depend on it any more, may try again. */
function reviveDependants(draft: Draft, changes: readonly Change[]): void {
  const changed = new Set(changes.map(({ label }) => label))
  const freed = new Set(
    changes.flatMap(it => (it.kind === 'updated' && it.options.includes('dependsOn') ? [it.index] : [])),
  )
  // What is revived may be what another one could not start for.
  for (let count = -1; count < changed.size; ) {
    count = changed.size
    draft.states.forEach((state, index) => {
      if (draft.retired.has(index) || state.at !== 'fatal' || state.cause.why !== 'dependency') return
      if (!freed.has(index) && !changed.has(state.cause.root) && !changed.has(state.cause.on)) return
      changed.add(labelOf(programAt(draft, index)))
      apply(draft, index, { on: 'up' })
    })
  }
}

/** A program whose old process is gone is the new one from now on. */
export function takePlace(draft: Draft, index: number): void {
  const program = draft.replaced.get(index)
  if (program === undefined || pidOf(stateAt(draft, index)) !== undefined) return
  const replaced = new Map(draft.replaced)
  replaced.delete(index)
  const programs = [...draft.plan.programs]
  programs[index] = program
  draft.replaced = replaced
  draft.plan = { ...draft.plan, programs }
  draft.graph = graphOf(programs, draft.retired)
  draft.effects.push({ do: 'configure', index, probes: false })
}
