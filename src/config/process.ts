/** `umask`, `nice`, `oom_score_adj` and `ulimits`, and whether the kernel will let foster set them. */
import { type Limit, type LimitName, limitNames, type ProcessSettings } from '../core/settings.ts'
import { type Resolving, report } from './resolving.ts'
import { placeOf } from './shape.ts'
import { describe, find } from './tree.ts'

/** What a program has otherwise than foster. What cannot be set here is reported: a start would only fail. */
export function processSettingsOf(resolving: Resolving): ProcessSettings {
  const { settings } = resolving.program
  checkUmask(resolving)
  checkNice(resolving)
  checkOom(resolving)
  return {
    umask: settings.umask ?? undefined,
    nice: settings.nice ?? undefined,
    oomScoreAdj: settings.oom_score_adj ?? undefined,
    limits: limitsOf(resolving),
  }
}

function checkUmask(resolving: Resolving): void {
  const { umask } = resolving.program.settings
  if (umask == null || umask <= 0o777) return
  report(
    resolving,
    placeOf(resolving.program, 'umask'),
    'invalid-value',
    'expected a umask up to 777',
    'leave out the first digit',
  )
}

function checkNice(resolving: Resolving): void {
  const { program, facts } = resolving
  const { nice } = program.settings
  if (nice == null || nice >= facts.privileges.nice()) return
  // Where that cannot be told, the start shows it.
  if (facts.privileges.has('SYS_NICE') !== false) return
  if (20 - nice <= (facts.privileges.limit('nice')?.soft ?? 0)) return
  const message = `cannot set nice ${shown(resolving, 'nice')}: foster's own is ${facts.privileges.nice()}, and a higher priority needs CAP_SYS_NICE`
  report(
    resolving,
    placeOf(program, 'nice'),
    'not-permitted',
    message,
    'add the capability SYS_NICE to the container, or raise the value',
  )
}

function checkOom(resolving: Resolving): void {
  const { program, facts } = resolving
  const { oom_score_adj } = program.settings
  if (oom_score_adj == null) return
  const own = facts.privileges.oomScoreAdj()
  if (own === undefined || oom_score_adj >= own || facts.privileges.has('SYS_RESOURCE') !== false) return
  const message = `cannot set oom_score_adj ${shown(resolving, 'oom_score_adj')}: foster's own is ${own}, and less needs CAP_SYS_RESOURCE`
  const hint = 'start the container with it (--oom-score-adj), add the capability SYS_RESOURCE, or raise the value'
  report(resolving, placeOf(program, 'oom_score_adj'), 'not-permitted', message, hint)
}

/** In the order of the reference. */
function limitsOf(resolving: Resolving): readonly Limit[] {
  const written = resolving.program.settings.ulimits
  if (written == null) return []
  return limitNames.flatMap(name => {
    const value = Object.hasOwn(written, name) ? written[name] : undefined
    if (value == null) return []
    const limit =
      typeof value === 'number'
        ? { name, soft: value, hard: value }
        : { name, soft: value.soft ?? undefined, hard: value.hard ?? undefined }
    checkLimit(resolving, limit, typeof value === 'number')
    return [limit]
  })
}

function checkLimit(resolving: Resolving, limit: Limit, isNumber: boolean): void {
  const { program, facts } = resolving
  const { name, soft, hard } = limit
  const at = (key: 'soft' | 'hard') => placeOf(program, 'ulimits', name, ...(isNumber ? [] : [key]))
  const own = facts.privileges.limit(name)
  if (soft === undefined && hard === undefined) {
    report(resolving, placeOf(program, 'ulimits', name), 'invalid-value', 'expected soft, hard, or both')
  } else if (soft !== undefined && hard !== undefined && soft > hard) {
    report(resolving, at('soft'), 'conflict', 'the soft limit is above the hard one')
  } else if (
    name === 'nofile' &&
    Math.max(soft ?? 0, hard ?? 0) > (facts.privileges.mostDescriptors() ?? Number.POSITIVE_INFINITY)
  ) {
    const most = facts.privileges.mostDescriptors()
    report(
      resolving,
      at(hard === undefined ? 'soft' : 'hard'),
      'not-permitted',
      `the kernel allows at most ${most} descriptors (fs.nr_open)`,
    )
  } else if (own !== undefined && hard === undefined && (soft ?? 0) > own.hard) {
    const message = `the soft limit is above the hard one, which is foster's own ${amount(own.hard)}`
    report(resolving, at('soft'), 'conflict', message, raise(name, 'write "hard" too, and'))
  } else if (own !== undefined && (hard ?? 0) > own.hard && facts.privileges.has('SYS_RESOURCE') === false) {
    const what = isNumber ? shown(resolving, 'ulimits', name) : shown(resolving, 'ulimits', name, 'hard')
    const message = `cannot set the hard limit ${what}: foster's own is ${amount(own.hard)}, and more needs CAP_SYS_RESOURCE`
    report(resolving, at('hard'), 'not-permitted', message, raise(name, ''))
  }
}

function raise(name: LimitName, also: string): string {
  return `${also} start the container with it (--ulimit ${name}=SOFT:HARD), or ask for less`.trim()
}

const amount = (value: number): string => (value === Number.POSITIVE_INFINITY ? 'unlimited' : String(value))

/** A value as it was written, unless it is not to be seen. */
function shown({ program }: Resolving, ...path: string[]): string {
  return describe(find(program.entry.node, path).node, path)
}
