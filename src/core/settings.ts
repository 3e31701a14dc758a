/** What a process inherits from its parent and keeps over exec, as a program may have it otherwise than foster. */

/** The resource limits of setrlimit(2), as `ulimits` and Compose call them. */
export const limitNames = [
  ...(['as', 'core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile', 'nproc'] as const),
  ...(['rss', 'rtprio', 'rttime', 'sigpending', 'stack'] as const),
] as const

export type LimitName = (typeof limitNames)[number]

/** A resource limit in the unit of setrlimit(2); Infinity: none. */
export interface Limit {
  readonly name: LimitName
  /** The one that holds. Undefined: foster's own, as far as the hard one lets it. */
  readonly soft: number | undefined
  /** How far the program may raise it. Undefined: foster's own. */
  readonly hard: number | undefined
}

/** What of it a program has otherwise; undefined is as foster has it. */
export interface ProcessSettings {
  /** Permission bits that new files do not get. */
  readonly umask: number | undefined
  /** -20, the highest priority, to 19. */
  readonly nice: number | undefined
  /** -1000, never killed when memory runs out, to 1000, killed first. */
  readonly oomScoreAdj: number | undefined
  /** Each name once. */
  readonly limits: readonly Limit[]
}
