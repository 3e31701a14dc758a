/** Shapes of dependency graphs, and choices among things, for searches. */

/** For each node those that it depends on. */
export type Lists = ReadonlyArray<readonly number[]>

export const names = ['a', 'b', 'c', 'd', 'e', 'f'] as const

/** All ways in which `size` programs may depend on each other, cycles left out. */
export function graphs(size: number): readonly Lists[] {
  const nodes = [...Array(size).keys()]
  const edges = nodes.flatMap(from => nodes.filter(to => to !== from).map(to => [from, to] as const))
  const all = Array.from({ length: 2 ** edges.length }, (_, bits) => edges.filter((_, bit) => bits & (1 << bit)))
  return all.map(chosen => nodes.map(node => chosen.filter(it => it[0] === node).map(it => it[1]))).filter(isAcyclic)
}

function isAcyclic(lists: Lists): boolean {
  const left = new Set(lists.keys())
  for (let before = -1; before !== left.size; ) {
    before = left.size
    for (const node of left) if (!lists[node]?.some(it => left.has(it))) left.delete(node)
  }
  return left.size === 0
}

/** An edge with a label. */
export interface Labelled<T> {
  readonly from: number
  readonly to: number
  readonly label: T
}

/** All graphs of `size` programs with a label at each edge, of those that differ only in the programs' order one. */
export function labelledGraphs<T>(size: number, labels: readonly T[]): ReadonlyArray<readonly Labelled<T>[]> {
  const nodes = [...Array(size).keys()]
  // A graph without cycles can be written so that nobody depends on a later one.
  const places = nodes.flatMap(from => nodes.slice(0, from).map(to => ({ from, to })))
  const orders = permutations(nodes)
  const known = new Set<string>()
  return choices([undefined, ...labels.keys()], places.length).flatMap(chosen => {
    const edges = places.flatMap((place, i) => {
      const label = chosen[i]
      return label === undefined ? [] : [{ ...place, label }]
    })
    const words = orders.map(order =>
      edges
        .map(it => `${order[it.from]}${order[it.to]}${it.label}`)
        .sort()
        .join(),
    )
    if (words.some(it => known.has(it))) return []
    known.add(words[0] ?? '')
    return [edges.map(({ label, ...place }) => ({ ...place, label: labels[label] as T }))]
  })
}

function permutations(list: readonly number[]): ReadonlyArray<readonly number[]> {
  if (list.length === 0) return [[]]
  return list.flatMap(first => permutations(list.filter(it => it !== first)).map(rest => [first, ...rest]))
}

/** Every choice of `length` among the options. */
export function choices<T>(options: readonly T[], length: number): ReadonlyArray<readonly T[]> {
  if (length === 0) return [[]]
  return choices(options, length - 1).flatMap(rest => options.map(it => [...rest, it]))
}

/** A small random generator with a seed, so that a failure can be found again: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296
  }
}
