/** Plans for tests: the defaults filled in, only what a test is about is said. */
import { logDefaults } from '../../src/core/log-plan.ts'
import type { Dependency, Plan, Program, ShutdownPlan } from '../../src/core/plan.ts'
import { programDefaults, shutdownDefaults } from '../../src/core/plan.ts'

/** A program with the documented defaults. */
export function programOf(name: string, changes: Partial<Program> = {}): Program {
  return {
    ...programDefaults,
    name,
    command: [`/bin/${name}`],
    workingDir: undefined,
    environment: {},
    user: undefined,
    dependsOn: [],
    stopScope: 'process',
    stopCommand: undefined,
    ...changes,
  }
}

/** A dependency, required and on `started` unless said otherwise. */
export function on(program: string, changes: Partial<Dependency> = {}): Dependency {
  return { program, condition: 'started', required: true, restart: false, ...changes }
}

/** A plan of these programs. */
export function planOf(programs: readonly Program[], shutdown: Partial<ShutdownPlan> = {}): Plan {
  return { programs, shutdown: { ...shutdownDefaults, ...shutdown }, signals: {}, log: logDefaults }
}
