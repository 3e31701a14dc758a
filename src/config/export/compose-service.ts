/** One program as a service of a Compose file. */
import type { Program } from '../../core/plan.ts'
import type { Limit } from '../../core/settings.ts'
import { canBeAsked, healthOf } from './compose-health.ts'
import { composeDuration, escaped } from './compose-text.ts'
import { lostOf } from './lost.ts'
import { maskedNote } from './notes.ts'
import type { References } from './references.ts'
import type { Said, Shown } from './shown.ts'
import type { Unit } from './units.ts'
import { type Field, field, type Section, section } from './yaml.ts'

/** What the services have in common. */
export interface Application {
  readonly image: string
  /** Whose network is shared; undefined: none is. */
  readonly network: string | undefined
  readonly references: References
  readonly shown: Shown
}

/** Makes the service. */
export function serviceOf(unit: Unit, application: Application): readonly Field[] {
  const { program, name } = unit
  const { shown, image, network, references } = application
  const health = healthOf(program, shown)
  const dir = program.workingDir === undefined ? undefined : shown.text(program, ['working_dir'], program.workingDir)
  const fields = section(
    field('image', escaped(image)),
    field('init', true),
    wordsField('entrypoint', shown.words(program, ['command'], program.command)),
    field('working_dir', dir && escaped(dir.value), { above: dir?.isMasked ? [maskedNote] : [] }),
    userOf(program),
    environmentOf(unit, references, shown),
    field('network_mode', network === undefined || network === name ? undefined : `service:${network}`),
    dependenciesOf(unit),
    health.field,
    field('restart', restartOf(program)),
    stopOf(program, shown),
    field('ulimits', limitsOf(program.limits)),
    field('oom_score_adj', program.oomScoreAdj),
    field('tty', program.tty || undefined),
    field('stdin_open', program.tty || program.stdin !== 'null' || undefined),
  )
  const notes = [...lostOf(unit, 'compose'), ...limitNotes(program.limits), ...health.notes, ...waitNotes(unit)]
  return field(name, fields, { above: [...called(unit), ...notes.map(note => `- ${note}`)] })
}

/** A command, with a word about what is not shown. */
function wordsField(key: string, { value, isMasked }: Said<readonly string[]>): readonly Field[] {
  return field(key, value.map(escaped), { above: isMasked ? [maskedNote] : [] })
}

function called({ program, name }: Unit): readonly string[] {
  const label = program.replica === undefined ? program.name : `${program.name}:${program.replica}`
  return label === name ? [] : [`${JSON.stringify(label)} in the configuration`]
}

function userOf({ user }: Program): readonly Field[] {
  if (user === undefined) return []
  const more = user.groups.filter(gid => user.home === undefined || gid !== user.gid).map(String)
  // Where only further groups are configured, the user is whoever foster is.
  const own = user.home === undefined ? [] : field('user', `${user.uid}:${user.gid}`)
  return [...own, ...field('group_add', more.length > 0 ? more : undefined)]
}

function environmentOf({ program, name }: Unit, references: References, shown: Shown): readonly Field[] {
  const { environment, secrets, user, setsIdentity } = program
  const isSet = (variable: string): boolean => Object.hasOwn(environment, variable) || Object.hasOwn(secrets, variable)
  const identity =
    setsIdentity && user?.home !== undefined ? { HOME: user.home, USER: user.name, LOGNAME: user.name } : {}
  const reference = (key: string): string => `\${${key}?not set}`
  const fields = [
    ...Object.entries(identity).flatMap(([variable, value]) =>
      value === undefined || isSet(variable) ? [] : field(variable, escaped(value)),
    ),
    ...Object.entries(environment).flatMap(([variable, value]) => {
      if (shown.isLiteral(program, variable)) return field(variable, escaped(value))
      const beside = 'came from a variable or an env_file: --show-secrets writes it here'
      return field(variable, reference(references.to(name, variable, { value })), { beside })
    }),
    ...Object.entries(secrets).flatMap(([variable, file]) => {
      return field(variable, reference(references.to(name, variable, { file })), { beside: 'a secret' })
    }),
  ]
  return field('environment', fields.length > 0 ? { fields } : undefined)
}

const conditions = {
  started: 'service_started',
  ready: 'service_healthy',
  completed: 'service_completed_successfully',
} as const

function dependenciesOf({ dependsOn }: Unit): readonly Field[] {
  const fields = dependsOn.map(({ name, on, dependency }): Field => {
    const { required, restart } = dependency
    const condition = canBeAsked(on) || dependency.condition !== 'ready' ? dependency.condition : 'started'
    const value = section(
      field('condition', conditions[condition]),
      field('required', required ? undefined : false),
      field('restart', restart || undefined),
    )
    return { key: name, value }
  })
  return field('depends_on', fields.length > 0 ? { fields } : undefined)
}

/** What is said of a service that others cannot wait for as they did. */
function waitNotes({ awaited, program }: Unit): readonly string[] {
  return awaited.has('ready') && !canBeAsked(program)
    ? ['others wait until it is ready: Compose needs a healthcheck for that, and waits for the start alone']
    : []
}

function restartOf({ restart, startRetries }: Program): string {
  if (restart === 'always') return 'always'
  if (restart === 'never' || startRetries === 0) return 'no'
  return startRetries === Number.POSITIVE_INFINITY ? 'on-failure' : `on-failure:${startRetries}`
}

function stopOf(program: Program, shown: Shown): readonly Field[] {
  const { stopSignal, stopGraceMillis, stopCommand } = program
  const command = stopCommand && shown.words(program, ['stop_command'], stopCommand)
  const above = ['stop_command: here the stop signal follows it, and MAINPID is not set']
  const hook = command && section(field('command', command.value.map(escaped)))
  return [
    ...field('stop_signal', `SIG${stopSignal}`),
    ...field('stop_grace_period', composeDuration(stopGraceMillis)),
    ...field('pre_stop', hook && [hook], { above: command?.isMasked ? [...above, maskedNote] : above }),
  ]
}

/** Docker sets both, and has no `as`. */
function limitsOf(limits: readonly Limit[]): Section | undefined {
  const shown = (value: number): number => (value === Number.POSITIVE_INFINITY ? -1 : value)
  const fields = limits.flatMap(({ name, soft, hard }) => {
    const value = soft ?? hard
    if (name === 'as' || value === undefined) return []
    const both = section(field('soft', shown(value)), field('hard', shown(hard ?? value)))
    return field(name, both)
  })
  return fields.length > 0 ? { fields } : undefined
}

function limitNotes(limits: readonly Limit[]): readonly string[] {
  return limits.flatMap(({ name, soft, hard }) => {
    if (name === 'as') return ['ulimits as: Docker has no such limit: lost']
    return soft === undefined || hard === undefined
      ? [`ulimits ${name}: Docker sets both limits, to the same here`]
      : []
  })
}
