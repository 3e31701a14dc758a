/**
 * What happens to a process, as Supervisor tells of it. foster has states that Supervisor has not (waiting, launching),
 * and goes at once where Supervisor takes two steps: an exit that is followed by a start is EXITED and STARTING there.
 */
import type { WorldEffect } from './draft.ts'
import { isSuccess } from './ending.ts'
import { type News, type ProcessName, type StateWord, stateNews } from './event-text.ts'
import type { Program } from './plan.ts'
import type { In, State } from './state.ts'
import { stateNames } from './state-names.ts'

type Note = Extract<WorldEffect, { do: 'note' }>

/** A process under Supervisor's names, and the last state that was told of it. */
export interface Told {
  readonly name: ProcessName
  readonly state: StateWord
}

/** The state in Supervisor's words, of a process that nothing has been told of yet. */
export function wordOf(state: State): StateWord {
  return words[state.at]
}

const words: Readonly<Record<State['at'], StateWord>> = { ...stateNames, waiting: 'STOPPED' }

/** A state that is told of, with what is told beside it. */
type Step = readonly [to: StateWord, ...more: readonly string[]]

/** The events that tell of a change, and what has been told then. */
export function newsOf(told: Told, note: Note, program: Program): { told: Told; news: readonly News[] } {
  let { state } = told
  const news: News[] = []
  for (const [to, ...more] of [...endOf(note, program), ...arrivalIn(note, program)]) {
    if (to === state) continue
    news.push(stateNews(told.name, to, state, ...more))
    state = to
  }
  return { told: { ...told, state }, news }
}

const triesOf = (failures: number): string => `tries:${failures}`
const pidOf = (state: State): string => `pid:${'pid' in state ? state.pid : 0}`

/** How a run ended, or that it never began. */
function endOf({ before, event, after }: Note, program: Program): readonly Step[] {
  if (event.on === 'refused') return after.at === 'stopped' ? [] : [['BACKOFF', triesOf(after.failures)]]
  if (event.on !== 'exit') return []
  if (before.at === 'stopping') return [['STOPPED', pidOf(before)]]
  const isEarly = before.at === 'starting' && after.failures > before.failures
  if (isEarly) return [['BACKOFF', triesOf(after.failures)]]
  const expected = isSuccess(event.ending, program.successExitCodes) ? 1 : 0
  return [
    ['RUNNING', pidOf(before)],
    ['EXITED', `expected:${expected}`, pidOf(before)],
  ]
}

/** The state that it is in now. */
function arrivalIn({ before, after }: Note, program: Program): readonly Step[] {
  switch (after.at) {
    case 'waiting':
      return []
    case 'launching':
    case 'starting':
      return [['STARTING', triesOf(after.failures)]]
    case 'running':
      return [['RUNNING', pidOf(after)]]
    case 'stopping':
      return [['STOPPING', pidOf(after)]]
    case 'backoff':
      return backoff(after, program)
    case 'exited':
      return [['EXITED', 'expected:1', 'pid:0']]
    case 'fatal':
      return [['FATAL']]
    case 'stopped':
      return [['STOPPED', pidOf(before)]]
  }
}

/** By Supervisor's rules a start after an exit waits for nothing; that foster spaces such starts out is not told. */
function backoff({ failures }: In<'backoff'>, { rules }: Program): readonly Step[] {
  return rules === 'supervisor' && failures === 0 ? [] : [['BACKOFF', triesOf(failures)]]
}
