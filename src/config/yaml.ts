/** Text -> raw tree with positions. The package `yaml` does the syntax; what nodes mean is decided here. */
import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type ParsedNode,
  Parser,
  Scalar,
  type YAMLMap,
  YAMLParseError,
} from 'yaml'
import { didYouMean } from '../core/nearest.ts'
import type { Diagnostic, Place } from '../errors.ts'
import type { Range } from './secrets.ts'
import { placeIn, type Source, syntaxFaults, syntaxWarnings } from './syntax.ts'
import {
  type Entry,
  fault,
  type List,
  type Mapping,
  type RawScalar,
  type RawTree,
  secretKeys,
  userAndPassword,
} from './tree.ts'

/** What a YAML text holds. */
export interface ParsedText {
  /** Undefined if the syntax is faulty. */
  readonly tree: RawTree | undefined
  readonly diagnostics: readonly Diagnostic[]
  /** Where values stand that must not be shown: offsets into the text, from and up to. */
  readonly secrets: readonly Range[]
}

/** How many nodes all aliases together may stand for: enough for any real file, too few for an alias bomb. */
const mostAliased = 50_000

const deepest = 100

/**
 * Parses one YAML document; `file` is the name used in places, `keys` are the words that no variable is taken for when it
 * is not indented below its `environment:`.
 */
export function parseYaml(text: string, file: string, keys: ReadonlySet<string> = new Set()): ParsedText {
  const lines = new LineCounter()
  const reader: Reader = {
    ...{ text, file, lines, keys, unclosed: new Map(), diagnostics: [], secrets: [] },
    ...{ anchors: new Map(), weights: new Map(), hasAuthority: text.includes('://') },
    aliased: 0,
  }
  try {
    // failsafe: every scalar stays text, since it gets its type only after interpolation. Duplicate keys are found
    // below in linear time and with both places.
    const document = undisturbed(() => documentOf(text, lines))
    const tree = document.contents === null ? emptyMap(reader) : read(document.contents, reader, 0, false)
    const { secrets } = reader
    const faults = syntaxFaults(document.errors, reader)
    if (faults.length > 0) return { tree: undefined, diagnostics: faults, secrets }
    return { tree, diagnostics: [...syntaxWarnings(document.warnings, reader), ...reader.diagnostics], secrets }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    // The stack overflowed: no file that a person wrote does that.
    const at = { file, line: 1, column: 1, length: 1 }
    const diagnostics = [fault(at, 'yaml-syntax', 'the file is nested too deeply')]
    return { tree: undefined, diagnostics, secrets: [[0, text.length]] }
  }
}

/**
 * The parser asks for the variable LOG_TOKENS at each token: that takes a third of its time, and a container that happens
 * to have such a variable would see its configuration, secrets and all, on standard output. Nobody looks at the stacks of
 * its errors, of which a faulty file may have a hundred thousand.
 */
