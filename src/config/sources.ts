/** The texts that a configuration consists of: the files that are named, and those that they include. */
import type { Diagnostic } from '../errors.ts'
import { interpolate } from './interpolate.ts'
import { hasDoubledLineEnds, hasOtherLineEnds } from './line-ends.ts'
import { parseProcfile } from './procfile.ts'
import { allKeys } from './schema.ts'
import { blot, guessSecrets, type Range } from './secrets.ts'
import { readSupervisor } from './supervisord/read.ts'
import type { System } from './supervisord/reading.ts'
import { type WrittenSupervisor, writeSupervisor } from './supervisord/written.ts'
import {
  addAll,
  describe,
  fault,
  inline,
  type Mapping,
  type Origin,
  resolvePath,
  type Scalar,
  type Tree,
  warning,
} from './tree.ts'
import { parseYaml } from './yaml.ts'

/** What is asked of the system about files. */
export interface Files {
  /** The text of a file of at most 1 MiB; throws an ErrnoException. */
  readFile(path: string): string
  /** The paths that match a pattern, relative to the directory if the pattern is; undefined if that would take too long. */
  glob(pattern: string, directory: string): readonly string[] | undefined
}

/** A text that was read. */
interface Text {
  readonly text: string
  readonly secrets: readonly Range[]
}

/** What was read so far. */
export interface Sources {
  readonly files: Files
  readonly system: System
  readonly environment: Readonly<Record<string, string>>
  readonly diagnostics: Diagnostic[]
  /** By name, in the order they were read. */
  readonly texts: Map<string, Text>
  /** In the order they are merged. */
  readonly trees: Tree[]
  /** Set for a foster called as supervisord: the options that were given, as in `[supervisord]`. */
  readonly supervisord: ReadonlyMap<string, string> | undefined
  /** Set once a Supervisor file was read. */
  supervisor: WrittenSupervisor | 'faulty' | undefined
  /** How many patterns may still be looked for. */
  patternsLeft: number
  /** Whether a file could not be read or parsed: what the rest says is then not worth judging. */
  isBroken: boolean
}

const mostFiles = 1000
/** Each may look at thousands of names. */
export const mostPatterns = 100
const deepest = 20

/** Reads the files, each after those that it includes, and the document in FOSTER_CONFIG_INLINE. */
export function readSources(named: readonly string[], sources: Sources): void {
  for (const file of named) visit(file, undefined, [], sources)
  const text = sources.environment[inline]
  const tree = text === undefined || text.trim() === '' ? undefined : treeOf(text, inline, sources)
  if (tree !== undefined) take(tree, [inline], sources)
  const parts = Math.max(sources.trees.length, named.length + (tree === undefined ? 0 : 1))
  if (sources.supervisor === undefined || parts < 2) return
  const message = 'a Supervisor file cannot be mixed with other configuration files'
  sources.diagnostics.push(fault(undefined, 'mixed-files', message, 'foster convert FILE writes it as YAML'))
}

/** Gives the text of a file for excerpts, with its secrets blotted out: once, since each fault asks for it. */
export function excerpts({ texts }: Sources): (file: string) => string | undefined {
  const blotted = new Map<string, string>()
  return file => {
    const found = texts.get(file)
    const text = blotted.get(file) ?? (found && blot(found.text, found.secrets))
    if (text !== undefined) blotted.set(file, text)
    return text
  }
}

/** Reads a file, or says why not; `shown` is what is said of its name if that came from a variable. */
export function readText(
  file: string,
  at: Origin | undefined,
  sources: Sources,
  shown: string = file,
): string | undefined {
  let text: string
  try {
    text = sources.files.readFile(file)
  } catch (error) {
    const why = reasonOf(error)
    // A name of blanks could not be seen.
    const name = /^\S(?:.*\S)?$/s.test(shown) ? shown : JSON.stringify(shown)
    const hint = why === reasons.EISDIR ? 'Docker makes one where the file to be mounted is not there' : undefined
    sources.diagnostics.push(fault(at, 'unreadable-file', `cannot read ${name}: ${why}`, hint))
    return undefined
  }
  if (isWide(text)) {
    const place = { file, line: 1, column: 1, length: 1 }
    sources.diagnostics.push(fault(place, 'unreadable-file', 'the file is UTF-16, not UTF-8', 'save it as UTF-8'))
    return undefined
  }
  const invalid = text.indexOf('\uFFFD')
  if (invalid === -1 && text.length <= largestFile) return text.replace(/^\uFEFF/, '')
  const before = text.slice(0, invalid).split('\n')
  const place = { file, line: before.length, column: (before.at(-1) ?? '').length + 1, length: 1 }
  const wrong =
    text.length > largestFile
      ? fault(at, 'unreadable-file', `cannot read ${shown}: ${reasons.EFBIG}`)
      : fault(place, 'unreadable-file', 'the file is not valid UTF-8 here')
  sources.diagnostics.push(wrong)
  return undefined
}

