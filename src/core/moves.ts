/** The moves that the table of a program is made of: from one state to the next, with what is to be done. */
import type { Ending, Unhealthy } from './ending.ts'
import { judge } from './restart.ts'
import type { Context, Down, Effect, Event, History, Live, Next, Probed, State, Step } from './state.ts'

/** SIGKILL is sent again this often until the process is reaped. */
const killAgain = 1000

export const to = (state: State, ...effects: Effect[]): Step => ({ state, effects })
export const stay = (state: State): Step => to(state)
export const stray = (state: State, event: Event): Step => to(state, { do: 'stray', at: state.at, on: event.on })
export const history = ({ failures, streak, last, runs }: History): History => ({ failures, streak, last, runs })
export const live = ({ pid, since, gone, ...state }: Live): Live => ({
  ...{ pid, since, ...history(state) },
  ...(gone === undefined ? {} : { gone }),
})
export const probed = (state: Probed): Probed => ({ ...live(state), probing: state.probing })

export const begin = (state: History): Step => to({ at: 'waiting', ...history(state), failures: 0, streak: 0 })
export const stopped = (state: History, by: Down): Step => to({ at: 'stopped', by, ...history(state) })

export const stop = (state: Live, next: Next, deadline: number, unhealthy?: Unhealthy): Step =>
  to({ at: 'stopping', ...live(state), deadline, next, killed: false, unhealthy }, { do: 'stop', pid: state.pid })

export const killNow = (state: Live, next: Next, now: number, unhealthy?: Unhealthy): Step => {
  const deadline = now + killAgain
  return to({ at: 'stopping', ...live(state), deadline, next, killed: true, unhealthy }, { do: 'kill', pid: state.pid })
}

/** How long a process has been there. */
export const uptimeOf = ({ since, gone }: Live, now: number): number => (gone ?? now) - since

/** An ending that nobody asked for: retried, over for good, or given up. */
export function ended(state: History, ending: Ending, uptime: number, { program, now, random }: Context): Step {
  const verdict = judge(program, ending, state, uptime, random)
  const { runs, streak } = state
  if (verdict.next === 'exited') return to({ at: 'exited', ...history(state), last: ending })
  const again = verdict.next === 'retry' ? verdict.streak : streak
  const kept = { failures: verdict.failures, streak: again, last: ending, runs }
  if (verdict.next === 'fatal') return to({ at: 'fatal', cause: { why: 'failed', ending }, ...kept })
  return verdict.delay > 0
    ? to({ at: 'backoff', deadline: now + verdict.delay, ...kept })
    : to({ at: 'waiting', ...kept })
}
