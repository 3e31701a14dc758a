/** Groups that come and go: the configuration is read first, then taken over group by group. */
import { isSame } from '../../core/diff.ts'
import type { World } from '../../core/draft.ts'
import type { Plan, Program } from '../../core/plan.ts'
import { isOver } from '../../core/state.ts'
import type { SupervisorGroup } from '../../core/supervisor.ts'
import type { Struct, Value } from './codec.ts'
import type { SupervisorFacts } from './facts.ts'
import { Fault } from './faults.ts'
import { configOf } from './info.ts'
import { groupNamed, groupsIn, membersOf, stateOf } from './members.ts'

/** The configuration as it was read last, which need not be the one that runs. */
export class LastRead {
  readonly #facts: SupervisorFacts
  #read: Plan | undefined
  /** What ran when it was read. */
  #base: World['plan']['supervisor']

  /** When processes were added, by the wall clock in milliseconds: what was before was another's. */
  readonly #added = new Map<number, number>()

  constructor(facts: SupervisorFacts) {
    this.#facts = facts
  }

  /** The plan that was read; the one that runs, if that was reloaded as a whole since. */
  get plan(): Plan {
    const { plan } = this.#facts.foster.world()
    return this.#read === undefined || this.#base !== plan.supervisor ? plan : this.#read
  }

  /** Reads the configuration; the names of groups: added, changed, removed. */
  reload(): Value {
    const loaded = this.#facts.load()
    if ('fault' in loaded) throw new Fault('CANT_REREAD', loaded.fault)
    const world = this.#facts.foster.world()
    this.#read = loaded.plan
    this.#base = world.plan.supervisor
    const before = groupsIn(world)
    const after = loaded.plan.supervisor?.groups ?? []
    const names = (groups: readonly SupervisorGroup[]): readonly string[] => groups.map(({ name }) => name)
    const isIn = (groups: readonly SupervisorGroup[], { name }: SupervisorGroup) => groups.some(it => it.name === name)
    const changed = after.filter(group => {
      const old = before.find(it => it.name === group.name)
      return old !== undefined && !isSame(wholeOf(old, current(world)), wholeOf(group, loaded.plan.programs))
    })
    return [
      [names(after.filter(it => !isIn(before, it))), names(changed), names(before.filter(it => !isIn(after, it)))],
    ]
  }

  /** Adds a group of the configuration that was read last; what starts by itself starts. */
  add(name: string): Value {
    const world = this.#facts.foster.world()
    const group = this.plan.supervisor?.groups.find(it => it.name === name)
    if (group === undefined) throw new Fault('BAD_NAME', name)
    if (groupsIn(world).some(it => it.name === name)) throw new Fault('ALREADY_ADDED', name)
    const programs = new Set(group.processes.map(({ program }) => program))
    const own = this.plan.programs.filter(it => programs.has(it.name))
    const groups = [...groupsIn(world), group].sort(byPriority)
    const before = this.#facts.foster.wall()
    this.#apply(world, [...current(world), ...own], groups, this.plan.shutdown.timeout)
    for (const { index } of membersOf([group], this.#facts.foster.world())) this.#added.set(index, before)
    return true
  }

  /** When the process with this place was added, in milliseconds; 0: it has always been there. */
  addedAt(index: number): number {
    return this.#added.get(index) ?? 0
  }

  /** Removes a group of which nothing runs. */
  remove(name: string): Value {
    const world = this.#facts.foster.world()
    const group = groupNamed(name, world)
    const members = membersOf([group], world)
    if (!members.every(it => isOver(stateOf(it, world)))) throw new Fault('STILL_RUNNING', name)
    const gone = new Set(members.map(({ program }) => program.name))
    const others = groupsIn(world).filter(it => it !== group)
    this.#apply(
      world,
      current(world).filter(it => !gone.has(it.name)),
      others,
      0,
    )
    return true
  }

  /** All processes of the configuration that was read last, by name. */
  infos(): Value {
    const active = new Set(groupsIn(this.#facts.foster.world()).map(({ name }) => name))
    const groups = this.plan.supervisor?.groups ?? []
    const infos = groups.flatMap(group =>
      group.processes.map(it => [it.name, configOf(group, it, active.has(group.name))] as const),
    )
    return infos.sort(([a], [b]) => compare(a, b)).map(([, info]): Struct => info)
  }

  #apply(world: World, programs: readonly Program[], groups: readonly SupervisorGroup[], timeout: number): void {
    const { plan } = world
    if (plan.supervisor === undefined) return
    const names = new Set(programs.map(it => it.name))
    const next: Plan = {
      ...plan,
      programs: programs.map(it => ({ ...it, dependsOn: it.dependsOn.filter(on => names.has(on.program)) })),
      shutdown: { ...plan.shutdown, timeout: Math.max(plan.shutdown.timeout, timeout) },
      supervisor: { ...plan.supervisor, groups },
    }
    this.#facts.apply(next)
    this.#base = this.#facts.foster.world().plan.supervisor
  }
}

/** Names as Python sorts them, by code point. */
export function compare(a: string, b: string): number {
  const one = [...a]
  const other = [...b]
  const at = one.findIndex((character, index) => character !== other[index])
  if (at < 0) return one.length - other.length
  return (one[at]?.codePointAt(0) ?? 0) - (other[at]?.codePointAt(0) ?? -1)
}

const byPriority = (a: SupervisorGroup, b: SupervisorGroup): number =>
  a.priority - b.priority || compare(a.name, b.name)

/** The programs that are there; those whose old process still runs as they will be. */
const current = ({ plan, retired, replaced }: World): readonly Program[] =>
  plan.programs.flatMap((program, index) => (retired.has(index) ? [] : [replaced.get(index) ?? program]))

/** All that makes a group what it is. The address of the server that programs are told of does not. */
function wholeOf(group: SupervisorGroup, programs: readonly Program[]): unknown {
  const own = new Set(group.processes.map(({ program }) => program))
  const found = programs.filter(({ name }) => own.has(name))
  const plain = found.map(({ environment: { SUPERVISOR_SERVER_URL: _, ...environment }, dependsOn: __, ...rest }) => ({
    ...rest,
    environment,
  }))
  return {
    group,
    programs: new Map(plain.map(it => [it.name, it]))
      .values()
      .toArray()
      .sort((a, b) => compare(a.name, b.name)),
  }
}