function undisturbed<T>(parse: () => T): T {
  const { env } = process
  const { stackTraceLimit } = Error
  process.env = {}
  Error.stackTraceLimit = 0
  try {
    return parse()
  } finally {
    process.env = env
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** The first document, with an error if there are more. */
function documentOf(text: string, lines: LineCounter): Document.Parsed {
  const tokens = readable(new Parser(lines.addNewLine).parse(text))
  const [first, second] = new Composer(options).compose(tokens, true, text.length).take(2)
  if (first === undefined) throw new Error('the parser gives no document')
  const [from = 0, to = 0] = second?.range ?? []
  if (second !== undefined) first.errors.push(new YAMLParseError([from, to], 'MULTIPLE_DOCS', 'more than one document'))
  return first
}

/** More are not told: what follows is no YAML, and reading it could take a minute. */
const mostFaultyTokens = 100

function* readable(tokens: Iterable<CST.Token>): Generator<CST.Token> {
  let left = mostFaultyTokens
  for (const token of tokens) {
    yield token
    if (token.type === 'error' && --left === 0) return
  }
}

const options = { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'error' } as const

interface Reader extends Source {
  readonly keys: ReadonlySet<string>
  readonly diagnostics: Diagnostic[]
  readonly secrets: Range[]
  readonly anchors: Map<string, { readonly tree: RawTree; readonly range: Range }>
  /** How many nodes a tree stands for, with its aliases written out. */
  readonly weights: Map<RawTree, number>
  aliased: number
  /** Whether there may be a password in a URL. */
  readonly hasAuthority: boolean
}

function placeOf(node: ParsedNode, reader: Reader): Place {
  return placeIn(reader, node.range[0], node.range[1])
}

function emptyMap(reader: Reader): RawTree {
  return { kind: 'map', at: placeIn(reader, 0, 1), entries: new Map() }
}

function read(node: ParsedNode | null, reader: Reader, depth: number, secret: boolean): RawTree {
  if (node === null) return { kind: 'raw', at: placeIn(reader, 0, 1), text: '', plain: true }
  if (depth > deepest) return complain(node, reader, 'nested more than 100 levels deep')
  if (isAlias(node)) return readAlias(node, reader, secret)
  if (isCollection(node) && node.flow) noteBrackets(node, reader)
  let tree: RawTree
  if (isScalar(node)) tree = readScalarNode(node, reader, secret)
  else if (isMap(node)) tree = readMap(node as YAMLMap.Parsed, reader, depth, secret)
  else {
    const items = (node.items as (ParsedNode | null)[]).map(item => read(item, reader, depth + 1, secret))
    tree = { kind: 'list', at: placeOf(node, reader), items } satisfies List<RawScalar>
  }
  if (node.anchor) reader.anchors.set(node.anchor, { tree, range: [node.range[0], node.range[1]] })
  return tree
}

function weigh(tree: RawTree, reader: Reader): number {
  if (tree.kind === 'raw') return 1 + (tree.text.length >> 6)
  const known = reader.weights.get(tree)
  if (known !== undefined) return known
  const children = tree.kind === 'list' ? tree.items : [...tree.entries.values()].map(entry => entry.node)
  const weight = children.reduce((sum, child) => sum + weigh(child, reader), 1)
  reader.weights.set(tree, weight)
  return weight
}

function complain(node: ParsedNode, reader: Reader, message: string, hint?: string): RawScalar {
  const at = placeOf(node, reader)
  reader.diagnostics.push(fault(at, 'yaml', message, hint))
  return { kind: 'raw', at, text: '', plain: true, faulty: true }
}

function readScalarNode(node: Scalar.Parsed, reader: Reader, secret: boolean): RawScalar {
  const [from, to] = node.range
  // A secret that begins with "!" is taken for a tag, which stands before the node.
  const tag = node.tag === undefined ? from : reader.text.lastIndexOf('!', from)
  if (secret) reader.secrets.push([tag === -1 ? from : tag, to])
  else if (reader.hasAuthority) hideAuthority(from, to, reader)
  const quote = node.type === Scalar.QUOTE_SINGLE || node.type === Scalar.QUOTE_DOUBLE
  if (quote) noteUnclosed(node, reader, reader.text.charAt(node.range[0]), 'quote')
  // An explicit tag decides whether the text has a type: !!str and ! say no, !!int and its like say yes.
  const plain = node.tag === undefined ? node.type === Scalar.PLAIN : !/^!$|:str$/.test(node.tag)
  return { kind: 'raw', at: placeOf(node, reader), text: node.source ?? '', plain }
}

/** A password in a URL is a secret wherever it stands. */
function hideAuthority(from: number, to: number, reader: Reader): void {
  for (const { index, 0: whole } of reader.text.slice(from, to).matchAll(userAndPassword)) {
    reader.secrets.push([from + index + 3, from + index + whole.length])
  }
}

/** A pair in a list is a map without brackets. */
function noteBrackets(node: ParsedNode, reader: Reader): void {
  const opening = reader.text.charAt(node.range[0])
  if (opening === '{') noteUnclosed(node, reader, '}', '"{"')
  else if (opening === '[') noteUnclosed(node, reader, ']', '"["')
}

function noteUnclosed(node: ParsedNode, reader: Reader, closing: string, what: string): void {
  const [from, to] = node.range
  if (to - from < 2 || reader.text.charAt(to - 1) !== closing) reader.unclosed.set(from, what)
}

function readAlias(node: ParsedNode & { source: string }, reader: Reader, secret: boolean): RawTree {
  const anchor = reader.anchors.get(node.source)
  // What is secret here is so where it is written, too.
  if (secret && anchor !== undefined) reader.secrets.push(anchor.range)
  const tree = anchor?.tree
  if (tree === undefined) {
    if (secret) reader.secrets.push([node.range[0], node.range[1]])
    const hint = didYouMean(node.source, reader.anchors.keys()) ?? 'if it is no alias, quote it'
    return complain(node, reader, 'there is no such anchor before this alias', hint)
  }
  const before = reader.aliased
  reader.aliased += weigh(tree, reader)
  if (reader.aliased <= mostAliased) return tree
  const silent: RawTree = { kind: 'raw', at: placeOf(node, reader), text: '', plain: true, faulty: true }
  return before > mostAliased ? silent : complain(node, reader, `aliases stand for more than ${mostAliased} values`)
}

function readMap(node: YAMLMap.Parsed, reader: Reader, depth: number, secret: boolean): Mapping<RawScalar> {
  const entries = new Map<string, Entry<RawScalar>>()
  const merged: Mapping<RawScalar>[] = []
  // Behind `environment:` with nothing below it, a word that is no key is probably a variable.
  let isMisplaced = false
  for (const pair of node.items) {
    const key = pair.key as ParsedNode
    const name = read(key, reader, depth + 1, false)
    if (name.kind !== 'raw' || name.text === '') {
      const isRaw = name.kind === 'raw'
      complain(key, reader, isRaw ? 'a key is missing before ":"' : 'a key must be a word, not a list or map')
      // Without a name it is as secret as with one.
      if (secret && !isRaw) reader.secrets.push([key.range[0], key.range[1]])
      read(pair.value, reader, depth + 1, secret)
      continue
    }
    const isSecret: boolean = secretKeys.has(name.text) || (isMisplaced && !reader.keys.has(name.text))
    const value = read(pair.value, reader, depth + 1, secret || isSecret)
    // NAME:VALUE without a blank is a name for YAML.
    const colon = secret && pair.value === null ? name.text.indexOf(':') : -1
    if (colon !== -1) reader.secrets.push([key.range[0] + colon + 1, key.range[1]])
    isMisplaced = isSecret && (isMisplaced || (value.kind === 'raw' && value.text === ''))
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
    if (source.kind === 'raw' && source.faulty) return false
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
      reader.aliased += weigh(entry.node, reader)
      entries.set(key, entry)
    }
  }
  return entries
}
