/** What to do about a value or a key that does not belong where it stands. */
import { programKeys } from './schema.ts'
import { find, type Path, type Tree } from './tree.ts'

/** What may be wrong where a map stands in place of text: Kubernetes' form of a probe. */
function textHint(path: Path, { entries }: Extract<Tree, { kind: 'map' }>): string | undefined {
  const way = path.at(-1)
  if (way === 'exec' && entries.has('command')) return 'write the command itself: exec: [...]'
  return way === 'tcp' && entries.has('port') ? 'write the port itself, or HOST:PORT: tcp: 5432' : undefined
}

/** What may be wrong where text stands in place of a map, or a map in place of text. */
export function valueHint(path: Path, node: Tree, message: string): string | undefined {
  if (node.kind === 'map') return textHint(path, node)
  if (node.kind !== 'scalar' || node.masked || !message.startsWith('expected a map')) return undefined
  if (/^[\w-]+:\S/.test(node.text) && node.plain) return 'a blank is missing behind the ":"'
  const [top, key = ''] = path
  if (top !== 'programs' || path.length !== 2) return undefined
  if (programKeys.includes(String(key))) return `indent it further if "${key}" belongs to the program above`
  return typeof node.value === 'string' && node.value !== '' ? 'write it behind "command: " on a line below' : undefined
}

/** What to do about a key that does not belong there; `near` is the hint if it is misspelt. */
export function keyHint(tree: Tree, path: Path, node: Tree, near: string | undefined): string | undefined {
  // A program that stands at the top level is a common slip.
  const isProgram = path.length === 1 && node.kind === 'map' && node.entries.has('command')
  const above = emptyAbove(tree, path)
  const indent = above && `indent it further if it belongs to "${above}", which is empty`
  // USER is rather a variable that slipped out of its map than `user`.
  const isVariable = /^[A-Z][A-Z0-9_]*$/.test(String(path.at(-1)))
  if (indent !== undefined && (isVariable || above === 'probes')) return indent
  return near ?? (isProgram ? 'programs stand under the key "programs"' : indent)
}

/** The key before this one that is indented as deep, if a map is missing under it. */
function emptyAbove(tree: Tree, path: Path): string | undefined {
  const { node } = find(tree, path.slice(0, -1))
  if (node.kind !== 'map') return undefined
  let empty: string | undefined
  // The first hundred faults are told, so that no more keys need be looked at for one.
  for (const [key, { node: below }] of node.entries.entries().take(200)) {
    if (key === path.at(-1)) return empty
    const isEmpty = below.kind === 'scalar' && below.value === null && !below.faulty
    if (withMaps.has(key)) empty = isEmpty ? key : undefined
  }
  return undefined
}

/** Keys that have a map below them. */
const withMaps: ReadonlySet<string> = new Set([
  ...['environment', 'secrets', 'log', 'probes', 'readiness', 'liveness', 'startup', 'healthcheck', 'depends_on'],
  ...['backoff', 'ulimits', 'headers', 'shutdown', 'signals', 'control'],
])
