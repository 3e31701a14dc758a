/**
 * What a new plan changes about a running one. A process is known by its program's name and its number, so that a
 * configuration that is written in another order changes nothing. Design, section 9.
 */
import { descriptorsOf } from './log-plan.ts'
import { labelOf, type Plan, type Program } from './plan.ts'

/** What becomes of one process. `index` is its place in the running plan, `at` the one in the new plan. */
export type Change =
  | { readonly kind: 'added'; readonly label: string; readonly at: number }
  | { readonly kind: 'removed'; readonly label: string; readonly index: number }
  | {
      /** `restarted`: what it is has changed; `updated`: only what is done about it. */
      readonly kind: 'restarted' | 'updated'
      readonly label: string
      readonly index: number
      readonly at: number
      /** The options that differ. */
      readonly options: readonly string[]
    }

/** Whether a process is another one if the option changes, or goes on under new rules. */
const concerns: Readonly<Record<keyof Program, 'process' | 'rules' | 'identity'>> = {
  name: 'identity',
  replica: 'rules',
  group: 'process',
  kind: 'process',
  command: 'process',
  pidFile: 'process',
  critical: 'rules',
  autostart: 'rules',
  workingDir: 'process',
  environment: 'process',
  secrets: 'process',
  envInherit: 'process',
  user: 'process',
  umask: 'process',
  nice: 'process',
  oomScoreAdj: 'process',
  limits: 'process',
  restart: 'rules',
  successExitCodes: 'rules',
  startMillis: 'rules',
  startTimeoutMillis: 'rules',
  startRetries: 'rules',
  backoff: 'rules',
  dependsOn: 'rules',
  probes: 'rules',
  stopSignal: 'rules',
  stopGraceMillis: 'rules',
  stopScope: 'rules',
  stopCommand: 'rules',
  stdin: 'process',
  socket: 'process',
  tty: 'process',
  log: 'rules',
  setsIdentity: 'process',
  rules: 'rules',
  priority: 'rules',
}

/** How a process is known from one plan to the next. */
export const keyOf = ({ name, replica }: Program): string => `${name}:${replica ?? 0}`

/**
 * The changes from the running programs to those of the new plan, in the order of the new plan, then the removed ones.
 * `gone` are the indexes of programs that an earlier plan has removed; `stale` those whose files have changed since they
 * were started, though the plan is the same.
 */
export function changesOf(
  running: Pick<Plan, 'programs'>,
  next: Pick<Plan, 'programs'>,
  gone: ReadonlySet<number>,
  stale: ReadonlySet<number> = new Set(),
): readonly Change[] {
  const places = new Map(running.programs.map((program, index) => [keyOf(program), index]))
  const changes: Change[] = []
  next.programs.forEach((program, at) => {
    const label = labelOf(program)
    const index = places.get(keyOf(program))
    places.delete(keyOf(program))
    const before = index === undefined || gone.has(index) ? undefined : running.programs[index]
    if (index === undefined || before === undefined) changes.push({ kind: 'added', label, at })
    else changes.push(...changeOf(before, program, { label, index, at }, stale.has(index)))
  })
  for (const index of places.values()) {
    const program = running.programs[index]
    if (program !== undefined && !gone.has(index)) changes.push({ kind: 'removed', label: labelOf(program), index })
  }
  return changes
}

function changeOf(
  before: Program,
  after: Program,
  place: { readonly label: string; readonly index: number; readonly at: number },
  isStale: boolean,
): readonly Change[] {
  const differing = (Object.keys(concerns) as (keyof Program)[]).filter(key => !isSame(before[key], after[key]))
  const options = isStale && !differing.includes('secrets') ? [...differing, 'secrets'] : differing
  if (options.length === 0) return []
  const isOther = options.some(key => concerns[key as keyof Program] === 'process') || needsOther(before, after)
  return [{ kind: isOther ? 'restarted' : 'updated', ...place, options }]
}

/** What a process is given at its start: the descriptors of its output, and what it tells something with. */
function needsOther(before: Program, after: Program): boolean {
  return !isSame(descriptorsOf(before.log), descriptorsOf(after.log)) || tellsOtherwise(before, after)
}

function tellsOtherwise({ probes: before }: Program, { probes: after }: Program): boolean {
  const given = (probes: Program['probes']): string =>
    JSON.stringify(
      Object.entries(probes)
        .filter(([, { check }]) => check.by === 'fd' || check.by === 'notify')
        .map(([name, { check, ...times }]) => [check, check.by === 'notify' && name === 'liveness' ? times : name]),
    )
  return given(before) !== given(after)
}

/** Whether two values of a plan are the same, however they were made. Maps are the same in any order. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const entries = Object.entries(one)
  const others = other as Readonly<Record<string, unknown>>
  return (
    entries.length === Object.keys(others).length &&
    entries.every(([key, value]) => Object.hasOwn(others, key) && isSame(value, others[key]))
  )
}
