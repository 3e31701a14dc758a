/**
 * The plan: what the configuration asks for, complete and validated. It knows no process, no clock and no file; all
 * defaults are filled in. Durations are milliseconds.
 */
import type { Control, Http } from './control.ts'
import { type LogPlan, type ProgramLogPlan, programLogDefaults } from './log-plan.ts'
import type { Probes } from './probe.ts'
import type { ProcessSettings } from './settings.ts'
import type { Signal } from './signal.ts'
import type { SupervisorPlan } from './supervisor.ts'

/** When a program that ended is started again. */
export type RestartPolicy = 'always' | 'on-failure' | 'never'

/** What a program depends on, and what must be true of it. */
export interface Dependency {
  readonly program: string
  /** `started` and `ready`: it runs (they differ once it has a probe); `completed`: it ended with a success code. */
  readonly condition: 'started' | 'ready' | 'completed'
  /** A required dependency that can never come true makes the dependant FATAL; another one is then done without. */
  readonly required: boolean
  /** The dependant is restarted when the dependency has been started again. */
  readonly restart: boolean
}

/** The identity a program runs with, resolved from /etc/passwd and /etc/group. */
export interface Credentials {
  readonly uid: number
  readonly gid: number
  /** Supplementary groups: exactly these, foster's own are dropped. */
  readonly groups: readonly number[]
  /** USER and LOGNAME; undefined for a uid without an entry. */
  readonly name: string | undefined
  /** HOME; `/` for a uid without an entry. Undefined: as inherited, where only further groups are configured. */
  readonly home: string | undefined
}

/** A listening socket that the processes of a program share: their descriptor 0, as FastCGI has it. */
export interface SharedSocket {
  /** The program, as it is called in the configuration. */
  readonly of: string
  /** Connections that may wait; the kernel has a limit of its own. */
  readonly backlog: number
  readonly address: SocketFile | { readonly host: string; readonly port: number }
}

