/** `defaults`: what holds for every program that does not say otherwise. */
import { mergeTrees } from './merge.ts'
import { type Entry, find, type Path, type Scalar, type Tree } from './tree.ts'

/** Merges every program over the defaults. Without any the tree stays as it is. */
export function withDefaults(tree: Tree): Tree {
  const defaults = tree.kind === 'map' ? tree.entries.get('defaults')?.node : undefined
  const programs = tree.kind === 'map' ? tree.entries.get('programs') : undefined
  if (tree.kind !== 'map' || defaults?.kind !== 'map' || programs?.node.kind !== 'map') return tree
  const merged = new Map<string, Entry<Scalar>>()
  for (const [name, { at, node }] of programs.node.entries) {
    const isEmpty = node.kind === 'scalar' && node.value === null && !node.faulty
    const own: Tree = isEmpty ? { kind: 'map', at: node.at, entries: new Map() } : node
    merged.set(name, { at, node: own.kind === 'map' ? mergeTrees(defaults, own) : own })
  }
  const entries = new Map(tree.entries)
  entries.set('programs', { at: programs.at, node: { ...programs.node, entries: merged } })
  return { ...tree, entries }
}

/** Whether what stands at a program's path comes from the defaults, where its faults are reported already. */
export function isDefault(tree: Tree, path: Path): boolean {
  if (path[0] !== 'programs' || path.length < 3 || tree.kind !== 'map') return false
  const defaults = tree.entries.get('defaults')?.node
  if (defaults === undefined) return false
  return find(tree, path).node === find(defaults, path.slice(2)).node
}
