/** The plan of a command line: CMD alone, as tini runs it, or CMD beside the programs of a configuration. */
import { logDefaults } from './log-plan.ts'
import { type Dependency, type Plan, type Program, programDefaults, shutdownDefaults } from './plan.ts'

/** What CMD is in the plan and in messages. */
const name = 'main'

function mainProgram(argv: readonly string[]): Program {
  return {
    ...programDefaults,
    name,
    command: argv,
    restart: 'never',
    startRetries: 0,
    startMillis: 0,
    workingDir: undefined,
    environment: {},
    user: undefined,
    dependsOn: [],
    stopScope: 'process',
    stopCommand: undefined,
    stdin: 'inherit',
    tty: true,
  }
}

/** `foster -- CMD` without a configuration. `group`: signals go to its process group. */
export function commandPlan(argv: readonly string[], group: boolean, zeroCodes: readonly number[]): Plan {
  const program: Program = { ...mainProgram(argv), stopScope: group ? 'group' : 'process' }
  return {
    programs: [program],
    shutdown: shutdownDefaults,
    signals: {},
    log: { ...logDefaults, format: 'raw' },
    command: { zeroCodes },
  }
}

/**
 * A configuration and a CMD: CMD is the critical program `main` and depends on everything that starts by itself, on
 * tasks completed and services ready; required where they are critical. It gets the terminal and the standard input
 * unless the configuration has given them away.
 */
export function withCommand(plan: Plan, argv: readonly string[], hasTerminal: boolean): Plan {
  const dependsOn = plan.programs
    .filter(it => it.autostart)
    .map(
      (it): Dependency => ({
        program: it.name,
        condition: it.kind === 'task' ? 'completed' : 'ready',
        required: it.critical,
        restart: false,
      }),
    )
  const isFree = !plan.programs.some(it => it.tty || it.stdin === 'inherit')
  const main: Program = {
    ...mainProgram(argv),
    dependsOn,
    stdin: isFree ? 'inherit' : 'null',
    tty: isFree && hasTerminal,
  }
  return { ...plan, programs: [...plan.programs, main] }
}
