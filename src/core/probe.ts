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
  /** Compose's start_period: failures in this much uptime do not count, until a first success. */
  readonly startPeriod: number
  /** Compose's start_interval: the period while failures do not count. */
  readonly startInterval: number
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
  startPeriod: 0,
  startInterval: 5000,
} as const

/** Whether nothing is tried: the program tells it by itself. */
export function isTold(check: Check): boolean {
  return check.by === 'log' || check.by === 'fd' || check.by === 'notify'
}

/** How far a probe has come within one run of a process. */
export interface Progress {
  /** When the next try is due, or when what the program should have told is overdue. Infinity: nothing is waited for. */
  readonly due: number
  /** When the present try began. */
  readonly began: number
  /** In a row. */
  readonly successes: number
  readonly failures: number
  readonly verdict: 'unknown' | 'passing' | 'failing'
  /** What the last failure said. */
  readonly detail: string
}

/** The probes of one run. Empty where none is configured: then nothing is ever due. */
export type Probing = { readonly [Name in ProbeName]?: Progress }

/** In the order in which they are dealt with: what startup lets go is seen in the same step. */
export const probeNames: readonly ProbeName[] = ['startup', 'readiness', 'liveness']

/** What the program should have told by then has failed; of a watchdog it is the time between two signs of life. */
const overdueAfter = ({ initialDelay, period, failureThreshold }: Probe): number =>
  initialDelay + period * failureThreshold

const never = Number.POSITIVE_INFINITY
const fresh: Progress = { due: never, began: 0, successes: 0, failures: 0, verdict: 'unknown', detail: '' }
const none: Probing = {}

/** The probes of a process that has just been started. Those that `startup` holds back have no due yet. */
export function beginProbing(probes: Probes, now: number): Probing {
  const configured = probeNames.filter(name => probes[name] !== undefined)
  if (configured.length === 0) return none
  const isHeld = (name: ProbeName): boolean => name !== 'startup' && probes.startup !== undefined
  const entries = configured.map(name => [name, isHeld(name) ? fresh : started(name, probes[name], now, now)] as const)
  return Object.fromEntries(entries)
}

/** Lets the others go: startup has passed. The initial delay counts from the start of the process, as in Kubernetes. */
export function releaseProbing(probes: Probes, probing: Probing, since: number, now: number): Probing {
  let after = probing
  for (const name of probeNames) {
    const progress = probing[name]
    if (progress === undefined) continue
    const due = name === 'startup' ? never : started(name, probes[name], since, now).due
    after = { ...after, [name]: { ...progress, due } }
  }
  return after
}

/** Whether a probe still waits for startup to pass. */
function isHeld(probing: Probing, name: ProbeName): boolean {
  return name !== 'startup' && probing.startup !== undefined && probing.startup.verdict !== 'passing'
}

/**
 * Another process is the program's from now on. A try that is under way asks the one before, so that its answer will
 * not count: the next one comes when it would have come after that.
 */
export function handProbingOver(probes: Probes, probing: Probing, now: number): Probing {
  let after = probing
  for (const name of probeNames) {
    const probe = probes[name]
    const progress = probing[name]
    if (probe === undefined || progress === undefined || progress.due !== never) continue
    const passed = name === 'startup' && progress.verdict === 'passing'
    if (passed || isTold(probe.check) || isHeld(probing, name)) continue
    after = { ...after, [name]: { ...progress, due: Math.max(now, progress.began + probe.period) } }
  }
  return after
}

function started(name: ProbeName, probe: Probe | undefined, since: number, now: number): Progress {
  if (probe === undefined) return fresh
  if (!isTold(probe.check)) return { ...fresh, due: Math.max(now, since + probe.initialDelay) }
  // Readiness only gates, so nobody has to look whether it comes at all.
  return name === 'readiness' ? fresh : { ...fresh, due: now + overdueAfter(probe) }
}

/** The nearest due of a run's probes. */
export function probingDue(probing: Probing): number {
  // Asked about every program after every step: most have no probes.
  if (probing === none) return never
  let nearest = never
  for (const name of probeNames) nearest = Math.min(nearest, probing[name]?.due ?? never)
  return nearest
}

