/** Tree -> settings: the schema is applied, and its issues get their places and words. */
import * as v from 'valibot'
import type { Diagnostic } from '../errors.ts'
import { isDefault, withDefaults } from './defaults.ts'
import {
  configurationSchema,
  type ProgramSettings,
  programKeys,
  type Settings,
  verbatimInProbes,
  verbatimKeys,
} from './schema.ts'
import { describe, type Entry, fault, find, type Origin, optionOf, type Path, type Scalar, type Tree } from './tree.ts'
import { decode } from './values.ts'

/** A program as it was written. */
export interface WrittenProgram {
  readonly name: string
  readonly entry: Entry<Scalar>
  readonly settings: ProgramSettings
  /** Keys that are written but faulty: said already, so that nothing more is said about them. */
  readonly faulty: ReadonlySet<string>
}

/** A configuration whose parts fit the schema; what did not fit is left out and was reported. */
export interface Shape {
  readonly tree: Tree
  readonly settings: Settings
  readonly programs: readonly WrittenProgram[]
  /** The names of those that are tasks. */
  readonly tasks: ReadonlySet<string>
  /** The names of those that have a probe which tells when they are ready. */
  readonly probed: ReadonlySet<string>
}

/** Applies the schema. Faults go to `diagnostics`; the rest is kept, so that its own faults can be found in the same run. */
export function shape(written: Tree, diagnostics: Diagnostic[]): Shape {
  const tree = withDefaults(written, diagnostics)
  const faulty = new Set<string>()
  const value = plainValue(tree, [], { diagnostics, faulty })
  const result = v.safeParse(configurationSchema, value)
  for (const issue of result.issues ?? []) {
    for (const { path, message, atKey } of leaves(issue, [])) {
      const diagnostic = isDefault(tree, path) ? undefined : toDiagnostic(tree, path, message, atKey)
      if (diagnostic !== undefined) diagnostics.push(diagnostic)
      faulty.add(optionAt(path))
    }
  }
  const output = tree.kind === 'map' ? (result.output as Record<string, unknown>) : {}
  const settings = without(output, key => key === 'programs' || key === 'defaults' || faulty.has(optionAt([key])))
  const programs = programsOf(tree, output.programs, faulty)
  const tasks = new Set(programs.filter(it => it.settings.kind === 'task').map(({ name }) => name))
  const probed = new Set(programs.filter(it => tellsReady(it.settings)).map(({ name }) => name))
  return { tree, settings: settings as Settings, programs, tasks, probed }
}

/** Without a readiness probe a program is ready when it runs, which a startup probe decides. */
function tellsReady({ probes, healthcheck }: ProgramSettings): boolean {
  return probes?.readiness != null || probes?.startup != null || isActive(healthcheck)
}

/** Whether a health check is one, and not switched off. */
export function isActive(check: ProgramSettings['healthcheck']): check is NonNullable<typeof check> {
  if (check == null || check.disable) return false
  return (typeof check.test === 'string' ? check.test : check.test?.[0]) !== 'NONE'
}

/** The option that a path belongs to, as a key of a set. */
function optionAt(path: Path): string {
  return JSON.stringify(path.slice(0, path.length - optionOf(path).length + 1))
}

function programsOf(tree: Tree, outputs: unknown, faulty: ReadonlySet<string>): readonly WrittenProgram[] {
  const programs = find(tree, ['programs']).node
  if (tree.kind !== 'map' || !tree.entries.has('programs') || programs.kind !== 'map') return []
  const byName = outputs as Record<string, Record<string, unknown> | null>
  const usable = [...programs.entries].filter(([name]) => !unusable.has(name))
  return usable.map(([name, entry]) => {
    const wrong = (key: string): boolean => faulty.has(optionAt(['programs', name, key]))
    const isWhole = entry.node.kind === 'map' || (entry.node.kind === 'scalar' && entry.node.value === null)
    const written = entry.node.kind === 'map' ? [...entry.node.entries.keys()] : []
    const output = isWhole && Object.hasOwn(byName, name) ? (byName[name] ?? {}) : {}
    const settings = without(output, wrong) as ProgramSettings
    return { name, entry, settings, faulty: new Set(isWhole ? written.filter(wrong) : ['command']) }
  })
}

function without(output: Record<string, unknown>, drop: (key: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(output).filter(([key, value]) => value !== null && !drop(key)))
}

/** Keys that JavaScript's objects treat as their own. */
const unusable: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** What valibot gets: objects, arrays and scalars; below `environment` and its like the written text of scalars. */
function plainValue(tree: Tree, path: Path, found: { diagnostics: Diagnostic[]; faulty: Set<string> }): unknown {
  if (tree.kind === 'scalar') {
    if (tree.faulty) found.faulty.add(optionAt(path))
    if (isVerbatim(path)) return verbatim(tree)
    // The word `null`, which YAML reads as no value, is one there.
    return tree.value === null && tree.text !== '' && isTarget(path) ? 'null' : tree.value
  }
  if (tree.kind === 'list') return tree.items.map((item, index) => plainValue(item, [...path, index], found))
  const value: Record<string, unknown> = {}
  for (const [key, entry] of tree.entries) {
    if (key.startsWith('x-') && (path.length === 0 || (path[0] === 'programs' ? path.length === 2 : isTop(path))))
      continue
    if (unusable.has(key)) found.diagnostics.push(fault(entry.at, 'invalid-value', `"${key}" cannot be used as a key`))
    else value[key] = plainValue(entry.node, [...path, key], found)
  }
  return value
}

