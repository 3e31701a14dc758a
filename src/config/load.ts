/** Files, variables and facts of the system -> the plan, or every fault at once. */
import { type Dependency, type Plan, type Program, shutdownDefaults } from '../core/plan.ts'
import type { Diagnostic } from '../errors.ts'
import { interpolate } from './interpolate.ts'
import { mergeTrees } from './merge.ts'
import { resolveProgram, type Surroundings } from './programs.ts'
import { blot, guessSecrets } from './secrets.ts'
import { type Shape, shape } from './shape.ts'
import { fault, type Mapping, type Scalar, type Tree } from './tree.ts'
import { validate } from './validate.ts'
import { applyVariables } from './variables.ts'
import { type ParsedText, parseYaml } from './yaml.ts'

/** What the configuration depends on besides its text; `load` itself asks the system nothing. */
export interface Facts extends Surroundings {
  /** The text of a file; throws an ErrnoException. */
  readFile(path: string): string
}

/** What came of loading a configuration. */
export interface Loaded {
  /** Undefined if and only if there is an error among the diagnostics. */
  readonly plan: Plan | undefined
  /** Errors and warnings in the order of the files and of their lines. */
  readonly diagnostics: readonly Diagnostic[]
  /** The text of a file for excerpts, with its secrets blotted out. */
  source(file: string): string | undefined
}

/** Loads the files, later ones over earlier ones, then FOSTER_CONFIG_INLINE, then the variables. Never throws. */
export function load(files: readonly string[], facts: Facts, options: { allowEmpty?: boolean } = {}): Loaded {
  const loading: Loading = { facts, texts: new Map(), diagnostics: [] }
  let plan: Plan | undefined
  try {
    plan = planOf(files, loading, options.allowEmpty ?? false)
  } catch (error) {
    const message = `foster failed over this configuration, which is a bug in foster: ${String(error)}`
    loading.diagnostics.push(fault(undefined, 'internal', message))
  }
  const diagnostics = inOrder(loading.diagnostics, [...loading.texts.keys()])
  const isFaulty = diagnostics.some(({ severity }) => severity === 'error')
  const source = (file: string): string | undefined => excerptable(loading.texts.get(file))
  return { plan: isFaulty ? undefined : plan, diagnostics, source }
}

/** The files to load when none is named: `$FOSTER_CONFIG`, else the first that exists of the usual places. */
export function discover(
  environment: Readonly<Record<string, string>>,
  exists: (path: string) => boolean,
): readonly string[] {
  const named = environment.FOSTER_CONFIG
  if (named !== undefined && named !== '') return [named]
  const found = ['/etc/foster/foster.yaml', '/etc/foster.yaml', './foster.yaml'].find(exists)
  return found === undefined ? [] : [found]
}

interface Text extends ParsedText {
  readonly text: string
}

interface Loading {
  readonly facts: Facts
  /** By name, in the order they are merged. */
  readonly texts: Map<string, Text>
  readonly diagnostics: Diagnostic[]
}

const inline = 'FOSTER_CONFIG_INLINE'

function planOf(files: readonly string[], loading: Loading, allowEmpty: boolean): Plan | undefined {
  const { facts, diagnostics } = loading
  const texts = files.map(file => readText(file, loading))
  const inlined = facts.environment[inline]
  if (inlined !== undefined && inlined.trim() !== '') texts.push(parse(inlined, inline, loading))
  const trees = texts.map(text => text?.tree && interpolate(text.tree, facts.environment, diagnostics))
  if (trees.includes(undefined)) return undefined
  const merged = (trees as readonly Tree[]).filter(says).reduce((below, tree) => mergeTrees(below, tree), nothing)
  const shaped = shape(applyVariables(merged, facts.environment, diagnostics), diagnostics)
  const { settings } = shaped
  const plan: Plan = {
    programs: shaped.programs.map(program => resolveProgram(program, shaped, facts, diagnostics)),
    shutdown: {
      timeout: settings.shutdown?.timeout ?? shutdownDefaults.timeout,
      delay: settings.shutdown?.delay ?? shutdownDefaults.delay,
      exitCode: settings.shutdown?.exit_code ?? shutdownDefaults.exitCode,
    },
    logFormat: settings.log?.format ?? undefined,
  }
  validate(plan, shaped, diagnostics)
  if (plan.programs.length === 0 && !allowEmpty) checkEmpty(shaped, diagnostics)
  return { ...plan, programs: plan.programs.map(program => withoutMissing(program, plan)) }
}

