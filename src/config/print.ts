/** The effective plan as YAML: what `foster config` prints, and what loads to an equal plan again. */
import type { ProgramLogPlan } from '../core/log-plan.ts'
import type { Credentials, Plan, Program, Reaction } from '../core/plan.ts'
import { formatDuration } from './duration.ts'
import { type Emitted, emit, type Flat } from './emit.ts'
import type { Written } from './load.ts'
import { hasNamelessTarget, logValues } from './log-print.ts'
import { controlEntries, type Say } from './print-control.ts'
import { probeEntries } from './print-probes.ts'
import type { WrittenProgram } from './shape.ts'
import { find, type Mapping, type Origin, type Path, type Scalar, type Tree, userAndPassword } from './tree.ts'

/** What is to be seen. */
export interface PrintOptions {
  /** Where each value comes from, as a comment. */
  readonly origins: boolean
  /** Values under `environment` and `secrets` and those of variables, which are `***` otherwise. */
  readonly showSecrets: boolean
}

interface Printing extends PrintOptions {
  hasMasked: boolean
}

/** Prints a plan. */
export function printPlan(plan: Plan, written: Written, options: PrintOptions): string {
  const steps = printSteps(plan, written, options)
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value
}

/** Prints a plan in steps that are short, however many programs there are. */
export function* printSteps(plan: Plan, written: Written, options: PrintOptions): Generator<void, string> {
  const printing: Printing = { ...options, hasMasked: false }
  const { shape, environments } = written
  const say = (value: Flat, path: Path, secret?: boolean): Emitted => {
    const node = nodeAt(shape.tree, path.map(String))
    if (secret && !options.showSecrets) return { value: mask(printing), from: originOf(node?.at) }
    return emittedOf(value, node, printing)
  }
  const byName = new Map(shape.programs.map(it => [it.name, it]))
  const programs: [string, Emitted][] = []
  for (const program of written.templates) {
    const own = byName.get(program.name)
    if (own !== undefined) programs.push([program.name, programOf(program, own, environments, printing, say)])
    yield
  }
  const { shutdown, log } = plan
  const at = (...path: string[]): Tree | undefined => nodeAt(shape.tree, path)
  const below = (key: string, value: Flat): [string, Emitted] => [key, emittedOf(value, at('shutdown', key), printing)]
  const top: [string, Emitted][] = [
    ['programs', { entries: programs }],
    [
      'shutdown',
      {
        entries: [
          below('timeout', formatDuration(shutdown.timeout)),
          below('delay', formatDuration(shutdown.delay)),
          below('exit_code', shutdown.exitCode === 'zero' ? 0 : shutdown.exitCode),
        ],
      },
    ],
  ]
  const reactions = Object.entries(plan.signals).map(([signal, reaction]): [string, Emitted] => [
    signal,
    reactionOf(reaction, key => emittedOf(key, at('signals', signal), printing)),
  ])
  if (reactions.length > 0) top.push(['signals', { entries: reactions }])
  const ofLog = (key: string, value: Flat): [string, Emitted] => [key, emittedOf(value, at('log', key), printing)]
  const format: [string, Emitted][] = log.format === undefined ? [] : [ofLog('format', log.format)]
  top.push(['log', { entries: [...format, ofLog('timestamps', log.timestamps), ofLog('buffer', log.buffer)] }])
  top.push(...controlEntries(plan, say))
  const text = yield* emit(top, options.origins)
  const rules = written.supervisor === undefined ? '' : supervisors
  return `# What foster makes of its configuration, complete.\n${rules}${unshownOf(plan)}${printing.hasMasked ? masked : ''}${text}`
}

/** What keys have no word for is said. */
function unshownOf({ programs }: Plan): string {
  const line = (what: string, names: readonly string[]): string =>
    names.length === 0 ? '' : `# ${what}, this does not show: ${[...new Set(names)].join(', ')}.\n`
  const sockets = programs.flatMap(({ socket }) => socket?.of ?? [])
  const withLog = (has: (log: ProgramLogPlan) => boolean): readonly string[] =>
    programs.flatMap(({ name, log }) => (has(log) ? [name] : []))
  return [
    line('What FastCGI programs have as descriptor 0', sockets),
    line("Output to the system's log, and what event listeners say to foster", withLog(hasNamelessTarget)),
    line(
      'Output that becomes events',
      withLog(it => it.events !== undefined),
    ),
    line(
      'Output that loses what steers a terminal',
      withLog(it => it.stripAnsi === true),
    ),
  ].join('')
}

