/** `defaults`: what holds for every program that does not say otherwise. */
import type { Diagnostic } from '../errors.ts'
import { mergeTrees } from './merge.ts'
import { type Entry, fault, find, type Path, type Scalar, type Tree } from './tree.ts'

/** How many values the defaults may stand for in all programs together. */
const mostValues = 200_000

/** Merges every program over the defaults. Without any the tree stays as it is. */
export function withDefaults(tree: Tree, diagnostics: Diagnostic[]): Tree {
  const entry = tree.kind === 'map' ? tree.entries.get('defaults') : undefined
  const defaults = entry?.node
  const programs = tree.kind === 'map' ? tree.entries.get('programs') : undefined
  if (tree.kind !== 'map' || defaults?.kind !== 'map' || programs?.node.kind !== 'map') return tree
  if (countOf(defaults) * programs.node.entries.size > mostValues) {
    const message = `the defaults stand for more than ${mostValues} values in all programs together`
    diagnostics.push(fault(entry?.at, 'too-large', message))
    return tree
  }
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

function countOf(tree: Tree): number {
  if (tree.kind === 'scalar') return 1
  const below = tree.kind === 'list' ? tree.items : [...tree.entries.values()].map(({ node }) => node)
  return below.reduce((sum, node) => sum + countOf(node), 1)
}

/** Whether what stands at a program's path comes from the defaults, where its faults are reported already. */
export function isDefault(tree: Tree, path: Path): boolean {
  if (path[0] !== 'programs' || path.length < 3 || tree.kind !== 'map') return false
  const defaults = tree.entries.get('defaults')?.node
  if (defaults === undefined) return false
  return find(tree, path).node === find(defaults, path.slice(2)).node
}