/** Whether a document holds anything: `---` alone does not. */
function says(tree: Tree): boolean {
  return tree.kind !== 'scalar' || tree.value !== null || tree.faulty === true
}

/** Drops optional dependencies on programs that do not exist: nothing waits for them. */
function withoutMissing(program: Program, { programs }: Plan): Program {
  const exists = ({ program: on }: Dependency): boolean => programs.some(({ name }) => name === on)
  return program.dependsOn.every(exists) ? program : { ...program, dependsOn: program.dependsOn.filter(exists) }
}

const nothing: Mapping<Scalar> = {
  kind: 'map',
  at: { file: inline, line: 1, column: 1, length: 1 },
  entries: new Map(),
}

/** Without programs there is nothing to do; if something else is wrong already, that is probably why. */
function checkEmpty({ tree }: Shape, diagnostics: Diagnostic[]): void {
  if (diagnostics.some(({ severity }) => severity === 'error')) return
  const at = tree.kind === 'map' ? tree.entries.get('programs')?.at : undefined
  diagnostics.push(fault(at, 'no-programs', 'no programs are configured', 'add one: programs: {web: {command: ...}}'))
}

const largestFile = 1024 * 1024

function readText(file: string, loading: Loading): Text | undefined {
  let text: string
  try {
    text = loading.facts.readFile(file)
  } catch (error) {
    const why = reasons[(error as { code?: string }).code ?? ''] ?? (error as Error)?.message ?? String(error)
    loading.diagnostics.push(fault(undefined, 'unreadable-file', `cannot read ${file}: ${why}`))
    return undefined
  }
  const wrong = unfit(file, text)
  if (wrong === undefined) return parse(text.replace(/^\uFEFF/, ''), file, loading)
  loading.diagnostics.push(wrong)
  return undefined
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  ELOOP: 'too many symbolic links',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not valid UTF-8',
}

function unfit(file: string, text: string): Diagnostic | undefined {
  if (text.length > largestFile) {
    return fault(undefined, 'unreadable-file', `cannot read ${file}: it is larger than 1 MiB`)
  }
  const invalid = text.indexOf('\uFFFD')
  if (invalid !== -1) {
    const before = text.slice(0, invalid).split('\n')
    const at = { file, line: before.length, column: (before.at(-1) ?? '').length + 1, length: 1 }
    return fault(at, 'unreadable-file', 'the file is not valid UTF-8 here')
  }
  const name = file.slice(file.lastIndexOf('/') + 1)
  if (
    !/\.(?:conf|ini)$/.test(name) &&
    name !== 'Procfile' &&
    !/^(?:\s*(?:[;#].*)?\n)*\[[^\]\n]+\]\s*(?:\n|$)/.test(text)
  )
    return undefined
  return fault(undefined, 'unsupported-file', `cannot read ${file}: this version of foster reads only YAML files`)
}

function parse(text: string, file: string, loading: Loading): Text {
  const parsed = { ...parseYaml(text, file), text }
  loading.texts.set(file, parsed)
  loading.diagnostics.push(...parsed.diagnostics)
  return parsed
}

function excerptable(text: Text | undefined): string | undefined {
  return text && blot(text.text, text.tree === undefined ? [...text.secrets, ...guessSecrets(text.text)] : text.secrets)
}

const mostShown = 100

/** Sorts by file, line and column; what has no place comes first, variables last. An alias's fault is told once. */
function inOrder(diagnostics: readonly Diagnostic[], files: readonly string[]): readonly Diagnostic[] {
  const rank = ({ at }: Diagnostic): number => {
    if (at === undefined) return -1
    return 'file' in at ? files.indexOf(at.file) : files.length
  }
  const line = ({ at }: Diagnostic): number => (at && 'file' in at ? at.line * 10_000 + Math.min(at.column, 9999) : 0)
  const distinct = [...new Map(diagnostics.map(each => [JSON.stringify(each), each])).values()]
  const sorted = distinct.sort((a, b) => rank(a) - rank(b) || line(a) - line(b))
  if (sorted.length <= mostShown) return sorted
  const more = fault(undefined, 'too-many', `there are ${sorted.length - mostShown} more faults`)
  return [...sorted.slice(0, mostShown), more]
}
