/** What Supervisor's clients see and steer: the servers that they talk to, and the processes in their groups. */
import type { EventType } from './event-types.ts'

/** Whom a server asks for; undefined: anybody may do everything. */
export interface SupervisorLogin {
  readonly username: string
  /** In clear, or `{SHA}` and its SHA-1 in hexadecimal. */
  readonly password: string
}

/** A server. `section` is its name in the file. */
export type SupervisorServer = { readonly section: string; readonly login: SupervisorLogin | undefined } & (
  | {
      readonly file: string
      readonly mode: number
      /** Whose the socket is to be; -1: foster's own. Undefined: it was not asked for. */
      readonly owner: { readonly uid: number; readonly gid: number } | undefined
    }
  /** The host is a name or an IPv4 address; empty: all of this machine. */
  | { readonly host: string; readonly port: number }
)

/** What a stream is configured as. `logfile` is a path, `auto`, `none`, or empty as `none`. */
export interface SupervisorStream {
  readonly logfile: string
  readonly logfile_backups: number
  readonly logfile_maxbytes: number
  readonly capture_maxbytes: number
  readonly events_enabled: boolean
  readonly syslog: boolean
}

/** A process. Names and units are Supervisor's. */
export interface SupervisorProcess {
  readonly name: string
  /** The program of the plan that it is. */
  readonly program: string
  readonly command: string
  readonly directory: string | undefined
  readonly uid: number | undefined
  readonly priority: number
  readonly autostart: boolean
  readonly autorestart: 'always' | 'unexpected' | 'never'
  readonly startsecs: number
  readonly startretries: number
  readonly exitcodes: readonly number[]
  readonly stopsignal: number
  readonly stopwaitsecs: number
  readonly killasgroup: boolean
  readonly redirect_stderr: boolean
  readonly serverurl: string | undefined
  readonly stdout: SupervisorStream
  readonly stderr: SupervisorStream
}

/** A group, its processes by priority and name. */
export interface SupervisorGroup {
  readonly name: string
  readonly priority: number
  readonly processes: readonly SupervisorProcess[]
  /** Set for `[eventlistener:x]`: its processes are a pool that deals with events. */
  readonly pool?: SupervisorPool
}

/** What a pool of event listeners asks for. */
export interface SupervisorPool {
  readonly events: readonly EventType[]
  /** How many events may wait. */
  readonly buffer_size: number
  /** Set if whatever a listener answers means that it has dealt with the event. */
  readonly takesAny?: true
}

/** All of it, the groups by priority and name. */
export interface SupervisorPlan {
  readonly identifier: string
  /** Whether there is `[rpcinterface:supervisor]`: without it clients have only `system.*`. */
  readonly hasInterface: boolean
  readonly servers: readonly SupervisorServer[]
  readonly groups: readonly SupervisorGroup[]
}
