/**
 * Kubernetes' prober once more and on its own, as an oracle: it knows results and how often in a row they came, as
 * `worker.doProbe` of the kubelet does, and of what programs tell by themselves how long they may be silent.
 */
import type { Program } from '../../src/core/plan.ts'
import { isTold, type Probe, type ProbeName, type Probes, probeNames } from '../../src/core/probe.ts'

/** What is known of one probe of one process. */
export interface Heard {
  readonly result: 'unknown' | 'passing' | 'failing'
  readonly last: boolean | undefined
  /** How often in a row `last` came; more than the thresholds need is not counted. */
  readonly row: number
  /** A try has begun and not ended. */
  readonly underWay: boolean
  /** Milliseconds until a silence has lasted too long; Infinity: it may last. */
  readonly left: number
}

export type Ear = { readonly [Name in ProbeName]?: Heard }

const deaf: Heard = { result: 'unknown', last: undefined, row: 0, underWay: false, left: Number.POSITIVE_INFINITY }
const patience = (probe: Probe): number => probe.initialDelay + probe.period * probe.failureThreshold

/** A process is there, or a daemon has forked away: nothing has been heard of it. */
export function listen(probes: Probes): Ear {
  const ear: { [Name in ProbeName]?: Heard } = {}
  for (const name of probeNames) if (probes[name] !== undefined) ear[name] = deaf
  return armed(probes, ear, probes.startup === undefined ? 'liveness' : 'startup')
}

/** From now on a told probe may not stay silent for ever. */
function armed(probes: Probes, ear: Ear, name: 'startup' | 'liveness'): Ear {
  const probe = probes[name]
  const heard = ear[name]
  if (probe === undefined || heard === undefined || !isTold(probe.check)) return ear
  return { ...ear, [name]: { ...heard, left: patience(probe) } }
}

/** Whether the probe has to wait until startup has passed. */
export function isHeldBack(ear: Ear, name: ProbeName): boolean {
  return name !== 'startup' && ear.startup !== undefined && ear.startup.result !== 'passing'
}

/** A result, of a try or told. */
export function hear(probes: Probes, ear: Ear, name: ProbeName, ok: boolean): Ear {
  const probe = probes[name]
  const heard = ear[name]
  if (probe === undefined || heard === undefined) return ear
  // Whoever has started has started.
  if (name === 'startup' && heard.result === 'passing') return ear
  const told = isTold(probe.check)
  const row = heard.last === ok ? heard.row + 1 : 1
  const needed = told ? 1 : ok ? probe.successThreshold : probe.failureThreshold
  const result = row >= needed ? (ok ? 'passing' : 'failing') : heard.result
  const after = { ...heard, last: ok, row: Math.min(row, needed), result, underWay: false } as const
  const next = { ...ear, [name]: { ...after, left: name === 'startup' ? Number.POSITIVE_INFINITY : heard.left } }
  if (name === 'startup')
    return heard.result !== 'passing' && result === 'passing' ? armed(probes, next, 'liveness') : next
  if (name === 'readiness' || !told || isHeldBack(ear, name)) return next
  return ok ? armed(probes, next, 'liveness') : { ...next, liveness: { ...after, left: Number.POSITIVE_INFINITY } }
}

/** A try begins. */
export function ask(ear: Ear, name: ProbeName): Ear {
  return { ...ear, [name]: { ...(ear[name] ?? deaf), underWay: true } }
}

/** The prober itself has failed: the kubelet throws such a result away. */
export function hearNothing(ear: Ear, name: ProbeName): Ear {
  const heard = ear[name]
  return heard === undefined ? ear : { ...ear, [name]: { ...heard, underWay: false } }
}

/** Another process is the program's: what is under way asked the one before. */
export function unask(ear: Ear): Ear {
  return change(ear, heard => ({ ...heard, underWay: false }))
}

/** Time passes. */
export function listenOn(ear: Ear, millis: number): Ear {
  return millis === 0 ? ear : change(ear, heard => ({ ...heard, left: Math.max(0, heard.left - millis) }))
}

/** More time for a startup that is told. */
export function bearWith(ear: Ear, millis: number): Ear {
  const { startup } = ear
  if (startup === undefined || startup.left === Number.POSITIVE_INFINITY) return ear
  return { ...ear, startup: { ...startup, left: Math.max(startup.left, millis) } }
}

function change(ear: Ear, how: (heard: Heard) => Heard): Ear {
  const after: { [Name in ProbeName]?: Heard } = {}
  for (const name of probeNames) {
    const heard = ear[name]
    if (heard !== undefined) after[name] = how(heard)
  }
  return after
}

/** Why the process is to be stopped: a probe that has failed, or that was silent for too long. */
export function isIll(ear: Ear): 'startup' | 'liveness' | undefined {
  return (['startup', 'liveness'] as const).find(name => {
    const heard = ear[name]
    return heard !== undefined && (heard.result === 'failing' || heard.left <= 0)
  })
}

/** Whether a process that runs can be used. */
export function isUsable({ probes }: Program, ear: Ear): boolean {
  return probes.readiness === undefined || ear.readiness?.result === 'passing'
}

/** A word for a key. */
export function shortEar(ear: Ear): string {
  let word = ''
  for (const name of probeNames) {
    const it = ear[name]
    if (it !== undefined) word += `${name[0]}${it.result[0]}${it.last ? '+' : '-'}${it.row}${it.underWay},${it.left};`
  }
  return word
}