/** Whether a path ends with the key of an option's own map: `defaults`. */
function isTop(path: Path): boolean {
  return path[0] === 'defaults' && path.length === 1
}

function isVerbatim(path: Path): boolean {
  const [key] = optionOf(path)
  if (key === 'probes' || key === 'healthcheck') return path.some(step => verbatimInProbes.has(String(step)))
  return key !== undefined && verbatimKeys.has(String(key)) && path.at(-1) !== 'required'
}

/** Whether a path leads to one of the places that a program's output goes to. */
function isTarget(path: Path): boolean {
  const [key, stream, ...rest] = optionOf(path)
  return key === 'log' && (stream === 'stdout' || stream === 'stderr') && typeof rest.at(-1) !== 'string'
}

/** An empty value is no value, except where a variable turned out to be empty: that was meant as text. */
function verbatim(scalar: Scalar): string | null {
  return scalar.value === null && !(scalar.masked && scalar.text === '') ? null : scalar.text
}

interface Leaf {
  readonly path: Path
  readonly message: string
  readonly atKey: boolean
}

/** The issues that say something: of a value that can be written in several ways, those of the way that was meant. */
function leaves(issue: v.BaseIssue<unknown>, above: Path): readonly Leaf[] {
  const steps = issue.path ?? []
  const path = [...above, ...steps.map(step => step.key as string | number)]
  const inner = issue.type === 'union' ? (issue.issues ?? []) : []
  const meant = inner.filter(sub => sub.path !== undefined || sub.type === 'raw_transform')
  if (meant.length > 0) return meant.flatMap(sub => leaves(sub, path))
  return [{ path, message: issue.message, atKey: steps.at(-1)?.origin === 'key' }]
}

function toDiagnostic(tree: Tree, path: Path, encoded: string, atKey: boolean): Diagnostic | undefined {
  const { at, node } = find(tree, path)
  if (node.kind === 'scalar' && node.faulty) return undefined
  const { code, message, hint } = decode(encoded)
  const where = atKey ? section(path.slice(0, -1)) : ''
  if (code === 'unsupported-key') return fault(at, code, `${message}${where} is not in this version of foster yet`)
  if (atKey) return fault(at, code, `${message}${where}`, atKeyHint(tree, path, node, hint))
  const got = code === 'invalid-value' ? `${message}, got ${describe(node, path)}` : message
  return fault(node.at, code, got, hint ?? mapHint(path, node, message))
}

/** What may be wrong where a map stands in place of text: Kubernetes' form of a probe. */
function textHint(path: Path, { entries }: Extract<Tree, { kind: 'map' }>): string | undefined {
  const way = path.at(-1)
  if (way === 'exec' && entries.has('command')) return 'write the command itself: exec: [...]'
  return way === 'tcp' && entries.has('port') ? 'write the port itself, or HOST:PORT: tcp: 5432' : undefined
}

/** What may be wrong where text stands in place of a map, or a map in place of text. */
function mapHint(path: Path, node: Tree, message: string): string | undefined {
  if (node.kind === 'map') return textHint(path, node)
  if (node.kind !== 'scalar' || node.masked || !message.startsWith('expected a map')) return undefined
  if (/^[\w-]+:\S/.test(node.text) && node.plain) return 'a blank is missing behind the ":"'
  const [top, key = ''] = path
  if (top !== 'programs' || path.length !== 2) return undefined
  if (programKeys.includes(String(key))) return `indent it further if "${key}" belongs to the program above`
  return typeof node.value === 'string' && node.value !== '' ? 'write it behind "command: " on a line below' : undefined
}

/** What to do about a key that does not belong there; `near` is the hint if it is misspelt. */
function atKeyHint(tree: Tree, path: Path, node: Tree, near: string | undefined): string | undefined {
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

/** Names the section of a path, for "unknown key ... in ...". */
function section(path: Path): string {
  if (path.length === 0) return ''
  if (path[0] !== 'programs') return ` in "${path.join('.')}"`
  const [, name, ...rest] = path
  return rest.length === 0 ? ` in program "${name}"` : ` in "${rest.join('.')}" of program "${name}"`
}

/** The place of a program's option: of its value, or of the program if the option is not written. */
export function placeOf(program: WrittenProgram, ...path: Path): Origin {
  const { at, node } = find(program.entry.node, path)
  const isWritten = node !== program.entry.node
  return isWritten ? node.at : program.entry.at || at
}