/** Why a file cannot be read, in words. */
export function reasonOf(error: unknown): string {
  const { code = '', message } = error as { code?: string; message?: string }
  return reasons[code] ?? message ?? String(error)
}

const largestFile = 1024 * 1024

/** Whether a text begins with the byte order mark of UTF-16, or has two letters in it. */
function isWide(text: string): boolean {
  return text.startsWith('\uFFFD\uFFFD') || /^(?:\w\0\w\0|\0\w\0\w)/.test(text)
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  ELOOP: 'too many symbolic links',
  EFBIG: 'it is larger than 1 MiB',
  ETIMEDOUT: 'its writer keeps it open and writes nothing',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not valid UTF-8',
  ERR_INVALID_ARG_VALUE: 'that is no path',
}

/** Reads a file and what it includes; `chain` leads from the named file to the one that includes it. */
function visit(
  file: string,
  at: Origin | undefined,
  chain: readonly string[],
  sources: Sources,
  shown: string = file,
): void {
  const { diagnostics, texts } = sources
  if (chain.includes(file)) {
    const cycle = [...chain.slice(chain.indexOf(file)), file].join(' -> ')
    diagnostics.push(fault(at, 'include-cycle', `the files include each other: ${cycle}`))
  } else if (texts.has(file)) {
    // It was merged where it was mentioned first.
  } else if (chain.length > deepest || texts.size >= mostFiles) {
    const message =
      chain.length > deepest ? `includes are nested more than ${deepest} deep` : 'there are too many files'
    diagnostics.push(fault(at, 'too-many-files', message))
    sources.isBroken = true
  } else {
    const text = readText(file, at, sources, shown)
    const tree = text === undefined ? undefined : treeOf(text, file, sources)
    if (tree === undefined) sources.isBroken = true
    else take(tree, [...chain, file], sources)
  }
}

/** Reads what a tree includes, then takes the tree: it is merged over them. */
function take(tree: Tree, chain: readonly string[], sources: Sources): void {
  const include = tree.kind === 'map' ? tree.entries.get('include') : undefined
  if (tree.kind !== 'map' || include === undefined) {
    sources.trees.push(tree)
    return
  }
  for (const pattern of patternsOf(include.node, sources)) includeAll(pattern, chain, sources)
  const entries = new Map(tree.entries)
  entries.delete('include')
  sources.trees.push({ ...tree, entries } satisfies Mapping<Scalar>)
}

function patternsOf(node: Tree, { diagnostics }: Sources): readonly Scalar[] {
  const items = node.kind === 'list' ? node.items : [node]
  return items.flatMap((item): readonly Scalar[] => {
    if (item.kind === 'scalar' && (item.faulty || (item.value === null && item === node))) return []
    if (item.kind === 'scalar' && item.text !== '' && !item.text.includes('\0')) return [item]
    const message = `expected a pattern, or a list of patterns, got ${describe(item, ['include'])}`
    diagnostics.push(fault(item.at, 'invalid-value', message))
    return []
  })
}