/** The probes whose due has come: tries begin, what should have been told has failed. Undefined where none is due. */
export function lookAtDues(
  probes: Probes,
  probing: Probing,
  now: number,
): { readonly probing: Probing; readonly tries: readonly ProbeName[] } | undefined {
  if (probingDue(probing) > now) return undefined
  let after = probing
  const tries: ProbeName[] = []
  for (const name of probeNames) {
    const probe = probes[name]
    const progress = probing[name]
    if (probe === undefined || progress === undefined || progress.due > now) continue
    if (!isTold(probe.check)) tries.push(name)
    after = {
      ...after,
      [name]: isTold(probe.check) ? missed(probe, progress) : { ...progress, due: never, began: now },
    }
  }
  return { probing: after, tries }
}

function missed(probe: Probe, progress: Progress): Progress {
  const { by } = probe.check
  const what = by === 'notify' ? 'no notification' : by === 'fd' ? 'no newline on the descriptor' : 'no matching line'
  return { ...progress, due: never, verdict: 'failing', detail: `${what} within ${overdueAfter(probe) / 1000}s` }
}

/** More time for a startup that is told: until then at least. Tries go on as they are: who asks later finds out later. */
export function extendStartup(probes: Probes, probing: Probing, until: number): Probing {
  const { startup } = probing
  if (startup === undefined || startup.due === never) return probing
  if (probes.startup === undefined || !isTold(probes.startup.check)) return probing
  return { ...probing, startup: { ...startup, due: Math.max(startup.due, until) } }
}

/** What came of a try, or of what the program told, with the others as they are. `uptime` is that of the process. */
export function hearProbe(
  name: ProbeName,
  probe: Probe,
  probing: Probing,
  said: { readonly ok: boolean; readonly detail: string },
  moment: { readonly now: number; readonly uptime: number },
): Probing {
  const progress = probing[name]
  // Startup passes once and for all.
  if (progress === undefined || (name === 'startup' && progress.verdict === 'passing')) return probing
  const next = judgeTry(name, probe, progress, said, moment)
  // A sign of life during the startup does not set the watchdog going.
  return { ...probing, [name]: isHeld(probing, name) ? { ...next, due: never } : next }
}

/** What came of a try, or of what the program told. `uptime` is that of the process. */
export function judgeTry(
  name: ProbeName,
  probe: Probe,
  progress: Progress,
  { ok, detail }: { readonly ok: boolean; readonly detail: string },
  { now, uptime }: { readonly now: number; readonly uptime: number },
): Progress {
  const said = ok ? '' : detail
  if (isTold(probe.check)) {
    const due = name === 'liveness' && ok ? now + overdueAfter(probe) : never
    return { ...progress, due, verdict: ok ? 'passing' : 'failing', detail: said }
  }
  const starts = isStarting(probe, progress, uptime)
  const failures = ok || (starts && progress.successes === 0) ? 0 : progress.failures + 1
  const successes = ok ? progress.successes + 1 : 0
  const due = Math.max(now, progress.began + (starts && !ok ? probe.startInterval : probe.period))
  const verdict =
    successes >= probe.successThreshold ? 'passing' : failures >= probe.failureThreshold ? 'failing' : progress.verdict
  return { ...progress, due, successes, failures, verdict, detail: said }
}

/** Compose's start_period: failures in it do not count, and a success ends it. */
function isStarting(probe: Probe, { verdict }: Progress, uptime: number): boolean {
  return uptime < probe.startPeriod && verdict === 'unknown'
}

/** A try came to nothing: the next comes when it would have come, and nothing counts. */
export function passOver(
  name: ProbeName,
  probe: Probe,
  probing: Probing,
  { now, uptime }: { readonly now: number; readonly uptime: number },
): Probing {
  const progress = probing[name]
  if (progress === undefined || progress.due !== never) return probing
  const period = isStarting(probe, progress, uptime) ? probe.startInterval : probe.period
  return { ...probing, [name]: { ...progress, due: Math.max(now, progress.began + period) } }
}
