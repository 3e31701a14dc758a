/** What can be judged only by looking at all programs: names, dependencies, the terminal, the shutdown's budget. */
import { findCycle, graphOf } from '../core/graph.ts'
import { didYouMean } from '../core/nearest.ts'
import type { Dependency, Plan, Program, ShutdownPlan } from '../core/plan.ts'
import type { Diagnostic } from '../errors.ts'
import { formatDuration } from './duration.ts'
import { checkLogs } from './log.ts'
import { placeOf, type Shape, type WrittenProgram } from './shape.ts'
import { fault, find, type Origin, warning } from './tree.ts'

/**
 * Checks a plan against the settings it was made of. Call it for faulty plans too: it looks only at what is there.
 * `isForeign`: a name that other rules hold for.
 */
export function validate(
  plan: Plan,
  shape: Shape,
  diagnostics: Diagnostic[],
  isForeign: (name: string) => boolean = () => false,
): void {
  for (const program of shape.programs) if (!isForeign(program.name)) checkName(program, diagnostics)
  checkDependencies(plan, shape, diagnostics)
  checkTerminal(plan, shape, diagnostics)
  checkLogs(plan, shape, diagnostics)
  const isSound = diagnostics.every(({ severity }) => severity !== 'error')
  if (checkShutdown(plan, shape, diagnostics) && isSound) checkGrace(plan, shape, diagnostics)
}

/** What a program may be called. */
export const programName = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/

/** The same in words. */
export const nameRule = 'letters, digits, "_", "." and "-", the first a letter or digit'

/** What it may not be called all the same. */
export const reservedNames: ReadonlySet<string> = new Set(['all', 'foster'])

function checkName({ name, entry }: WrittenProgram, diagnostics: Diagnostic[]): void {
  if (reservedNames.has(name)) {
    diagnostics.push(
      fault(entry.at, 'invalid-name', `a program cannot be called "${name}": foster uses that word itself`),
    )
  } else if (!programName.test(name)) {
    const message = `${JSON.stringify(name)} is no name for a program: ${nameRule}`
    diagnostics.push(fault(entry.at, 'invalid-name', message))
  }
}

function checkDependencies(plan: Plan, shape: Shape, diagnostics: Diagnostic[]): void {
  const names = new Set(shape.programs.map(({ name }) => name))
  const resolved = new Map(plan.programs.map(program => [program.name, program.dependsOn]))
  const edges = new Map(shape.programs.map(it => [it.name, edgesOf(it, resolved.get(it.name) ?? [])]))
  for (const [name, written] of edges) {
    const seen = new Set<string>()
    for (const edge of written) {
      if (edge.on === name) diagnostics.push(fault(edge.at, 'cycle', `program "${name}" depends on itself`))
      else if (!names.has(edge.on)) diagnostics.push(missing(name, edge, names))
      else if (seen.has(edge.on)) {
        diagnostics.push(fault(edge.at, 'duplicate', `the dependency on "${edge.on}" is written twice`))
      }
      seen.add(edge.on)
    }
    edges.set(
      name,
      written.filter(({ on }) => on !== name && names.has(on)),
    )
  }
  checkCycles(edges, diagnostics)
}

/** Every cycle has one edge reported and taken away, until none is left; ten are enough to read. */
function checkCycles(edges: Map<string, readonly Edge[]>, diagnostics: Diagnostic[]): void {
  // What depends on nothing is in no cycle.
  const dependants = [...edges].filter(([, written]) => written.length > 0).map(([name]) => name)
  for (let found = 0; found < 10; found++) {
    const cycle = findCycle(dependants, name => (edges.get(name) ?? []).map(({ on }) => on))
    if (cycle === undefined) return
    const [name = '', on] = cycle
    const edge = edges.get(name)?.find(other => other.on === on)
    const message = `the dependencies form a cycle: ${cycle.join(' -> ')}`
    diagnostics.push(fault(edge?.at, 'cycle', message, 'remove one of them'))
    edges.set(
      name,
      (edges.get(name) ?? []).filter(other => other !== edge),
    )
  }
}

/** A dependency as it is written. */
interface Edge {
  readonly on: string
  readonly at: Origin
  readonly required: boolean
  readonly masked: boolean
}

/** The items of a list, the keys of a map; also where a condition is faulty, since the names can be right or wrong for themselves. */
function edgesOf(program: WrittenProgram, resolved: readonly Dependency[]): readonly Edge[] {
  const { node } = find(program.entry.node, ['depends_on'])
  if (node === program.entry.node) return []
  if (node.kind === 'list') {
    const items = node.items.flatMap(item => (item.kind === 'scalar' && !item.faulty ? [item] : []))
    return items.map(({ text, at, masked }) => ({ on: text, at, required: true, masked }))
  }
  if (node.kind !== 'map') return []
  return [...node.entries].map(([on, { at }]) => {
    const required = resolved.find(other => other.program === on)?.required ?? true
    return { on, at, required, masked: false }
  })
}