function includeAll(pattern: Scalar, chain: readonly string[], sources: Sources): void {
  const { text, at, masked, shown } = pattern
  const { diagnostics } = sources
  const own = chain.at(-1)
  const refused = refusedIn(text)
  if (refused !== undefined) {
    diagnostics.push(fault(at, 'invalid-pattern', ...refused))
    sources.isBroken = true
    return
  }
  if (!/[*?[]/.test(text)) return visit(resolvePath(text, at), at, chain, sources, shown)
  if (sources.patternsLeft-- <= 0) {
    // Told once: the rest would say the same.
    if (sources.patternsLeft < -1) return
    diagnostics.push(fault(at, 'too-many-files', `there are more than ${mostPatterns} patterns`))
    sources.isBroken = true
    return
  }
  const found = sources.files.glob(text, resolvePath('.', at))
  const what = masked ? '***' : JSON.stringify(text)
  if (found === undefined) {
    diagnostics.push(fault(at, 'invalid-pattern', `to find ${what} too many names had to be looked at`, narrower))
    sources.isBroken = true
    return
  }
  // A pattern that matches its own file as well does not mean that one.
  const paths = found
    .map(path => resolvePath(path, at))
    .filter(path => path !== own)
    .sort()
  if (paths.length === 0) diagnostics.push(warning(at, 'no-match', `no file matches ${what}`))
  for (const path of paths) visit(path, at, chain, sources)
}

const narrower = 'name the directories: conf.d/*.yaml'

/** What other tools know in patterns and foster does not: taken as names, they would match nothing. */
function refusedIn(pattern: string): readonly [string, string] | undefined {
  if (pattern.includes('**')) return ['"**" would walk whole trees, which foster does not do at its start', narrower]
  const braces = /\{[^{}]*(?:,|\.\.)[^{}]*\}/.exec(pattern)
  return braces === null ? undefined : ['a pattern has no braces', 'write a list: [a.yaml, b.yaml]']
}

function treeOf(text: string, file: string, sources: Sources): Tree | undefined {
  const { diagnostics, texts, environment } = sources
  const name = file.slice(file.lastIndexOf('/') + 1)
  if (name === 'Procfile') {
    if (hasOtherLineEnds(text, file, diagnostics)) return undefined
    texts.set(file, { text, secrets: [] })
    return parseProcfile(text, file, diagnostics)
  }
  if (file !== inline && (sources.supervisord !== undefined || isSupervisor(name, text)))
    return supervisorTree(text, file, sources)
  if (hasOtherLineEnds(text, file, diagnostics) || hasDoubledLineEnds(text, file, diagnostics)) return undefined
  const keys = allKeys()
  const parsed = parseYaml(text, file, keys)
  addAll(diagnostics, parsed.diagnostics)
  const secrets = parsed.tree === undefined ? [...parsed.secrets, ...guessSecrets(text, keys)] : parsed.secrets
  texts.set(file, { text, secrets })
  if (parsed.tree === undefined) sources.isBroken = true
  return parsed.tree && interpolate(parsed.tree, environment, diagnostics)
}

function supervisorTree(text: string, file: string, sources: Sources): Tree | undefined {
  const { files, system, diagnostics, texts } = sources
  texts.set(file, { text, secrets: [] })
  const found: Diagnostic[] = []
  const reading = {
    read: (path: string, at: Origin): string | undefined => {
      const said: Diagnostic[] = []
      if (texts.size >= mostFiles) said.push(fault(at, 'too-many-files', 'there are too many files'))
      const read = said.length > 0 ? undefined : readText(path, at, { ...sources, diagnostics: said })
      if (read !== undefined) texts.set(path, { text: read, secrets: [] })
      // Python's parser passes over what it cannot open: a directory that a pattern matches, for instance.
      const isPassedOver = (it: Diagnostic): boolean => it.code === 'unreadable-file' && it.at === at
      found.push(...said.map(it => (isPassedOver(it) ? { ...it, severity: 'warning' as const } : it)))
      return read
    },
    // Python's glob goes no deeper for `**`, nor does this one.
    glob: (pattern: string): readonly string[] | undefined => files.glob(pattern, '/'),
    hide: (path: string, ranges: readonly Range[]): void => {
      const known = texts.get(path)
      if (known !== undefined) texts.set(path, { text: known.text, secrets: [...known.secrets, ...ranges] })
    },
  }
  const config = readSupervisor(text, file, system, reading, found, sources.supervisord)
  const written = config && writeSupervisor(config, found)
  addAll(diagnostics, found)
  if (written === undefined) sources.isBroken = true
  sources.supervisor = written ?? 'faulty'
  return written?.tree
}

function isSupervisor(name: string, text: string): boolean {
  if (/\.(?:conf|ini)$/.test(name)) return true
  // The first line that is neither blank nor a comment.
  const first = /^[ \t]*[^\s;#].*/m.exec(text)?.[0]
  return first !== undefined && /^\[[^\]]+\]\s*$/.test(first)
}
