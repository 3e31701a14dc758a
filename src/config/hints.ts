/** What to do about a value or a key that does not belong where it stands. */
import { parseSignal } from '../core/signal.ts'
import { programKeys, topKeys } from './schema.ts'
import { find, optionOf, type Path, type Scalar, secretKeys, type Tree } from './tree.ts'

/** What may be wrong where a map stands in place of text: Kubernetes' form of a probe. */
function textHint(path: Path, { entries }: Extract<Tree, { kind: 'map' }>): string | undefined {
  const way = path.at(-1)
  if (way === 'exec' && entries.has('command')) return 'write the command itself: exec: [...]'
  return way === 'tcp' && entries.has('port') ? 'write the port itself, or HOST:PORT: tcp: 5432' : undefined
}

/** What may be wrong where a list stands in place of a map, or of text. */
function listHint(path: Path): string | undefined {
  const option = optionOf(path)
  if (path.length === 0) return 'begin with "programs:"'
  if (path.length === 2 && path[0] === 'programs') return 'write the keys of a program without "-"'
  if (path.length === 1 && path[0] === 'programs') return 'write each below its name: "programs: {web: {command: ...}}"'
  if (option.length !== 1) return undefined
  if (option[0] === 'secrets') return 'write "secrets: {NAME: FILE}"'
  return option[0] === 'healthcheck' ? 'write "healthcheck: {test: [...]}"' : undefined
}

/** What is said first in a section: where text stands in its place, that was probably meant. */
const firstKeys: Readonly<Record<string, string>> = {
  ...{ healthcheck: 'test', http: 'listen', control: 'socket', shutdown: 'timeout', log: 'format', backoff: 'delay' },
}

/** What may be wrong where text stands in place of a list, or of one map of a few. */
function wrapHint(path: Path, node: Scalar, message: string): string | undefined {
  const option = optionOf(path)
  const [key = '', ...below] = option.map(String)
  if (below.length === 0 && key === 'environment') return 'write "environment: {NAME: VALUE}"'
  if (below.length === 0 && key === 'secrets') return 'write "secrets: {NAME: FILE}"'
  if (below.length === 0 && key === 'shell' && /sh$/.test(node.text))
    return `write "shell: true", which is /bin/sh, or "command: [${node.text}, -c, ...]"`
  const isSecret = path.some(step => secretKeys.has(String(step)))
  if (isSecret || node.value === null || !/^[\w./:@%()-]+(?:\s*,\s*[\w.*-]+)*$/.test(node.text)) return undefined
  const { text } = node
  if (key === 'log' && (below.length > 0 || text.includes('/'))) return fileHint(text, below.length === 0)
  if (/^expected .*\ba list of/.test(message)) return `write it as a list: [${text}]`
  if (key === 'signals' && below.length === 1 && parseSignal(text) !== undefined) return `write {as: ${text}}`
  const first = below.length === 0 && message.startsWith('expected a map') && firstKeys[key]
  return first ? `write "${key}: {${first}: ${text}}"` : undefined
}

const devices: ReadonlyMap<string, string> = new Map([
  ...['/dev/stdout', '/dev/stderr'].map(path => [path, 'forward'] as const),
  ['/dev/null', 'null'],
])

function fileHint(text: string, isWhole: boolean): string | undefined {
  if (!text.includes('/')) return undefined
  const word = devices.get(text)
  if (word !== undefined && !isWhole) return `write "${word}"`
  return isWhole ? `write "log: {stdout: {file: ${text}}}"` : `write {file: ${text}}`
}

/** What may be wrong where text stands in place of a map or a list, or one of these in place of text. */
export function valueHint(path: Path, node: Tree, message: string): string | undefined {
  if (node.kind === 'map') return textHint(path, node)
  if (node.kind === 'list') return listHint(path)
  if (node.masked) return undefined
  return wrapHint(path, node, message) ?? mapHint(path, node, message)
}

function mapHint(path: Path, node: Scalar, message: string): string | undefined {
  if (!message.startsWith('expected a map')) return undefined
  const unseen = unseenIn(node.text.split(' ', 1)[0] ?? '')
  if (unseen !== undefined) return unseen
  if (/^[\w-]+:\S/.test(node.text) && node.plain) return 'a blank is missing behind the ":"'
  const [top, key = ''] = path
  if (top !== 'programs' || path.length !== 2) return undefined
  if (programKeys.includes(String(key))) return `indent it further if "${key}" belongs to the program above`
  return typeof node.value === 'string' && node.value !== '' ? 'write it behind "command: " on a line below' : undefined
}

/** Blanks that are none, and what has no width: text that was copied from a page has them. */
function unseenIn(text: string): string | undefined {
  const found = /[\u00A0\u2000-\u200F\u2028\u2029\u202F\u205F\u2060\u3000\uFEFF]/.exec(text)?.[0]
  const code = found?.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  return code && `it contains U+${code}, which looks like a blank or like nothing: type the line anew`
}

/** What to do about a key that does not belong there; `near` is the hint if it is misspelt. */
export function keyHint(tree: Tree, path: Path, node: Tree, near: string | undefined): string | undefined {
  const unseen = unseenIn(String(path.at(-1)))
  if (unseen !== undefined) return unseen
  // A program that stands at the top level is a common slip.
  const isProgram = path.length === 1 && node.kind === 'map' && node.entries.has('command')
  const above = emptyAbove(tree, path)
  const indent = above && `indent it further if it belongs to "${above}", which is empty`
  // USER is rather a variable that slipped out of its map than `user`.
  const isVariable = /^[A-Z][A-Z0-9_]*$/.test(String(path.at(-1)))
  if (indent !== undefined && (isVariable || above === 'probes')) return indent
  const elsewhere = otherLevel(path)
  if (elsewhere !== undefined) return elsewhere
  return near ?? (isProgram ? 'programs stand under the key "programs"' : indent)
}

/** Whether a key is one of a program that stands at the top, or the other way round. */
function otherLevel(path: Path): string | undefined {
  const [key = '', ...more] = optionOf(path).map(String)
  if (more.length > 0) return undefined
  if (path.length === 1) {
    return programKeys.includes(key)
      ? 'it belongs to a program: write it there, or for all under "defaults"'
      : undefined
  }
  return topKeys.includes(key) && key !== 'programs' ? 'it belongs to the top level, beside "programs"' : undefined
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
