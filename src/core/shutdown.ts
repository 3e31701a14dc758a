/** How the time for stopping is shared out. Design, section 6. All times are milliseconds. */
import type { Graph } from './graph.ts'
import type { ShutdownPlan } from './plan.ts'

/** The parts of `shutdown.timeout`. */
export interface Budget {
  readonly delay: number
  /** For all programs together. */
  readonly programs: number
  /** For processes that belong to no program. */
  readonly strays: number
  /** For output that the reader has not taken yet. */
  readonly flush: number
}

/** Splits the timeout T: a reserve R = min(1 s, T/4), half for strays and half for the flush; programs get T - delay - R. */
export function budgetOf({ timeout, delay }: ShutdownPlan): Budget {
  const reserve = Math.min(1000, timeout / 4)
  const waited = Math.min(delay, timeout - reserve)
  return { delay: waited, programs: timeout - waited - reserve, strays: reserve / 2, flush: reserve / 2 }
}

/**
 * What a level gets of the time that remains: its longest grace, but no more than leaves the later levels theirs, and
 * never less than an equal share. `graces` holds the longest grace of this level and of each later one.
 */
export function levelBudget(remaining: number, graces: readonly number[]): number {
  const [own = 0, ...later] = graces
  const left = Math.max(0, remaining)
  const others = later.reduce((sum, grace) => sum + grace, 0)
  return Math.min(own, Math.max(left / graces.length, left - others))
}

/** The programs to stop, first level first: dependants before what they depend on, each level in parallel. */
export function stopLevels(graph: Graph, live: readonly number[]): ReadonlyArray<readonly number[]> {
  const levels = new Map<number, number[]>()
  for (const index of live) {
    const level = graph.levels[index] ?? 0
    const members = levels.get(level)
    if (members === undefined) levels.set(level, [index])
    else members.push(index)
  }
  return [...levels].sort(([a], [b]) => a - b).map(([, members]) => members)
}