/** A socket as a file. */
export interface SocketFile {
  /** Absolute. */
  readonly file: string
  /** Permission bits. */
  readonly mode: number
  /** Whose it is to be; -1 for either: as it is made. Undefined: foster's own. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
}

/** Exponential backoff between automatic restarts. */
export interface Backoff {
  readonly delay: number
  readonly factor: number
  readonly max: number
  /** A share of the delay, 0 to 1: the wait is chosen at random within delay x (1 ± jitter). */
  readonly jitter: number
  /** This much uptime sets the count of failures back to 0. */
  readonly resetAfter: number
}

/** One program, as it will be run. */
export interface Program extends ProcessSettings {
  /** The key in the configuration. Replicas of one program share it. */
  readonly name: string
  /** Which of the replicas this is, from 0; undefined where `replicas` is not configured. */
  readonly replica: number | undefined
  /** The group that it is controlled with; undefined: its own name. */
  readonly group: string | undefined
  readonly kind: 'service' | 'task' | 'daemon'
  /** The argument vector, never empty. With `shell: true` it is `/bin/sh -c TEXT`. */
  readonly command: readonly string[]
  /** Where a daemon writes its pid; relative to its working directory. Undefined for other kinds. */
  readonly pidFile: string | undefined
  readonly critical: boolean
  readonly autostart: boolean
  readonly workingDir: string | undefined
  /** What the configuration adds to the inherited environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Variables whose values are read from files at each start, over `environment`; no name is in both. */
  readonly secrets: Readonly<Record<string, string>>
  /** What is inherited of foster's environment: all, nothing, or the names that match a pattern with `*` and `?`. */
  readonly envInherit: boolean | readonly string[]
  /** Undefined: foster's own identity. */
  readonly user: Credentials | undefined
  readonly restart: RestartPolicy
  readonly successExitCodes: ReadonlyArray<number | Signal>
  /** Uptime that makes it RUNNING. */
  readonly startMillis: number
  /** How long a daemon may take until it has forked away and its pid file names it. */
  readonly startTimeoutMillis: number
  /** Failures in a row that are forgiven; Infinity: all. */
  readonly startRetries: number
  readonly backoff: Backoff
  readonly dependsOn: readonly Dependency[]
  readonly probes: Probes
  readonly stopSignal: Signal
  readonly stopGraceMillis: number
  /** Whom the stop signal reaches: the main process, or its whole process group. */
  readonly stopScope: 'process' | 'group'
  /** Run in place of the stop signal. */
  readonly stopCommand: readonly string[] | undefined
  /** `pipe`: open, and nothing comes. */
  readonly stdin: 'null' | 'inherit' | 'pipe'
  /** Set for `[fcgi-program:x]`: what it has in place of a standard input. */
  readonly socket?: SharedSocket
  /** It is the terminal's foreground job. */
  readonly tty: boolean
  readonly log: ProgramLogPlan
  /** Whether HOME, USER and LOGNAME are those of its `user`. */
  readonly setsIdentity: boolean
  /** By whose rules it is started again: `supervisor` has its own count and waits, see `restart.ts`. */
  readonly rules: 'foster' | 'supervisor'
  /** What has a higher one stops before what has a lower one; it cannot go against dependencies. */
  readonly priority: number
}

/** What a process is called in messages and logs: `web`, and `web:0` where it is one of several replicas. */
export function labelOf({ name, replica }: Pick<Program, 'name' | 'replica'>): string {
  return replica === undefined ? name : `${name}:${replica}`
}

/** How the container stops. */
export interface ShutdownPlan {
  /** All of it, from the request to foster's exit. */
  readonly timeout: number
  /** Time between "not ready any more" and the first signal. */
  readonly delay: number
  /** The exit code of a requested stop that went well: 0, or 128 + the signal that asked. */
  readonly exitCode: 'zero' | 'signal'
}

/** What foster does with a signal that it gets. `to`: programs by name; undefined: every running one. */
export type Reaction =
  | { readonly do: 'stop' | 'ignore' }
  | { readonly do: 'forward'; readonly to: readonly string[] | undefined; readonly as: Signal | undefined }

/** What was configured in place of the usual. */
export type Reactions = { readonly [Name in Signal]?: Reaction }

/** Everything foster is to do. */
export interface Plan {
  readonly programs: readonly Program[]
  readonly shutdown: ShutdownPlan
  readonly signals: Reactions
  readonly log: LogPlan
  /** Undefined: there is no control socket, since a CMD alone is run as transparently as by tini. */
  readonly control?: Control
  /** Undefined: nothing listens. */
  readonly http?: Http
  /** Where foster writes its own pid. */
  readonly ownPidFile?: string
  /** The container goes on when nothing is left to run, as under supervisord. */
  readonly stays?: true
  /** Set for a Supervisor file: what its clients see. */
  readonly supervisor?: SupervisorPlan
  /** Set for `foster -- CMD` without a configuration: the only program is CMD, and foster is as transparent as tini. */
  readonly command?: { readonly zeroCodes: readonly number[] }
}

/** The defaults of a program's options, design section 3; the schema, the documentation and `foster -- CMD` share them. */
export const programDefaults = {
  kind: 'service',
  critical: true,
  autostart: true,
  restart: 'on-failure',
  successExitCodes: [0],
  startMillis: 1000,
  startTimeoutMillis: 90_000,
  startRetries: 3,
  backoff: { delay: 500, factor: 2, max: 30_000, jitter: 0.1, resetAfter: 30_000 },
  stopSignal: 'TERM',
  stopGraceMillis: 8000,
  stdin: 'null',
  tty: false,
  secrets: {},
  envInherit: true,
  replica: undefined,
  group: undefined,
  probes: {},
  umask: undefined,
  nice: undefined,
  oomScoreAdj: undefined,
  limits: [],
  log: programLogDefaults,
  setsIdentity: true,
  rules: 'foster',
  priority: 0,
  pidFile: undefined,
} as const satisfies Partial<Program>

/** The defaults of `shutdown`: Docker kills ten seconds after its TERM, so foster is done after nine. */
export const shutdownDefaults: ShutdownPlan = { timeout: 9000, delay: 0, exitCode: 'zero' }
