/** Text -> raw tree with positions. The package `yaml` does the syntax; what nodes mean is decided here. */
import {
  isAlias,
  isMap,
  isScalar,
  LineCounter,
  type ParsedNode,
  parseDocument,
  Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import type { Diagnostic, Place } from '../errors.ts'
import { didYouMean } from './nearest.ts'
import {
  type Entry,
  fault,
  type List,
  type Mapping,
  type RawScalar,
  type RawTree,
  secretKeys,
  warning,
} from './tree.ts'

/** What a YAML text holds. */
export interface ParsedText {
  /** Undefined if the syntax is faulty. */
  readonly tree: RawTree | undefined
  readonly diagnostics: readonly Diagnostic[]
  /** Where values stand that must not be shown: offsets into the text, from and up to. */
  readonly secrets: ReadonlyArray<readonly [number, number]>
}

/** How many nodes all aliases together may stand for: enough for any real file, too few for an alias bomb. */
const mostAliased = 100_000

const deepest = 100

/** Parses one YAML document. Never throws; `file` is the name used in places. */
export function parseYaml(text: string, file: string): ParsedText {
  const lines = new LineCounter()
  const reader: Reader = {
    ...{ text, file, lines, diagnostics: [], secrets: [], anchors: new Map(), weights: new Map() },
    aliased: 0,
  }
  try {
    // failsafe: every scalar stays text, since it gets its type only after interpolation. Duplicate keys are found
    // below in linear time and with both places.
    const document = parseDocument(text, { ...options, lineCounter: lines })
    const syntax = firstOfEachLine(document.errors, reader)
    const tree = document.contents === null ? emptyMap(reader) : read(document.contents, reader, 0, false)
    if (syntax.length > 0) return { tree: undefined, diagnostics: syntax, secrets: reader.secrets }
    for (const caution of document.warnings) note(caution, reader)
    return { tree, diagnostics: reader.diagnostics, secrets: reader.secrets }
  } catch (error) {
    const why = error instanceof RangeError ? 'nested too deeply' : String(error)
    const at = { file, line: 1, column: 1, length: 1 }
    return {
      tree: undefined,
      diagnostics: [fault(at, 'yaml-syntax', `cannot parse the file: ${why}`)],
      secrets: [[0, text.length]],
    }
  }
}

const options = { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const

interface Reader {
  readonly text: string
  readonly file: string
  readonly lines: LineCounter
  readonly diagnostics: Diagnostic[]
  readonly secrets: Array<readonly [number, number]>
  readonly anchors: Map<string, RawTree>
  /** How many nodes a tree stands for, with its aliases written out. */
  readonly weights: Map<RawTree, number>
  aliased: number
}

function place(reader: Reader, from: number, to: number): Place {
  const { line, col } = reader.lines.linePos(from)
  const newline = reader.text.indexOf('\n', from)
  const end = newline === -1 ? to : Math.min(to, newline)
  return { file: reader.file, line: Math.max(1, line), column: Math.max(1, col), length: Math.max(1, end - from) }
}

function placeOf(node: ParsedNode, reader: Reader): Place {
  return place(reader, node.range[0], node.range[1])
}

function emptyMap(reader: Reader): RawTree {
  return { kind: 'map', at: place(reader, 0, 1), entries: new Map() }
}

function read(node: ParsedNode | null, reader: Reader, depth: number, secret: boolean): RawTree {
  if (node === null) return { kind: 'raw', at: place(reader, 0, 1), text: '', plain: true }
  if (depth > deepest) return complain(node, reader, 'nested more than 100 levels deep')
  if (isAlias(node)) return readAlias(node, reader)
  let tree: RawTree
  if (isScalar(node)) tree = readScalarNode(node, reader, secret)
  else if (isMap(node)) tree = readMap(node as YAMLMap.Parsed, reader, depth, secret)
  else {
    const items = (node.items as (ParsedNode | null)[]).map(item => read(item, reader, depth + 1, secret))
    tree = { kind: 'list', at: placeOf(node, reader), items } satisfies List<RawScalar>
  }
  reader.weights.set(tree, weigh(tree, reader))
  if (node.anchor) reader.anchors.set(node.anchor, tree)
  return tree
}

function weigh(tree: RawTree, reader: Reader): number {
  if (tree.kind === 'raw') return 1 + (tree.text.length >> 6)
  const children = tree.kind === 'list' ? tree.items : [...tree.entries.values()].map(entry => entry.node)
  return children.reduce((sum, child) => sum + (reader.weights.get(child) ?? 1), 1)
}

function complain(node: ParsedNode, reader: Reader, message: string, hint?: string): RawScalar {
  const at = placeOf(node, reader)
  reader.diagnostics.push(fault(at, 'yaml', message, hint))
  return { kind: 'raw', at, text: '', plain: true }
}

function readScalarNode(node: Scalar.Parsed, reader: Reader, secret: boolean): RawScalar {
  if (secret) reader.secrets.push([node.range[0], node.range[1]])
  const isText = node.tag === '!' || node.tag === 'tag:yaml.org,2002:str'
  const text = node.source ?? ''
  return { kind: 'raw', at: placeOf(node, reader), text, plain: node.type === Scalar.PLAIN && !isText }
}

function readAlias(node: ParsedNode & { source: string }, reader: Reader): RawTree {
  const tree = reader.anchors.get(node.source)
  if (tree === undefined) {
    const hint = didYouMean(node.source, reader.anchors.keys())
    return complain(node, reader, `no anchor &${node.source} before this alias`, hint)
  }
  const before = reader.aliased
  reader.aliased += reader.weights.get(tree) ?? 1
  if (reader.aliased <= mostAliased) return tree
  const silent: RawTree = { kind: 'raw', at: placeOf(node, reader), text: '', plain: true }
  return before > mostAliased ? silent : complain(node, reader, `aliases stand for more than ${mostAliased} values`)
}

function readMap(node: YAMLMap.Parsed, reader: Reader, depth: number, secret: boolean): Mapping<RawScalar> {
  const entries = new Map<string, Entry<RawScalar>>()
  const merged: Mapping<RawScalar>[] = []
  for (const pair of node.items) {
    const key = pair.key as ParsedNode
    const name = read(key, reader, depth + 1, false)
    if (name.kind !== 'raw' || name.text === '') {
      complain(
        key,
        reader,
        name.kind === 'raw' ? 'a key is missing before ":"' : 'a key must be a word, not a list or map',
      )
      continue
    }
    const value = read(pair.value, reader, depth + 1, secret || secretKeys.has(name.text))
    const at = name.at
    const valueNode = pair.value === null ? { kind: 'raw' as const, at, text: '', plain: true } : value
    if (name.plain && name.text === '<<') merged.push(...mergeSources(valueNode, reader))
    else if (entries.has(name.text)) complainTwice(name, entries.get(name.text), reader)
    else entries.set(name.text, { at, node: valueNode })
  }
  return { kind: 'map', at: placeOf(node, reader), entries: withMerged(entries, merged, reader) }
}

function complainTwice(name: RawScalar, first: Entry<RawScalar> | undefined, reader: Reader): void {
  const line = first && 'line' in first.at ? `, first in line ${first.at.line}` : ''
  reader.diagnostics.push(fault(name.at, 'duplicate-key', `the key "${name.text}" is written twice${line}`))
}

/** The maps behind a `<<` key: one, or a list of them. */
function mergeSources(value: RawTree, reader: Reader): readonly Mapping<RawScalar>[] {
  const sources = value.kind === 'list' ? value.items : [value]
  return sources.filter(source => {
    if (source.kind === 'map') return true
    reader.diagnostics.push(
      fault(source.at, 'yaml', '"<<" merges maps: expected a map, an alias of one, or a list of them'),
    )
    return false
  }) as Mapping<RawScalar>[]
}

/** Adds what `<<` brings in: written keys win over merged ones, earlier maps over later ones. */
function withMerged(
  entries: Map<string, Entry<RawScalar>>,
  merged: readonly Mapping<RawScalar>[],
  reader: Reader,
): ReadonlyMap<string, Entry<RawScalar>> {
  for (const map of merged) {
    for (const [key, entry] of map.entries) {
      if (entries.has(key) || reader.aliased > mostAliased) continue
      reader.aliased += reader.weights.get(entry.node) ?? 1
      entries.set(key, entry)
    }
  }
  return entries
}

/** A syntax error drags others behind it; the first of each line, and ten of them, say enough. */
function firstOfEachLine(errors: readonly YAMLError[], reader: Reader): readonly Diagnostic[] {
  const seen = new Set<number>()
  const diagnostics: Diagnostic[] = []
  for (const error of errors) {
    const at = place(reader, error.pos[0], error.pos[1])
    if (seen.has(at.line)) continue
    seen.add(at.line)
    diagnostics.push(fault(at, 'yaml-syntax', ...wordsFor(error)))
    if (diagnostics.length === 10) break
  }
  return diagnostics
}

const coreTag = /tag:yaml\.org,2002:(?:int|float|bool|null)$/

function note(caution: YAMLError, reader: Reader): void {
  if (coreTag.test(caution.message)) return
  const at = place(reader, caution.pos[0], caution.pos[1])
  if (caution.code === 'TAG_RESOLVE_FAILED') {
    const tag = caution.message.replace(/^Unresolved tag: /, '')
    reader.diagnostics.push(
      fault(at, 'yaml', `foster knows no tag ${tag}`, 'remove it; a later file replaces values without one'),
    )
  } else reader.diagnostics.push(warning(at, 'yaml', ...wordsFor(caution)))
}

/** The words for yaml's errors that people meet, and what to do about them. */
function wordsFor(error: YAMLError): [message: string, hint?: string] {
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return ['a tab indents this line, YAML takes only spaces']
    case 'MULTIPLE_DOCS':
      return [
        'a second document begins here, a file holds one',
        'remove the "---", or split the file and name both with -c',
      ]
    case 'BLOCK_AS_IMPLICIT_KEY':
      return ['a map begins inside a value', 'quote the value if it contains ": "']
    case 'MULTILINE_IMPLICIT_KEY':
      return ['a key must be on one line with its ":"', 'is a ":" missing, or is the line indented wrongly?']
    default: {
      const message = error.message.charAt(0).toLowerCase() + error.message.slice(1)
      return [`the YAML is faulty: ${message}`]
    }
  }
}
