/** How foster is seen and steered from outside: the control socket, who may use it, and HTTP. Design, section 9. */

/** What somebody may be allowed to do. */
export const verbs = [
  'status',
  'logs',
  'events',
  'config',
  'start',
  'stop',
  'restart',
  'signal',
  'reload',
  'shutdown',
] as const

export type Verb = (typeof verbs)[number]

/** What concerns the container as a whole: `all` does not mean these, they are allowed by name only. */
export const namedVerbs: ReadonlySet<Verb> = new Set(['reload', 'shutdown'])

/** One rule of `control.access`, its names resolved. */
export interface AccessRule {
  readonly who: { readonly uid: number } | { readonly gid: number }
  /** What the user or group was called in the configuration. */
  readonly name: string
  readonly allow: readonly Verb[]
  /** Names of programs and groups; undefined: all. */
  readonly programs: readonly string[] | undefined
}

/** The control socket. */
export interface Control {
  /** An absolute path; `usual`: the first of the usual places that will do; `none`: there is no socket. */
  readonly socket: string | { readonly at: 'usual' | 'none' }
  /** Its permission bits. Undefined: 0600, or 0666 where there are rules: these decide then. */
  readonly mode: number | undefined
  readonly access: readonly AccessRule[]
}

/** Health and metrics over TCP. */
export interface Http {
  /** An IP address; undefined: all of this machine. */
  readonly address: string | undefined
  readonly port: number
  /** What a request for details has to present. */
  readonly token: string | undefined
}

/** What holds where nothing is configured. */
export const controlDefaults: Control = { socket: { at: 'usual' }, mode: undefined, access: [] }