function missing(name: string, { on, at, required, masked }: Edge, names: Iterable<string>): Diagnostic {
  const message = `program "${name}" depends on ${masked ? '***' : `"${on}"`}, which does not exist`
  const hint = masked ? undefined : didYouMean(on, names)
  return required ? fault(at, 'unknown-program', message, hint) : warning(at, 'unknown-program', message, hint)
}

/** One terminal or input can serve one program. */
function checkTerminal(plan: Plan, shape: Shape, diagnostics: Diagnostic[]): void {
  const users = plan.programs.filter(program => program.tty || program.stdin === 'inherit')
  for (const program of users.slice(1)) {
    const written = shape.programs.find(({ name }) => name === program.name)
    if (written === undefined) continue
    const what = program.tty ? 'tty: true' : 'stdin: inherit'
    const message = `program "${users[0]?.name}" has the terminal or the input already, and there is only one`
    diagnostics.push(fault(placeOf(written, program.tty ? 'tty' : 'stdin'), 'conflict', message, `remove "${what}"`))
  }
}

/** What is kept back for strays and the last lines of logs (design section 6). */
function reserveOf(timeout: number): number {
  return Math.min(1000, timeout / 4)
}

function budgetOf({ timeout, delay }: ShutdownPlan): number {
  return timeout - delay - reserveOf(timeout)
}

function checkShutdown({ shutdown }: Plan, shape: Shape, diagnostics: Diagnostic[]): boolean {
  if (budgetOf(shutdown) > 0 || shape.faulty.has('shutdown')) return true
  const { delay } = shutdown
  const { at, node } = find(shape.tree, ['shutdown', delay > 0 ? 'delay' : 'timeout'])
  const message = `the shutdown leaves programs no time: ${arithmetic(shutdown)}`
  diagnostics.push(
    fault(node.at ?? at, 'invalid-value', message, `make shutdown.timeout longer than ${formatDuration(delay)}`),
  )
  return false
}

function arithmetic({ timeout, delay }: ShutdownPlan): string {
  const reserve = formatDuration(reserveOf(timeout))
  const waits = delay > 0 ? ` - delay ${formatDuration(delay)}` : ''
  return `${formatDuration(timeout)}${waits} - ${reserve} for strays and logs`
}

const mostAddends = 6

/** Warns if programs could use up all their grace and not fit the shutdown, where someone wrote one of those grace periods. */
function checkGrace(plan: Plan, shape: Shape, diagnostics: Diagnostic[]): void {
  // Where nobody wrote one there is nothing to say, and the graph need not be known.
  if (shape.programs.every(({ settings }) => settings.stop_grace_period == null)) return
  const longest = longestOfLevels(plan)
  const sum = longest.reduce((total, program) => total + program.stopGraceMillis, 0)
  const budget = budgetOf(plan.shutdown)
  const explicit = shape.programs
    .filter(({ name, settings }) => settings.stop_grace_period != null && longest.some(it => it.name === name))
    .sort((a, b) => (b.settings.stop_grace_period ?? 0) - (a.settings.stop_grace_period ?? 0))
  const [first] = explicit
  if (first === undefined || sum <= budget) return
  const parts = longest.map(({ name, stopGraceMillis }) => `${name} ${formatDuration(stopGraceMillis)}`)
  // The sum of hundreds would hide the rest of the message.
  const shown =
    parts.length > mostAddends ? [...parts.slice(0, mostAddends - 1), `${parts.length - mostAddends + 1} more`] : parts
  const total = parts.length > 1 ? `${shown.join(' + ')} = ${formatDuration(sum)}` : parts.join()
  const has = `the shutdown has ${formatDuration(budget)} (${arithmetic(plan.shutdown)})`
  const needed = formatDuration(Math.ceil((sum + plan.shutdown.delay + 1000) / 1000) * 1000)
  const setting = plan.supervisor === undefined ? 'shutdown.timeout to ' : 'the variable FOSTER__SHUTDOWN__TIMEOUT='
  const hint = `set ${setting}${needed}, and the container runtime's own timeout above that, or shorten the grace periods`
  const message = `the grace periods do not fit: ${total}, ${has}`
  diagnostics.push(warning(placeOf(first, 'stop_grace_period'), 'grace-does-not-fit', message, hint))
}

/** The program with the longest grace of each level, first those that stop first. Tasks have ended by then. */
function longestOfLevels({ programs }: Plan): readonly Program[] {
  const { levels } = graphOf(programs)
  const longest: Program[] = []
  for (const [index, program] of programs.entries()) {
    const level = levels[index] ?? 0
    const best = longest[level]
    if (program.kind === 'service' && (best === undefined || program.stopGraceMillis > best.stopGraceMillis)) {
      longest[level] = program
    }
  }
  return longest.filter(program => program !== undefined)
}
