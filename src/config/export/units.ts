/** The programs as containers: in the order in which they start, each with its name and its part. */
import { graphOf } from '../../core/graph.ts'
import type { Dependency, Program } from '../../core/plan.ts'

/** A program that becomes a container. */
export interface Unit {
  readonly program: Program
  /** A DNS-1123 label, which no other one has. */
  readonly name: string
  /** `init`: it ends before others begin; `sidecar`: others depend on it; `main`: nobody does. */
  readonly part: 'init' | 'sidecar' | 'main'
  readonly dependsOn: readonly {
    readonly name: string
    readonly on: Program
    readonly dependency: Dependency
  }[]
  /** What others wait for. */
  readonly awaited: ReadonlySet<Dependency['condition']>
}

/** Who is exported, in an order that no dependency goes against, and who is not since nothing would start it. */
export interface Units {
  readonly units: readonly Unit[]
  readonly left: readonly string[]
}

/** Turns programs into units. */
export function unitsOf(all: readonly Program[]): Units {
  const programs = started(all)
  const { dependencies, dependants } = graphOf(programs)
  const names = namesOf(programs)
  const depths = depthsOf(dependencies, dependants)
  const awaited = programs.map(() => new Set<Dependency['condition']>())
  for (const edge of dependencies.flat()) awaited[edge.on]?.add(edge.dependency.condition)
  const parts = programs.map(({ kind }, index): Unit['part'] => {
    if (kind === 'task' || awaited[index]?.has('completed')) return 'init'
    return awaited[index]?.size === 0 ? 'main' : 'sidecar'
  })
  const hasMain = parts.includes('main')
  const units = programs.map((program, index): Unit => {
    const dependsOn = (dependencies[index] ?? []).flatMap(({ on, dependency }) => {
      const needed = programs[on]
      return needed === undefined ? [] : [{ name: names[on] ?? '', on: needed, dependency }]
    })
    // A pod needs a container that is no init container: then it is what everything else leads to.
    const part = hasMain || dependants[index]?.length !== 0 ? parts[index] : 'main'
    const waits = awaited[index] ?? new Set()
    return { program, name: names[index] ?? '', part: part ?? 'main', dependsOn, awaited: waits }
  })
  const order = [...units.keys()].sort((a, b) => (depths[a] ?? 0) - (depths[b] ?? 0) || a - b)
  const exported = new Set(programs)
  const left = new Set(all.filter(it => !exported.has(it)).map(({ name }) => name))
  return { units: order.flatMap(index => units[index] ?? []), left: [...left] }
}

/** Those that are started, and what they need. */
function started(all: readonly Program[]): readonly Program[] {
  const byName = Map.groupBy(all, ({ name }) => name)
  const wanted = new Set(all.filter(({ autostart }) => autostart))
  for (const program of wanted) {
    for (const { program: on } of program.dependsOn) for (const each of byName.get(on) ?? []) wanted.add(each)
  }
  return wanted.size === 0 ? all : all.filter(it => wanted.has(it))
}

/** How far each is from those that depend on nobody, by Kahn's algorithm. */
function depthsOf(
  dependencies: ReadonlyArray<readonly unknown[]>,
  dependants: ReadonlyArray<readonly number[]>,
): readonly number[] {
  const depths = dependencies.map(() => 0)
  const open = dependencies.map(list => list.length)
  const ready = open.flatMap((count, index) => (count === 0 ? [index] : []))
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    for (const after of dependants[next] ?? []) {
      depths[after] = Math.max(depths[after] ?? 0, (depths[next] ?? 0) + 1)
      const left = (open[after] ?? 0) - 1
      open[after] = left
      if (left === 0) ready.push(after)
    }
  }
  return depths
}

const longest = 63

/** A text as a DNS-1123 label, which is also what Compose takes for a name. */
export function labelOf(text: string): string {
  const label = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, longest)
    .replace(/-$/, '')
  return label === '' ? 'program' : label
}

function namesOf(programs: readonly Program[]): readonly string[] {
  const taken = new Set<string>()
  return programs.map(({ name, replica }) => {
    const label = labelOf(replica === undefined ? name : `${name.slice(0, 50)}-${replica}`)
    let wanted = label
    for (let count = 2; taken.has(wanted); count++) {
      const end = `-${count}`
      wanted = `${label.slice(0, longest - end.length).replace(/-$/, '')}${end}`
    }
    taken.add(wanted)
    return wanted
  })
}