const supervisors = `# Supervisor's rules of restart, and its priorities hold, which this does not show: see foster convert.
`

const masked = `# What may be secret is masked as ***: this is to be read, not to be loaded. --show-secrets shows it.
`

/** Each option of a program that is a value, in the order of the reference. */
function valuesOf(program: Program, own: WrittenProgram): readonly (readonly [key: string, value: Flat | undefined])[] {
  const { user, startRetries } = program
  return [
    ['command', program.command],
    ['kind', program.kind],
    ['pid_file', program.pidFile],
    ['group', program.group],
    ['replicas', own.settings.replicas ?? undefined],
    ['critical', program.critical],
    ['autostart', program.autostart],
    ['env_inherit', program.envInherit],
    ['working_dir', program.workingDir],
    ['stdin', program.socket === undefined ? program.stdin : undefined],
    ['tty', program.tty],
    ['user', user?.home === undefined ? undefined : `${userOf(user)}:${user.gid}`],
    // Those of the user are not repeated: somebody else may not be allowed to give any.
    ['groups', own.settings.groups ?? undefined],
    ['umask', program.umask?.toString(8).padStart(3, '0')],
    ['nice', program.nice],
    ['oom_score_adj', program.oomScoreAdj],
    ['restart', program.restart],
    ['success_exit_codes', program.successExitCodes],
    ['start_seconds', formatDuration(program.startMillis)],
    ['start_timeout', program.kind === 'daemon' ? formatDuration(program.startTimeoutMillis) : undefined],
    ['start_retries', startRetries === Number.POSITIVE_INFINITY ? -1 : startRetries],
    ['stop_signal', program.stopSignal],
    ['stop_grace_period', formatDuration(program.stopGraceMillis)],
    ['stop_scope', program.stopScope],
    ['stop_command', program.stopCommand],
  ]
}

function reactionOf(reaction: Reaction, emitted: (value: Flat) => Emitted): Emitted {
  if (reaction.do !== 'forward') return emitted(reaction.do)
  const { to, as } = reaction
  if (to === undefined && as === undefined) return emitted('forward')
  const entries: [string, Emitted][] = []
  if (to !== undefined) entries.push(['to', emitted(to)])
  if (as !== undefined) entries.push(['as', emitted(as)])
  return { entries }
}

function userOf({ name, uid }: Credentials): string | number {
  return name === undefined || /^\d/.test(name) ? uid : name
}

/** As they are written: one number for both, or each by itself. */
function limitsOf({ limits }: Program, at: (...path: string[]) => Tree | undefined, printing: Printing): Emitted {
  const shown = (value: number): Flat => (value === Number.POSITIVE_INFINITY ? 'unlimited' : value)
  const entries = limits.map(({ name, ...bounds }): [string, Emitted] => {
    const parts = (['soft', 'hard'] as const).flatMap((key): [string, Emitted][] => {
      const value = bounds[key]
      const node = at('ulimits', name, key) ?? at('ulimits', name)
      return value === undefined ? [] : [[key, emittedOf(shown(value), node, printing)]]
    })
    return [name, { entries: parts }]
  })
  return { entries }
}

function programOf(
  program: Program,
  own: WrittenProgram,
  environments: Written['environments'],
  printing: Printing,
  say: Say,
): Emitted {
  const at = (...path: string[]): Tree | undefined => nodeAt(own.entry.node, path)
  const entries: [string, Emitted][] = valuesOf(program, own).flatMap(([key, value]): [string, Emitted][] =>
    value === undefined ? [] : [[key, emittedOf(value, at(key), printing)]],
  )
  const { backoff, dependsOn } = program
  const wait = (key: string, value: Flat): [string, Emitted] => [key, emittedOf(value, at('backoff', key), printing)]
  const waits = [
    wait('delay', formatDuration(backoff.delay)),
    wait('factor', backoff.factor),
    wait('max', formatDuration(backoff.max)),
    wait('jitter', backoff.jitter),
    wait('reset_after', formatDuration(backoff.resetAfter)),
  ]
  const dependencies = dependsOn.map(({ program: on, condition, required, restart }): [string, Emitted] => {
    const node = at('depends_on', on) ?? at('depends_on')
    const name = isMasked(node) && !printing.showSecrets ? '***' : on
    const option = (key: string, value: Flat): [string, Emitted] => [
      key,
      emittedOf(value, at('depends_on', on, key) ?? node, printing),
    ]
    return [
      name,
      { entries: [option('condition', condition), option('required', required), option('restart', restart)] },
    ]
  })
  entries.push(['ulimits', limitsOf(program, at, printing)])
  if (program.rules === 'foster') entries.push(['backoff', { entries: waits }])
  entries.push(['depends_on', { entries: dependencies }])
  const { name, probes } = program
  entries.push(
    ...probeEntries(probes, own.settings, (value, path, secret) => say(value, ['programs', name, ...path], secret)),
  )
  entries.push(...environmentOf(program, environments, printing))
  const log = logValues(program.log).map(([key, value]): [string, Emitted] => [
    key,
    emittedOf(value, at('log', key), printing),
  ])
  entries.push(['log', { entries: log }])
  return { entries }
}

