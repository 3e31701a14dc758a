/** Reloading the configuration: read and judged first, and taken over only if there is nothing wrong with it. */
import { type Change, changesOf, isSame } from '../core/diff.ts'
import type { World } from '../core/draft.ts'
import type { Plan, Program } from '../core/plan.ts'
import type { Input } from '../core/world.ts'
import { type Diagnostic, render } from '../errors.ts'
import type { Logs } from '../log/router.ts'
import type { SecretsSeen } from './secrets.ts'

/** What loading the configuration once more gives; no plan if there is an error. */
export interface Reloaded {
  readonly plan: Plan | undefined
  readonly diagnostics: readonly Diagnostic[]
  source(file: string): string | undefined
  /** The steps to the plan as it is written down, of the programs that are to be shown; what may be secret is masked. */
  print(isShown: (program: string) => boolean): Iterator<void, string>
}

/** What came of a reload. `faulty`: nothing has changed. */
export interface ReloadResult {
  readonly is: 'reloaded' | 'faulty' | 'ending'
  readonly changes: readonly Change[]
  /** Errors and warnings, as they are shown. */
  readonly messages: readonly string[]
}

export interface ReloadOptions {
  /** Reads the configuration again; undefined: there is none. */
  readonly load: (() => Reloaded) | undefined
  /** Hears of a configuration that has been taken over. */
  readonly taken: (loaded: Reloaded) => void
  readonly world: () => World
  readonly dispatch: (input: Input) => void
  readonly logs: Logs
  readonly secrets: SecretsSeen
}

/** Reads the configuration and, unless it is only to be tried, takes it over. */
export function reload({ load, world, dispatch, secrets, taken }: ReloadOptions, isTrial = false): ReloadResult {
  const { plan, phase, retired } = world()
  if (phase.at !== 'serving') return { is: 'ending', changes: [], messages: ['the container is stopping'] }
  if (load === undefined) return { is: 'faulty', changes: [], messages: ['there is no configuration to be reloaded'] }
  const loaded = load()
  const messages = loaded.diagnostics.map(it => render(it, loaded.source))
  if (loaded.plan === undefined) return { is: 'faulty', changes: [], messages }
  const fixed = fixedParts(plan, loaded.plan)
  const next = { ...loaded.plan, ...fixed.kept }
  const stale = new Set(
    plan.programs
      .keys()
      .filter(index => !retired.has(index) && secrets.haveChanged(index, plan.programs[index] as Program)),
  )
  const changes = changesOf({ programs: currentPrograms(world()) }, next, retired, stale)
  if (!isTrial) {
    dispatch({ on: 'reload', plan: next, stale })
    taken(loaded)
  }
  return { is: 'reloaded', changes, messages: [...messages, ...fixed.messages] }
}

/** A reload that nobody waits for: the log says what came of it, too. */
export function reloadAloud(options: ReloadOptions): ReloadResult {
  const result = reload(options)
  const { is, messages } = result
  const level = is === 'reloaded' ? 'warning' : 'error'
  for (const message of messages) options.logs.say(level, message)
  if (is === 'faulty') options.logs.say('error', 'the configuration was not reloaded: nothing has changed')
  return result
}

const currentPrograms = ({ plan, replaced }: World): readonly Program[] =>
  plan.programs.map((program, index) => replaced.get(index) ?? program)

/** What is open already stays as it is until the container is started anew. */
function fixedParts(plan: Plan, next: Plan): { kept: Partial<Plan>; messages: readonly string[] } {
  const messages: string[] = []
  const say = (key: string): void => void messages.push(`a change of ${key} needs a restart of the container`)
  const kept: { -readonly [Key in keyof Plan]?: Plan[Key] } = {}
  if (plan.control !== undefined && next.control !== undefined) {
    const { access, ...open } = next.control
    const { access: _, ...was } = plan.control
    if (!isSame(open, was)) say('control.socket and control.mode')
    kept.control = { ...plan.control, access }
  }
  if (!isSame(plan.log, next.log)) say('log.format, log.timestamps and log.buffer')
  kept.log = plan.log
  if (!isSame(plan.http, next.http)) say('http')
  if (plan.http !== undefined) kept.http = plan.http
  if (plan.supervisor !== undefined && next.supervisor !== undefined) {
    const { servers, hasInterface } = plan.supervisor
    if (!isSame(servers, next.supervisor.servers)) say('[unix_http_server] and [inet_http_server]')
    kept.supervisor = { ...next.supervisor, servers, hasInterface }
  }
  return { kept, messages }
}
