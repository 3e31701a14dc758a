/** The graph of dependencies: who waits for whom at the start, and in which order all of it stops. */
import type { Dependency, Program } from './plan.ts'

/** One edge, with the index of one process in place of the dependency's name. */
export interface Edge {
  readonly on: number
  readonly dependency: Dependency
}

/** The graph of a plan without cycles; everything by index into the plan's programs. */
export interface Graph {
  readonly dependencies: ReadonlyArray<readonly Edge[]>
  readonly dependants: ReadonlyArray<readonly number[]>
  /** The order of the stop: 0 stops first, the highest last. Without priorities: how far it is from those that nobody depends on. */
  readonly levels: readonly number[]
}

/** Builds the graph; a dependency on a program is one on each of its replicas. The plan is validated: there is no cycle. `retired`:
 * programs that only keep their places. */
export function graphOf(programs: readonly Program[], retired: ReadonlySet<number> = new Set()): Graph {
  const indexes = new Map<string, number[]>()
  programs.forEach(({ name }, i) => {
    if (retired.has(i)) return
    const known = indexes.get(name)
    if (known === undefined) indexes.set(name, [i])
    else known.push(i)
  })
  const dependants: number[][] = programs.map(() => [])
  const dependencies = programs.map((program, i) =>
    (retired.has(i) ? [] : program.dependsOn).flatMap(dependency =>
      (indexes.get(dependency.program) ?? []).map((on): Edge => {
        dependants[on]?.push(i)
        return { on, dependency }
      }),
    ),
  )
  const levels = byPriority(programs, dependencies, levelsOf(dependencies, dependants))
  return { dependencies, dependants, levels }
}

/** Longest distance from the top, by Kahn's algorithm: a program's level is known once all its dependants' are. */
function levelsOf(dependencies: Graph['dependencies'], dependants: Graph['dependants']): readonly number[] {
  const levels = dependants.map(() => 0)
  const open = dependants.map(list => list.length)
  const ready = open.flatMap((count, i) => (count === 0 ? [i] : []))
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    for (const { on } of dependencies[next] ?? []) {
      levels[on] = Math.max(levels[on] ?? 0, (levels[next] ?? 0) + 1)
      const left = (open[on] ?? 0) - 1
      open[on] = left
      if (left === 0) ready.push(on)
    }
  }
  return levels
}

/**
 * Parts the levels by priority: a higher one stops first. A program comes no later than what it depends on, so that it
 * has at least the priority of that.
 */
function byPriority(
  programs: readonly Program[],
  dependencies: Graph['dependencies'],
  levels: readonly number[],
): readonly number[] {
  const priorities = programs.map(({ priority }) => priority)
  if (priorities.every(priority => priority === priorities[0])) return levels
  const level = (index: number): number => levels[index] ?? 0
  const deepestFirst = [...levels.keys()].sort((a, b) => level(b) - level(a))
  for (const index of deepestFirst) {
    const own = priorities[index] ?? 0
    const below = (dependencies[index] ?? []).map(({ on }) => priorities[on] ?? 0)
    priorities[index] = below.reduce((most, priority) => Math.max(most, priority), own)
  }
  const priority = (index: number): number => priorities[index] ?? 0
  const order = [...levels.keys()].sort((a, b) => priority(b) - priority(a) || level(a) - level(b))
  const ranks = levels.map(() => 0)
  let rank = 0
  for (const [at, index] of order.entries()) {
    const before = order[at - 1]
    if (before !== undefined && (priority(before) !== priority(index) || level(before) !== level(index))) rank++
    ranks[index] = rank
  }
  return ranks
}

/**
 * A cycle as the path that shows it, first name repeated at the end (`a, b, a`), or undefined. Names that are not in
 * `names` are passed over. Iterative: a chain of ten thousand programs does not overflow the stack.
 */
export function findCycle(
  names: readonly string[],
  dependsOn: (name: string) => readonly string[],
): readonly string[] | undefined {
  const known = new Set(names)
  const done = new Set<string>()
  for (const start of names) {
    const path: string[] = []
    const onPath = new Set<string>()
    const todo: { name: string; leave: boolean }[] = [{ name: start, leave: false }]
    for (let item = todo.pop(); item !== undefined; item = todo.pop()) {
      const { name, leave } = item
      if (leave) {
        path.pop()
        onPath.delete(name)
        done.add(name)
      } else if (onPath.has(name)) {
        return [...path.slice(path.indexOf(name)), name]
      } else if (known.has(name) && !done.has(name)) {
        path.push(name)
        onPath.add(name)
        todo.push({ name, leave: true }, ...[...dependsOn(name)].reverse().map(next => ({ name: next, leave: false })))
      }
    }
  }
  return undefined
}