function environmentOf(
  { name, environment, secrets }: Program,
  environments: Written['environments'],
  printing: Printing,
): [string, Emitted][] {
  const written = environments.get(name)
  const cover = (value: string): string => (printing.showSecrets ? value : mask(printing))
  const variables = Object.entries(environment).map(([variable, value]) => {
    const found = written?.variables.get(variable)
    const from = `${originOf(found?.at)}${found?.inherited ? ", foster's environment" : ''}`
    return { variable, value: cover(value), from }
  })
  // Names that a key cannot be are written as a list, which takes any.
  const isList = variables.some(({ variable }) => variable.length > 150 || unusable.has(variable))
  const emitted: Emitted = isList
    ? { items: variables.map(({ variable, value, from }) => ({ value: `${variable}=${value}`, from })) }
    : { entries: variables.map(({ variable, value, from }) => [variable, { value, from }]) }
  const files = Object.entries(secrets).map(([variable, path]): [string, Emitted] => [
    variable,
    { value: cover(path), from: originOf(written?.secrets.get(variable)?.at) },
  ])
  return [
    ['environment', emitted],
    ['secrets', { entries: files }],
  ]
}

const unusable: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** The node that is written at a path; undefined if none is, or one without a value. */
export function nodeAt(tree: Tree, path: readonly string[]): Tree | undefined {
  const [key, ...rest] = path
  if (key === undefined) return tree.kind === 'scalar' && tree.value === null && !tree.masked ? undefined : tree
  const entry = tree.kind === 'map' ? (tree satisfies Mapping<Scalar>).entries.get(key) : undefined
  return entry && nodeAt(entry.node, rest)
}

function emittedOf(value: Flat, node: Tree | undefined, printing: Printing): Emitted {
  const from = originOf(node?.at)
  if (printing.showSecrets) return { value, from }
  if (node === undefined || !isMasked(node)) return { value: withoutPasswords(value, printing), from }
  if (node.kind === 'list' && Array.isArray(value) && value.length === node.items.length) {
    const items = value.map((item, index) => (isMasked(find(node, [index]).node) ? mask(printing) : item))
    return { value: withoutPasswords(items, printing), from }
  }
  const shown = node.kind === 'scalar' ? node.shown : undefined
  return { value: withoutPasswords(shown === undefined ? mask(printing) : mask(printing, shown), printing), from }
}

/** The value without the users and passwords of URLs in it. */
function withoutPasswords(value: Flat, printing: Printing): Flat {
  if (typeof value === 'string') return value.replace(userAndPassword, () => mask(printing, '://***'))
  if (typeof value !== 'object') return value
  if (value instanceof Map) return new Map([...value].map(([key, it]) => [key, withoutPasswords(it, printing)]))
  return (value as readonly Flat[]).map(item => withoutPasswords(item, printing))
}

function mask(printing: Printing, shown = '***'): string {
  printing.hasMasked = true
  return shown
}

/** Whether any part of a node holds a value that is not to be shown. */
export function isMasked(node: Tree | undefined): boolean {
  if (node === undefined) return false
  if (node.kind === 'scalar') return node.masked
  const below = node.kind === 'list' ? node.items : [...node.entries.values()].map(entry => entry.node)
  return below.some(isMasked)
}

function originOf(at: Origin | undefined): string {
  if (at === undefined) return 'default'
  return 'variable' in at ? at.variable : `${at.file}:${at.line}`
}
