/** Files, variables and facts of the system -> the plan, or every fault at once. */

import { logDefaults } from '../core/log-plan.ts'
import { allowSuggestions } from '../core/nearest.ts'
import { type Dependency, type Plan, type Program, shutdownDefaults } from '../core/plan.ts'
import type { Diagnostic } from '../errors.ts'
import { controlOf, httpOf } from './control.ts'
import { environmentsOf, type ProgramEnvironment } from './environment.ts'
import { processesOf } from './expand.ts'
import { mergeTrees } from './merge.ts'
import { probesOf } from './probes.ts'
import { resolveProgram } from './programs.ts'
import type { Surroundings } from './resolving.ts'
import { placeOf, type Shape, shape } from './shape.ts'
import { resolveSignals } from './signals.ts'
import { excerpts, type Files, mostPatterns, readSources, type Sources } from './sources.ts'
import { clientsOf } from './supervisord/clients.ts'
import type { WrittenSupervisor } from './supervisord/written.ts'
import { addAll, fault, inline, type Mapping, type Scalar, type Tree, warning } from './tree.ts'
import { validate } from './validate.ts'
import { applyVariables } from './variables.ts'

/** What the configuration depends on besides its text; `load` itself asks the system nothing. */
export interface Facts extends Surroundings, Files {}

/** What came of loading a configuration. */
export interface Loaded {
  /** Undefined if and only if there is an error among the diagnostics. */
  readonly plan: Plan | undefined
  /** What the plan was made of; undefined if a file could not be read. */
  readonly written: Written | undefined
  /** Errors and warnings in the order of the files and of their lines. */
  readonly diagnostics: readonly Diagnostic[]
  /** The text of a file for excerpts, with its secrets blotted out. */
  source(file: string): string | undefined
}

/** How a configuration is loaded. */
export interface LoadOptions {
  /** Whether it may be without programs. */
  readonly allowEmpty?: boolean
  /** The file is Supervisor's whatever it is called; these options of `[supervisord]` win over those in it. */
  readonly supervisord?: ReadonlyMap<string, string>
}

/** Loads the files, later ones over earlier ones, then FOSTER_CONFIG_INLINE, then the variables. Never throws. */
export function load(files: readonly string[], facts: Facts, options: LoadOptions = {}): Loaded {
  allowSuggestions()
  const diagnostics: Diagnostic[] = []
  const { environment } = facts
  const sources: Sources = {
    ...{ files: facts, system: facts, environment, diagnostics, texts: new Map(), trees: [], isBroken: false },
    supervisor: undefined,
    patternsLeft: mostPatterns,
    supervisord: options.supervisord,
  }
  let made: Made | undefined
  try {
    made = make(files, facts, sources, options.allowEmpty ?? false)
  } catch (error) {
    const message = `foster failed over this configuration, which is a bug in foster: ${String(error)}`
    diagnostics.push(fault(undefined, 'internal', message))
  }
  const isFaulty = diagnostics.some(({ severity }) => severity === 'error')
  return {
    plan: isFaulty ? undefined : made?.plan,
    written: made,
    diagnostics: inOrder(diagnostics, [...sources.texts.keys()]),
    source: excerpts(sources),
  }
}

const places = ['/etc/foster/foster.yaml', '/etc/foster.yaml', './foster.yaml']

/** The files to load when none is named: `$FOSTER_CONFIG`, else the first that exists of the usual places. */
export function discover(
  environment: Readonly<Record<string, string>>,
  exists: (path: string) => boolean,
): readonly string[] {
  const named = environment.FOSTER_CONFIG
  if (named !== undefined && named !== '') return [named]
  const found = places.find(exists)
  return found === undefined ? [] : [found]
}

/** A file whose name is not quite one of the usual places': `foster.yml`. For somebody who wonders why it is not read. */
export function misnamed(exists: (path: string) => boolean): string | undefined {
  return places.map(path => path.replace(/yaml$/, 'yml')).find(exists)
}

/** What a plan was made of: where its values come from. */
export interface Written {
  readonly shape: Shape
  readonly environments: ReadonlyMap<string, ProgramEnvironment>
  /** The Supervisor file that it was. */
  readonly supervisor: WrittenSupervisor | undefined
  /** The programs with `%(name)` and `%(replica)` not filled in. */
  readonly templates: readonly Program[]
}

interface Made extends Written {
  readonly plan: Plan
}

