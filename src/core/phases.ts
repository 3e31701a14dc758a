/** The phases of stopping: delay, level by level, strays, done. Design, section 6. */
import { apply, type Draft, type End, isLive, liveOnes, programAt, stateAt } from './draft.ts'
import { exitCodeOf } from './ending.ts'
import { budgetOf, levelBudget, stopLevels } from './shutdown.ts'
import { type Signal, signalNumbers } from './signal.ts'

/** The strays' time in shares: for the last killed programs to vanish, for SIGTERM to strays, for SIGKILL to them. */
const shares = { vanish: 0.2, term: 0.6, kill: 0.2 } as const

/** Begins the end of the container. Only the first cause counts; later calls change nothing. */
export function beginEnd(draft: Draft, end: End): void {
  if (draft.phase.at !== 'serving') return
  const { delay } = budgetOf(draft.plan.shutdown)
  draft.effects.push({ do: 'announce', what: { about: 'ending', end } })
  draft.phase = { at: 'delaying', end, deadline: draft.now + delay }
  // Nothing new is started: what is being launched is taken back, or stopped as soon as it is there.
  draft.states.forEach((state, index) => {
    const deadline = draft.now + programAt(draft, index).stopGraceMillis
    if (state.at === 'launching') apply(draft, index, { on: 'down', by: 'shutdown', deadline })
  })
  if (delay === 0 || draft.plan.command !== undefined || liveOnes(draft).length === 0) stopPrograms(draft)
}

/** Leaves the delay: all that waits is stopped where it is, all that lives by levels. */
export function stopPrograms(draft: Draft): void {
  if (draft.phase.at !== 'delaying') return
  const { end } = draft.phase
  const budget = budgetOf(draft.plan.shutdown)
  const until = draft.now + budget.programs
  const deadline = until + budget.strays * shares.vanish
  draft.phase = { at: 'stopping', end, levels: stopLevels(draft.graph, liveOnes(draft)), until, deadline, hurry: false }
  draft.states.forEach((state, index) => {
    if (!isLive(state)) apply(draft, index, { on: 'down', by: 'shutdown', deadline })
  })
  stopLevel(draft)
}

/** Sends the first level its stop, each program within its grace and the level's share of the budget. */
function stopLevel(draft: Draft): void {
  if (draft.phase.at !== 'stopping') return
  const { levels, until } = draft.phase
  const [level = []] = levels
  const graces = levels.map(members => Math.max(...members.map(index => programAt(draft, index).stopGraceMillis)))
  const budget = levelBudget(until - draft.now, graces)
  for (const index of level) {
    const grace = Math.min(budget, programAt(draft, index).stopGraceMillis)
    apply(draft, index, { on: 'down', by: 'shutdown', deadline: draft.now + grace })
  }
}

/** Goes on to the next level, or to the strays, once everything in the present level is gone. */
export function advance(draft: Draft): void {
  // Whatever the delay was for is gone.
  if (draft.phase.at === 'delaying' && liveOnes(draft).length === 0) stopPrograms(draft)
  while (draft.phase.at === 'stopping') {
    const { levels, hurry } = draft.phase
    const [level, ...later] = levels
    if (level === undefined) return sweep(draft)
    if (level.some(index => isLive(stateAt(draft, index)))) return
    draft.phase = { ...draft.phase, levels: later }
    if (!hurry) stopLevel(draft)
  }
}

/** Kills everything now: somebody at the terminal asked twice. Asking more often wins no time and loses none. */
export function killNow(draft: Draft): void {
  const { phase } = draft
  if (phase.at === 'serving' || phase.at === 'done') return
  if (phase.at === 'sweeping' ? phase.killed : phase.at === 'stopping' && phase.hurry) return
  draft.effects.push({ do: 'announce', what: { about: 'kill-now' } })
  if (phase.at === 'sweeping') return sweepAgain(draft)
  const latest = phase.at === 'stopping' ? phase.deadline : Number.POSITIVE_INFINITY
  const deadline = Math.min(latest, draft.now + budgetOf(draft.plan.shutdown).strays)
  draft.phase = { at: 'stopping', end: phase.end, levels: [liveOnes(draft)], until: draft.now, deadline, hurry: true }
  for (let index = 0; index < draft.states.length; index++) apply(draft, index, { on: 'kill' })
}

/** Turns to the processes that belong to no program. */
function sweep(draft: Draft): void {
  if (draft.phase.at !== 'stopping') return
  const { end, hurry } = draft.phase
  const { strays } = budgetOf(draft.plan.shutdown)
  const wait = strays * (hurry ? shares.kill : shares.term)
  draft.phase = { at: 'sweeping', end, killed: hurry, deadline: draft.now + wait }
  draft.effects.push({ do: 'sweep', signal: hurry ? 'KILL' : 'TERM' })
}

/** SIGTERM was not enough for the strays. */
function sweepAgain(draft: Draft): void {
  if (draft.phase.at !== 'sweeping') return
  const wait = budgetOf(draft.plan.shutdown).strays * shares.kill
  draft.phase = { ...draft.phase, killed: true, deadline: draft.now + wait }
  draft.effects.push({ do: 'sweep', signal: 'KILL' })
}

/** The last step: nothing is left, or nothing can be done about what is. */
export function finish(draft: Draft): void {
  if (draft.phase.at !== 'sweeping') return
  const end = judgeSurvivors(draft, draft.phase.end)
  const code = exitCodeFor(draft, end)
  draft.phase = { at: 'done', end, code }
  draft.effects.push({ do: 'finish', code })
}

/** A critical program that was killed and is not gone had to be killed all the same, though no exit ever told of it. */
function judgeSurvivors(draft: Draft, end: End): End {
  if (end.why !== 'requested' || end.flaw !== undefined) return end
  const index = liveOnes(draft).find(it => programAt(draft, it).critical)
  return index === undefined ? end : { ...end, flaw: { index, row: 'requested-killed', code: 137 } }
}

/** The present phase has run out of time. */
export function phaseDeadline(draft: Draft): void {
  const { phase } = draft
  if (phase.at === 'delaying') return stopPrograms(draft)
  if (phase.at === 'sweeping') return phase.killed ? finish(draft) : sweepAgain(draft)
  if (phase.at !== 'stopping') return
  // Killed, and not gone: in uninterruptible sleep. The runtime will not wait either, so what waited behind them for
  // its own stop is killed, too.
  const late = liveOnes(draft)
  draft.effects.push({ do: 'announce', what: { about: 'out-of-time', indexes: late } })
  for (const index of late) {
    const state = stateAt(draft, index)
    if (state.at !== 'stopping' || !state.killed) apply(draft, index, { on: 'kill' })
  }
  sweep(draft)
}

function exitCodeFor(draft: Draft, end: End): number {
  const { command, shutdown } = draft.plan
  if (command !== undefined) {
    const code = commandCode(draft, end)
    return end.why !== 'bug' && command.zeroCodes.includes(code) ? 0 : code
  }
  if (end.why !== 'requested') return end.code
  if (end.flaw !== undefined) return end.flaw.code
  return shutdown.exitCode === 'signal' ? 128 + numberOf(end.by) : 0
}

const numberOf = (by: Signal | 'api'): number => signalNumbers[by === 'api' ? 'TERM' : by]

/** CMD's own code, whoever asked it to end; 128 + the signal that came before CMD could begin. */
function commandCode(draft: Draft, end: End): number {
  if (end.why !== 'requested') return end.code
  if (liveOnes(draft).length > 0) return 137
  const last = draft.states[0]?.last
  return last === undefined ? 128 + numberOf(end.by) : exitCodeOf(last)
}
