/** Plans as the corpora write them. */
import { controlDefaults } from '../../src/core/control.ts'
import { logDefaults } from '../../src/core/log-plan.ts'
import { type Plan, type Program, programDefaults, shutdownDefaults } from '../../src/core/plan.ts'

/** The plan without what every program has by default. */
export function shorten(plan: Plan): object {
  const programs = plan.programs.map(program => differing(program, defaults))
  const shutdown = differing(plan.shutdown, shutdownDefaults)
  const log = differing(plan.log, logDefaults)
  // The groups say what the programs say; their own test compares them with the oracle's.
  const { groups: _, ...supervisor } = plan.supervisor ?? { ...noClients, groups: [] }
  const usual = { shutdown: {}, signals: {}, control: controlDefaults, log: {}, supervisor: noClients }
  const rest = differing({ ...plan, shutdown, log, supervisor }, usual)
  return { ...rest, programs }
}

/** A Supervisor file without servers. */
const noClients = { identifier: 'supervisor', hasInterface: false, servers: [] }

const defaults: Partial<Program> = { ...programDefaults, dependsOn: [], environment: {}, stopScope: 'process' }

function differing(value: object, usual: object): object {
  const same = (key: string, part: unknown): boolean =>
    JSON.stringify(part, infinite) === JSON.stringify((usual as Record<string, unknown>)[key], infinite)
  return Object.fromEntries(Object.entries(value).filter(([key, part]) => !same(key, part)))
}

/** For JSON, which has no word for it. */
export function infinite(_key: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? 'Infinity' : value
}