function make(files: readonly string[], facts: Facts, sources: Sources, allowEmpty: boolean): Made | undefined {
  const { diagnostics, trees } = sources
  readSources(files, sources)
  const supervisor = sources.supervisor === 'faulty' ? undefined : sources.supervisor
  const merged = trees.filter(says).reduce((below, tree) => mergeTrees(below, tree), nothing)
  const tree = applyVariables(merged, facts.environment, diagnostics)
  checkInclude(tree, diagnostics)
  const shaped = shape(tree, diagnostics)
  const told = diagnostics.length
  // What is missing may be what the rest relies on: only faults that stand for themselves are told.
  if (sources.isBroken) return undefined
  const environments = environmentsOf(shaped, sources)
  const { settings } = shaped
  const templates = shaped.programs.map(program => {
    const environment = environments.get(program.name) ?? { variables: new Map(), secrets: new Map() }
    const resolved = resolveProgram(program, environment, shaped, facts, diagnostics)
    return supervisor?.programs.get(program.name)?.(resolved) ?? resolved
  })
  const http = httpOf(shaped, diagnostics)
  const plan: Plan = {
    programs: processes(templates, shaped, diagnostics),
    shutdown: {
      timeout: settings.shutdown?.timeout ?? shutdownDefaults.timeout,
      delay: settings.shutdown?.delay ?? shutdownDefaults.delay,
      exitCode: settings.shutdown?.exit_code ?? shutdownDefaults.exitCode,
    },
    signals: resolveSignals(shaped, diagnostics),
    log: {
      format: settings.log?.format ?? logDefaults.format,
      timestamps: settings.log?.timestamps ?? logDefaults.timestamps,
      buffer: settings.log?.buffer ?? logDefaults.buffer,
    },
    control: controlOf(shaped, facts, diagnostics),
    ...(http !== undefined && { http }),
    ...(supervisor && { stays: true, ...ownPidFileOf(supervisor), supervisor: clientsOf(supervisor.config) }),
  }
  validate(plan, shaped, diagnostics, name => supervisor?.programs.has(name) === true)
  if (plan.programs.length === 0 && !allowEmpty && supervisor === undefined) checkEmpty(shaped, files, diagnostics)
  const isNew = ({ at }: Diagnostic): boolean => at === undefined || !shaped.silenced.has(at)
  addAll(diagnostics, diagnostics.splice(told).filter(isNew))
  const names = new Set(plan.programs.map(({ name }) => name))
  const programs = plan.programs.map(program => withoutMissing(program, names))
  return { plan: { ...plan, programs }, shape: shaped, environments, templates, supervisor }
}

const mostProcesses = 10_000

/** The processes of all programs: of each as many as `replicas` says, within what one machine can run. */
function processes(templates: readonly Program[], shaped: Shape, diagnostics: Diagnostic[]): readonly Program[] {
  let count = 0
  return templates.flatMap((template, index) => {
    const written = shaped.programs[index]
    const replicas = written?.settings.replicas ?? undefined
    const before = count
    count += replicas ?? 1
    if (written !== undefined && count > mostProcesses) {
      const message = `all programs together have more than ${mostProcesses} processes`
      if (before <= mostProcesses) diagnostics.push(fault(placeOf(written, 'replicas'), 'too-large', message))
      return processesOf(template)
    }
    const made = processesOf(template, replicas)
    if (written === undefined || made.length === 1) return made
    return made.map(it => ({ ...it, probes: probesOf(written, it.replica, diagnostics) }))
  })
}

function ownPidFileOf({ config }: WrittenSupervisor): Pick<Plan, 'ownPidFile'> {
  const { pidfile } = config.daemon
  return pidfile === undefined ? {} : { ownPidFile: pidfile }
}

/** Files take theirs along when they are read; what is left comes from a variable. */
function checkInclude(tree: Tree, diagnostics: Diagnostic[]): void {
  const include = tree.kind === 'map' ? tree.entries.get('include') : undefined
  if (include === undefined) return
  const message = 'a variable cannot include files'
  diagnostics.push(fault(include.at, 'invalid-variable', message, 'name the files with -c, or include them in a file'))
}

/** Whether a document holds anything: `---` alone does not. */
function says(tree: Tree): boolean {
  return tree.kind !== 'scalar' || tree.value !== null || tree.faulty === true
}

/** Drops optional dependencies on programs that do not exist: nothing waits for them. */
function withoutMissing(program: Program, names: ReadonlySet<string>): Program {
  const exists = ({ program: on }: Dependency): boolean => names.has(on)
  return program.dependsOn.every(exists) ? program : { ...program, dependsOn: program.dependsOn.filter(exists) }
}

const nothing: Mapping<Scalar> = {
  kind: 'map',
  at: { file: inline, line: 1, column: 1, length: 1 },
  entries: new Map(),
}

/** Without programs there is nothing to do; if something else is wrong already, that is probably why. */
function checkEmpty({ tree }: Shape, files: readonly string[], diagnostics: Diagnostic[]): void {
  if (diagnostics.some(({ severity }) => severity === 'error')) return
  const written = tree.kind === 'map' ? tree.entries : nothing.entries
  const file = files.at(-1)
  if (file === undefined && written.size === 0) {
    const hint = `name a file with -c; else it is ${places.slice(0, -1).join(', ')} or ${places.at(-1)}`
    diagnostics.push(fault(undefined, 'no-programs', 'there is no configuration', hint))
    return
  }
  const at = written.get('programs')?.at ?? (file === undefined ? undefined : { file, line: 1, column: 1, length: 1 })
  diagnostics.push(fault(at, 'no-programs', 'no programs are configured', 'add one: programs: {web: {command: ...}}'))
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
  return sorted.length <= mostShown ? sorted : shortened(sorted)
}

/** The first hundred, errors before warnings, in their order, and how many more there are. */
function shortened(all: readonly Diagnostic[]): readonly Diagnostic[] {
  const isError = ({ severity }: Diagnostic): boolean => severity === 'error'
  const errors = all.filter(isError).length
  let errorsLeft = Math.min(errors, mostShown)
  let warningsLeft = mostShown - errorsLeft
  const first = all.filter(it => (isError(it) ? errorsLeft-- : warningsLeft--) > 0)
  const count = all.length - mostShown
  const more =
    errors > mostShown
      ? fault(undefined, 'too-many', `there are ${count} more faults`)
      : warning(undefined, 'too-many', `there are ${count} more warnings`)
  return [...first, more]
}
