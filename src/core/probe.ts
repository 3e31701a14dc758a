/**
 * Probes: how foster finds out whether a process has started, is ready, is alive. The words and the meaning of the
 * thresholds are Kubernetes' (v1.Probe). All times are milliseconds.
 */

/** What is tried, or what the program tells by itself (`log`, `fd` and `notify`: nothing is tried then). */
export type Check =
  | { readonly by: 'exec'; readonly command: readonly string[] }
  /** `url` is `http:` or `https:`; `socketPath` is set where it is asked over a unix socket. */
  | {
      readonly by: 'http'
      readonly url: string
      readonly socketPath: string | undefined
      readonly headers: Readonly<Record<string, string>>
    }
  | { readonly by: 'tcp'; readonly host: string; readonly port: number }
  /** A regular expression (ECMAScript, flag `u`) that a line of its stdout or stderr matches. */
  | { readonly by: 'log'; readonly pattern: string }
  /** s6's convention: a newline on that descriptor. */
  | { readonly by: 'fd'; readonly fd: number }
  /** sd_notify(3): READY=1; for liveness WATCHDOG=1. */
  | { readonly by: 'notify' }
  /** A file exists. */
  | { readonly by: 'file'; readonly path: string }

/** One probe of a program. */
export interface Probe {
  readonly check: Check
  readonly initialDelay: number
  readonly period: number
  readonly timeout: number
  readonly successThreshold: number
  readonly failureThreshold: number
}

/** What a probe is for. `startup` holds back the others; `readiness` gates dependants; `liveness` stops the process. */
export type ProbeName = 'startup' | 'readiness' | 'liveness'

/** The probes of a program. */
export type Probes = { readonly [Name in ProbeName]?: Probe }

/** The defaults of a probe, design section 3. */
export const probeDefaults = {
  initialDelay: 0,
  period: 10_000,
  timeout: 1000,
  successThreshold: 1,
  failureThreshold: 3,
} as const
