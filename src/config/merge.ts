/** One tree over another: maps merge by key, lists and scalars are replaced. */
import type { Entry, List, Mapping, Scalar, Tree } from './tree.ts'

/** Merges the later tree over the earlier one. Every part keeps the place where it was written. */
export function mergeTrees(earlier: Tree, later: Tree, key = ''): Tree {
  const below = asMap(earlier, key)
  const above = asMap(later, key)
  if (below.kind !== 'map' || above.kind !== 'map') return later
  const entries = new Map<string, Entry<Scalar>>(below.entries)
  for (const [name, entry] of above.entries) {
    const old = below.entries.get(name)
    entries.set(name, old === undefined ? entry : { at: entry.at, node: mergeTrees(old.node, entry.node, name) })
  }
  return { ...above, entries }
}

/** `environment` and `depends_on` can be lists as well; as in Compose both forms merge by name. */
function asMap(tree: Tree, key: string): Tree {
  if (tree.kind !== 'list') return tree
  if (key === 'environment') return mapOf(tree, splitVariable)
  if (key === 'depends_on') return mapOf(tree, item => [item.text, { ...item, text: '', plain: true, value: null }])
  return tree
}

/** A list that does not fit stays one, for the schema to complain about. */
function mapOf(list: List<Scalar>, split: (item: Scalar) => readonly [string, Scalar]): Mapping<Scalar> | List<Scalar> {
  const entries = new Map<string, Entry<Scalar>>()
  for (const item of list.items) {
    if (item.kind !== 'scalar' || item.text === '') return list
    const [name, node] = split(item)
    entries.set(name, { at: item.at, node })
  }
  return { kind: 'map', at: list.at, entries }
}

function splitVariable(item: Scalar): readonly [string, Scalar] {
  const end = item.text.indexOf('=')
  if (end === -1) return [item.text, { ...item, text: '', plain: true, masked: false, value: null }]
  const text = item.text.slice(end + 1)
  return [item.text.slice(0, end), { ...item, text, plain: false, value: text }]
}
