/**
 * What was written, with the place of every part: the stages between a text and the plan. A raw tree holds the scalars
 * as text; interpolation turns it into a tree of typed values.
 */
import { posix } from 'node:path'
import type { Diagnostic, Place } from '../errors.ts'

/** Where something was written: a place in a file, or an environment variable. */
export type Origin = Place | { readonly variable: string }

/** A scalar as it was written. `plain`: without quotes, so that its text decides its type. */
export interface RawScalar {
  readonly kind: 'raw'
  readonly at: Origin
  readonly text: string
  readonly plain: boolean
  /** A fault was reported already: the text is a stand-in, and nothing more is said about it. */
  readonly faulty?: boolean
}

/** A scalar after interpolation. `masked`: it holds a value that messages must not show. */
export interface Scalar {
  readonly kind: 'scalar'
  readonly at: Origin
  readonly text: string
  readonly plain: boolean
  readonly masked: boolean
  /** Of a masked scalar: its text with `***` for what came from variables. */
  readonly shown?: string
  readonly value: string | number | boolean | null
  /** As with a raw scalar. */
  readonly faulty?: boolean
}

/** A list of nodes. */
export interface List<Leaf> {
  readonly kind: 'list'
  readonly at: Origin
  readonly items: readonly Node<Leaf>[]
}

/** A value under a key; `at` is the key's place. */
export interface Entry<Leaf> {
  readonly at: Origin
  readonly node: Node<Leaf>
}

/** A map from keys to nodes, in the order they were written. */
export interface Mapping<Leaf> {
  readonly kind: 'map'
  readonly at: Origin
  readonly entries: ReadonlyMap<string, Entry<Leaf>>
}

/** A scalar, a list or a map. */
export type Node<Leaf> = Leaf | List<Leaf> | Mapping<Leaf>

/** A parsed text. */
export type RawTree = Node<RawScalar>

/** A text whose variables are filled in and whose scalars have their types. */
export type Tree = Node<Scalar>

/** The steps from the top of a tree to one of its nodes: keys of maps, indexes of lists. */
export type Path = readonly (string | number)[]

/** The entry at the end of a path, or as far along it as the tree goes. */
export function find(tree: Tree, path: Path): Entry<Scalar> {
  let found: Entry<Scalar> = { at: tree.at, node: tree }
  for (const step of path) {
    const { node } = found
    let next: Entry<Scalar> | undefined
    if (node.kind === 'map') next = node.entries.get(String(step))
    else if (node.kind === 'list') next = entryOf(node.items[Number(step)])
    if (next === undefined) return found
    found = next
  }
  return found
}

/** The part of a path below the program or the top level: the key of an option and what follows. */
export function optionOf(path: Path): Path {
  return path.slice(optionDepth(path))
}

/** How far down a path its option's key stands. */
export function optionDepth(path: Path): number {
  if (path[0] === 'programs') return 2
  return path[0] === 'defaults' ? 1 : 0
}

/** A path written in a file is relative to that file; in a variable or on a descriptor, to foster's own directory. */
export function resolvePath(text: string, at: Origin): string {
  if (text.startsWith('/') || 'variable' in at || at.file === inline || /^\/dev\/(?:fd\/|stdin$)/.test(at.file))
    return text
  const end = at.file.lastIndexOf('/')
  return end === -1 ? text : posix.join(at.file.slice(0, end + 1), text)
}

/** The document that comes in a variable, and is no file. */
export const inline = 'FOSTER_CONFIG_INLINE'

/** The place of a part of a text, where that stands in the file as it was read: on one line, with nothing escaped. */
export function inside(at: Origin, text: string, offset: number, length: number): Origin {
  if ('variable' in at || text.includes('\n')) return at
  // Quotes take one column on each side; whatever else is not written as it is read makes the text longer still.
  const before = (at.length - text.length) / 2
  if (before !== 0 && before !== 1) return at
  return { ...at, column: at.column + before + offset, length: Math.max(1, Math.min(length, text.length - offset)) }
}

function entryOf(node: Tree | undefined): Entry<Scalar> | undefined {
  return node && { at: node.at, node }
}

/** Keys whose values are not shown, wherever they stand. */
export const secretKeys: ReadonlySet<string> = new Set(['environment', 'secrets', 'headers', 'token'])

/** `://USER:PASSWORD` in front of the `@` of a URL. */
export const userAndPassword = /:\/\/[^\s/?#:@]*:[^\s/?#@]+(?=@)/g

/** Says what a node is, for "expected ..., got ...": short, and `***` where the value is not to be seen. */
export function describe(node: Tree, path: Path): string {
  if (node.kind === 'map') return 'a map'
  if (node.kind === 'list') return 'a list'
  if (node.masked || path.some(step => secretKeys.has(String(step)))) return '***'
  if (node.plain && node.text === '') return 'nothing'
  const visible = node.text.replace(userAndPassword, '://***')
  const text = visible.length > 60 ? `${visible.slice(0, 57)}...` : visible
  return node.plain && typeof node.value !== 'string' ? text : JSON.stringify(text)
}

/** Makes an error; `at` is where it is shown. */
export function fault(at: Origin | undefined, code: string, message: string, hint?: string): Diagnostic {
  return { code, severity: 'error', message, at, ...(hint === undefined ? {} : { hint }) }
}

/** Makes a warning; `at` is where it is shown. */
export function warning(at: Origin | undefined, code: string, message: string, hint?: string): Diagnostic {
  return { ...fault(at, code, message, hint), severity: 'warning' }
}

/** Adds diagnostics to others. Handed over as arguments, a hundred thousand of them would overflow the stack. */
export function addAll(diagnostics: Diagnostic[], found: Iterable<Diagnostic>): void {
  for (const each of found) diagnostics.push(each)
}
