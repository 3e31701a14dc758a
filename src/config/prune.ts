/** What the schema did not take, cut out, so that the faults of the rest are found in the same run. */
import { find, type Origin, optionOf, type Path, type Tree } from './tree.ts'

/** Options that are cut out whole: half a file to read would be another one. */
const whole: ReadonlySet<string> = new Set(['env_file'])

/** Takes the faulty parts out of a value; of a list with a faulty item nothing is left, since the others are counted. */
export function prune(value: unknown, tree: Tree, faulty: readonly Path[]): void {
  for (const path of faulty) {
    let above: unknown = value
    let cut: (() => void) | undefined
    for (const [index, step] of path.entries()) {
      if (typeof above !== 'object' || above === null) break
      const map = above as Record<string, unknown>
      if (!Array.isArray(above)) cut = () => void delete map[step]
      if (index === depthOfOption(path) && isWhole(tree, path)) break
      above = map[step]
    }
    cut?.()
  }
}

/**
 * The places about which nothing more is to be said: those of the faulty parts, and of what they are a part of, where they
 * would seem to be missing.
 */
export function silenced(tree: Tree, faulty: readonly Path[]): ReadonlySet<Origin> {
  const places = new Set<Origin>()
  for (const path of faulty) {
    for (let end = path.length; end > depthOfOption(path); end--) {
      const { at } = find(tree, path.slice(0, end)).node
      // All parts of a variable have one place.
      if (!('variable' in at)) places.add(at)
    }
  }
  return places
}

/** The index of the key of an option in a path. */
function depthOfOption(path: Path): number {
  return path.length - optionOf(path).length
}

function isWhole(tree: Tree, path: Path): boolean {
  return whole.has(String(path[depthOfOption(path)])) || 'variable' in find(tree, path).node.at
}
