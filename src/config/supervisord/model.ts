/** What a Supervisor file says, typed: processes in groups, and what surrounds them. Names and units are Supervisor's. */
import type { SharedSocket } from '../../core/plan.ts'
import type { Signal } from '../../core/signal.ts'
import type { SupervisorLogin, SupervisorPool } from '../../core/supervisor.ts'
import type { Place } from '../../errors.ts'
import type { Expanded } from './expand.ts'
import type { Section } from './ini.ts'
import type { AutoRestart, LogFile } from './values.ts'

/** Where one output of a process goes. */
export interface StreamConfig {
  readonly logfile: LogFile
  readonly maxbytes: number
  readonly backups: number
  readonly syslog: boolean
  readonly captureMaxbytes: number
  readonly eventsEnabled: boolean
}

/** A variable of `environment`. */
export interface VariableConfig {
  readonly value: Expanded
  readonly at: Place
}

/** One process. */
export interface ProcessConfig {
  readonly name: string
  readonly group: string
  /** The section that it comes from. */
  readonly section: Section
  readonly command: Expanded
  readonly directory: Expanded | undefined
  readonly environment: ReadonlyMap<string, VariableConfig>
  readonly umask: number | undefined
  readonly priority: number
  readonly autostart: boolean
  readonly autorestart: AutoRestart
  readonly startsecs: number
  readonly startretries: number
  readonly user: Expanded | undefined
  readonly uid: number | undefined
  readonly stdout: StreamConfig
  readonly stderr: StreamConfig
  readonly redirectStderr: boolean
  readonly stopsignal: Signal
  readonly stopwaitsecs: number
  readonly stopasgroup: boolean
  readonly killasgroup: boolean
  readonly exitcodes: readonly number[]
  readonly serverurl: string | undefined
  /** Options of foster's own, as they are written. */
  readonly own: ReadonlyMap<string, Expanded>
}

/** A group, its processes by priority and name. */
export interface GroupConfig {
  readonly name: string
  readonly priority: number
  readonly section: Section
  readonly processes: readonly ProcessConfig[]
  /** Set for `[eventlistener:x]`. */
  readonly pool?: SupervisorPool
  /** Set for `[fcgi-program:x]`; a file without an owner is to be the user's of the program. */
  readonly socket?: SharedSocket
}

/** A server of `[unix_http_server]` or `[inet_http_server]`. */
export interface ServerConfig {
  readonly section: Section
  readonly address: { readonly file: string } | { readonly host: string; readonly port: number }
  readonly login: SupervisorLogin | undefined
  /** The socket's permission bits. */
  readonly mode: number
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
}

/** `[supervisord]`, as far as it has a meaning in a container. */
export interface DaemonConfig {
  readonly section: Section
  readonly environment: ReadonlyMap<string, VariableConfig>
  readonly identifier: string
  readonly user: Expanded | undefined
  readonly minfds: number
  readonly pidfile: string | undefined
  /** Whether its own log, which is on stdout as well, has all that programs write. */
  readonly copiesOutput: boolean
  /** Whether sequences that steer a terminal are taken out of programs' output. */
  readonly stripAnsi: boolean
  readonly isDaemon: boolean
}

/** All of it, the groups in the order in which they start. */
export interface SupervisorConfig {
  readonly daemon: DaemonConfig
  readonly groups: readonly GroupConfig[]
  readonly servers: readonly ServerConfig[]
  /** Whether `[rpcinterface:supervisor]` is there. */
  readonly hasInterface: boolean
}
