/** Starts a program's process: gathers all that it gets, and lets go of it again where the start fails. */
import type { Ending } from '../core/ending.ts'
import type { Program } from '../core/plan.ts'
import type { Children } from '../os/children.ts'
import { covered } from '../os/covers.ts'
import type { Refusal } from '../os/executable.ts'
import type { Terminal } from '../os/terminal.ts'
import { activated, inheritedAsTheyStand } from './activation.ts'
import { environmentOf } from './environment.ts'
import type { Health } from './health.ts'
import type { Prepared, Runs } from './runs.ts'
import { type SecretsSeen, secretsOf } from './secrets.ts'
import type { Stdio, Streams } from './streams.ts'

export interface LauncherOptions {
  readonly children: Children
  readonly streams: Streams
  readonly health: Health
  readonly secrets: SecretsSeen
  readonly runs: Runs
  /** What programs inherit. */
  readonly environment: Readonly<Record<string, string>>
  /** Descriptors from 3 up that CMD inherits. */
  readonly passed: number
  /** The only program is the CMD of `foster -- CMD`, which gets all that is foster's. */
  readonly isCommand: boolean
  /** The terminal, if this program is its foreground job. */
  readonly terminalOf: (program: Program) => Terminal | undefined
}

export class Launcher {
  readonly #options: LauncherOptions

  constructor(options: LauncherOptions) {
    this.#options = options
  }

  /** The pid, or why there is none. `ended` is told once how the process ended. */
  launch(index: number, program: Program, ended: (ending: Ending, pid: number) => void): number | Refusal {
    const { streams, health, runs, terminalOf, isCommand } = this.#options
    const secrets = secretsOf(program)
    if (secrets.reason !== undefined) return { how: 'unstartable', code: 1, reason: secrets.reason }
    const stdio = streams.stdio(index, program, isCommand)
    if ('how' in stdio) return this.#abandoned(index, stdio)
    const descriptors = health.prepare(index, program)
    if ('how' in descriptors) return this.#abandoned(index, descriptors)
    const prepared = runs.prepare(index, program)
    const pid = 'how' in prepared ? prepared : this.#start(program, secrets.values, stdio, descriptors, prepared, ended)
    if (typeof pid !== 'number') return this.#abandoned(index, pid)
    this.#options.secrets.note(index, secrets.values)
    runs.started(index, pid)
    streams.started(index, pid)
    terminalOf(program)?.started(pid)
    health.started(index, pid)
    return pid
  }

  #abandoned(index: number, refusal: Refusal): Refusal {
    const { runs, health, streams } = this.#options
    runs.over(index)
    health.abandon(index)
    streams.abandon(index)
    return refusal
  }

  #start(
    program: Program,
    secrets: Readonly<Record<string, string>>,
    stdio: Stdio,
    descriptors: ReturnType<typeof inheritedAsTheyStand>,
    { mark, environment: completed }: Prepared,
    ended: (ending: Ending, pid: number) => void,
  ): number | Refusal {
    const { children, environment, terminalOf, isCommand, passed } = this.#options
    const { command, workingDir, user } = program
    const isActivated = isCommand && passed > 0
    const whole = isActivated ? covered(environment) : environment
    return children.launch(
      {
        argv: isActivated ? activated(command) : command,
        environment: isCommand ? whole : completed(environmentOf(program, environment, secrets)),
        workingDir,
        user,
        settings: program,
        stdio,
        terminal: terminalOf(program)?.fd,
        descriptors: isCommand ? inheritedAsTheyStand(passed) : descriptors,
        mark,
      },
      ended,
    )
  }
}
