/** Tree -> settings: the schema is applied, and its issues get their places and words. */
import * as v from 'valibot'
import type { Diagnostic } from '../errors.ts'
import { isDefault, withDefaults } from './defaults.ts'
import { keyHint, valueHint } from './hints.ts'
import { prune, silenced } from './prune.ts'
import { configurationSchema, type ProgramSettings, type Settings, verbatimInProbes, verbatimKeys } from './schema.ts'
import {
  describe,
  type Entry,
  fault,
  find,
  type Origin,
  optionDepth,
  optionOf,
  type Path,
  type Scalar,
  type Tree,
} from './tree.ts'
import { decode, encode } from './values.ts'

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
  /** Keys of the top level in which something is faulty. */
  readonly faulty: ReadonlySet<string>
  /** Places of which all has been said: what is missing there was written, and did not fit. */
  readonly silenced: ReadonlySet<Origin>
}

/** Applies the schema. Faults go to `diagnostics`; the rest is kept, so that its own faults can be found in the same run. */
export function shape(written: Tree, diagnostics: Diagnostic[]): Shape {
  const tree = withDefaults(written, diagnostics)
  const faulty: Path[] = []
  const value = plainValue(tree, [], { diagnostics, faulty })
  const result = v.safeParse(configurationSchema, value)
  for (const issue of result.issues ?? []) {
    for (const { path, message, atKey } of leaves(issue, [])) {
      const diagnostic = isDefault(tree, path) ? undefined : toDiagnostic(tree, path, message, atKey)
      if (diagnostic !== undefined) diagnostics.push(diagnostic)
      faulty.push(path)
    }
  }
  const { output, useless } = faulty.length === 0 ? { output: result.output, useless: none } : rest(value, tree, faulty)
  const options = tree.kind === 'map' ? (output as Record<string, unknown>) : {}
  const said = new Set(faulty.map(optionAt))
  const settings = without(options, key => key === 'programs' || key === 'defaults' || useless.has(optionAt([key])))
  const programs = programsOf(tree, options.programs, said, useless)
  const tasks = new Set(programs.filter(it => it.settings.kind === 'task').map(({ name }) => name))
  const probed = new Set(programs.filter(it => tellsReady(it.settings)).map(({ name }) => name))
  const keys = new Set(faulty.map(([key]) => String(key)))
  return {
    tree,
    settings: settings as Settings,
    programs,
    tasks,
    probed,
    faulty: keys,
    silenced: silenced(tree, faulty),
  }
}

const none: ReadonlySet<string> = new Set()

/** What is left without the faulty parts, and the options that are of no use even so. */
function rest(value: unknown, tree: Tree, faulty: readonly Path[]): { output: unknown; useless: ReadonlySet<string> } {
  prune(value, tree, faulty)
  const { output, issues } = v.safeParse(configurationSchema, value)
  const useless = (issues ?? []).flatMap(issue => leaves(issue, [])).map(({ path }) => optionAt(path))
  return { output, useless: new Set(useless) }
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

function programsOf(
  tree: Tree,
  outputs: unknown,
  said: ReadonlySet<string>,
  useless: ReadonlySet<string>,
): readonly WrittenProgram[] {
  const programs = find(tree, ['programs']).node
  if (tree.kind !== 'map' || !tree.entries.has('programs') || programs.kind !== 'map') return []
  const byName = (outputs ?? {}) as Record<string, Record<string, unknown> | null>
  const usable = [...programs.entries].filter(([name]) => !unusable.has(name))
  return usable.map(([name, entry]) => {
    const at = (key: string): string => optionAt(['programs', name, key])
    const isWhole = entry.node.kind === 'map' || (entry.node.kind === 'scalar' && entry.node.value === null)
    const written = entry.node.kind === 'map' ? [...entry.node.entries.keys()] : []
    const output = isWhole && Object.hasOwn(byName, name) ? (byName[name] ?? {}) : {}
    const settings = without(output, key => useless.size > 0 && useless.has(at(key))) as ProgramSettings
    const faulty = said.size === 0 ? [] : written.filter(key => said.has(at(key)))
    return { name, entry, settings, faulty: new Set(isWhole ? faulty : ['command']) }
  })
}

function without(output: Record<string, unknown>, drop: (key: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(output).filter(([key, value]) => value !== null && !drop(key)))
}

/** Keys that JavaScript's objects treat as their own. */
const unusable: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** What valibot gets: objects, arrays and scalars; below `environment` and its like the written text of scalars. */
function plainValue(tree: Tree, path: Path, found: { diagnostics: Diagnostic[]; faulty: Path[] }): unknown {
  if (tree.kind === 'scalar') {
    if (tree.faulty) found.faulty.push(path)
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
  const key = path[optionDepth(path)]
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
  const meant = alternatives(issue).filter(sub => sub.path !== undefined || sub.type === 'raw_transform')
  // All of its ways are words or numbers of a kind: it says so better than the one of them that was tried.
  if (meant.length > 0 && meant.every(sub => sub.path === undefined)) {
    const { code, message } = decode(issue.message)
    const hint = meant.map(sub => decode(sub.message).hint).find(it => it !== undefined)
    return [{ path, message: encode(code, message, hint), atKey: false }]
  }
  if (meant.length > 0) return meant.flatMap(sub => leaves(sub, path))
  return [{ path, message: issue.message, atKey: steps.at(-1)?.origin === 'key' }]
}

/** The issues of every way in which a value can be written; of a way that has several itself those inside of it. */
function alternatives(issue: v.BaseIssue<unknown>): readonly v.BaseIssue<unknown>[] {
  const inner = issue.type === 'union' ? (issue.issues ?? []) : []
  return inner.flatMap(sub =>
    sub.type === 'union' && sub.path === undefined ? alternatives(sub).filter(it => it.path !== undefined) : [sub],
  )
}

function toDiagnostic(tree: Tree, path: Path, encoded: string, atKey: boolean): Diagnostic | undefined {
  const { at, node } = find(tree, path)
  if (node.kind === 'scalar' && node.faulty) return undefined
  const { code, message, hint } = decode(encoded)
  const where = atKey ? section(path.slice(0, -1)) : ''
  if (code === 'unsupported-key') return fault(at, code, `${message}${where} is not in this version of foster yet`)
  if (atKey) return fault(at, code, `${message}${where}`, keyHint(tree, path, node, hint))
  const got = code === 'invalid-value' ? `${message}, got ${describe(node, path)}` : message
  // A value that is not to be seen is not to be guessed either.
  const isGuess = node.kind === 'scalar' && node.masked && hint?.startsWith('did you mean')
  return fault(node.at, code, got, isGuess ? undefined : (hint ?? valueHint(path, node, message)))
}

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
