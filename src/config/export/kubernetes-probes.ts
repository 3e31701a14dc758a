/** Probes as the kubelet takes them, and what of them it cannot do. */
import type { Program } from '../../core/plan.ts'
import { type Check, isTold, type Probe, type ProbeName } from '../../core/probe.ts'
import { maskedNote } from './notes.ts'
import type { Said, Shown } from './shown.ts'
import type { Unit } from './units.ts'
import { type Field, field, type Section, section } from './yaml.ts'

const keys = { startup: 'startupProbe', readiness: 'readinessProbe', liveness: 'livenessProbe' } as const

/** A handler of Kubernetes' and what is to be said about it; undefined where there is none. */
interface Handler {
  readonly field: readonly Field[] | undefined
  readonly notes: readonly string[]
}

/** The probes of a container. */
export function probeFields(unit: Unit, shown: Shown): readonly Field[] {
  const { program, awaited } = unit
  const { startup, readiness, liveness } = program.probes
  const isAwaited = unit.part === 'sidecar' && awaited.has('ready')
  const derived = isAwaited && !canBeAsked(startup) ? readiness : undefined
  // Init containers that end are not probed by Kubernetes.
  if (unit.part === 'init') return []
  return [
    ...(startup === undefined ? [] : ofProbe(program, 'startup', startup, shown)),
    ...(derived === undefined ? [] : asStartup(program, derived, shown)),
    ...(readiness === undefined ? [] : ofProbe(program, 'readiness', readiness, shown)),
    ...(liveness === undefined ? [] : ofProbe(program, 'liveness', liveness, shown)),
  ]
}

/** What is said of a container whose probes have no equivalent, or mean something else. */
export function probeNotes({ program, part, awaited }: Unit): readonly string[] {
  const { startup, readiness, liveness } = program.probes
  if (part === 'init')
    return liveness === undefined ? [] : ['probes.liveness: Kubernetes does not probe init containers']
  const told = Object.entries({ startup, readiness, liveness }).flatMap(([name, probe]) => {
    if (probe === undefined || canBeAsked(probe)) return []
    return [`probes.${name}: Kubernetes has no ${isTold(probe.check) ? probe.check.by : 'unix socket'} probe: lost`]
  })
  if (part !== 'sidecar' || !awaited.has('ready')) return told
  if (!canBeAsked(startup) && !canBeAsked(readiness)) {
    return [...told, 'others wait until it is ready: Kubernetes needs a startupProbe for that, and begins them at once']
  }
  const isOther = canBeAsked(startup) && readiness !== undefined
  return isOther ? [...told, 'others wait until it is ready: Kubernetes waits for its startupProbe alone'] : told
}

/** Whether the kubelet can try it. */
function canBeAsked(probe: Probe | undefined): boolean {
  if (probe === undefined || isTold(probe.check)) return false
  return probe.check.by !== 'http' || probe.check.socketPath === undefined
}

function ofProbe(program: Program, name: ProbeName, probe: Probe, shown: Shown): readonly Field[] {
  const { field: handler, notes } = handlerOf(program, name, probe.check, shown)
  if (handler === undefined) return []
  const above = [...notes]
  if (name === 'readiness' && probe.startPeriod > 0) above.push('start_period: not needed, readiness stops nothing')
  return field(keys[name], section(handler, times(name, probe)), { above })
}

/** Ten minutes, since readiness may take as long as it takes, and startup may not. */
const patience = 600_000

function asStartup(program: Program, probe: Probe, shown: Shown): readonly Field[] {
  const { field: handler, notes } = handlerOf(program, 'readiness', probe.check, shown)
  if (handler === undefined) return []
  const above = [
    'the readiness probe once more: Kubernetes starts the containers below when this one has succeeded, and',
    'restarts this container if it has not within the time; foster would wait as long as it takes',
    ...notes,
  ]
  const failureThreshold = Math.ceil(patience / Math.max(1000, probe.period))
  return field('startupProbe', section(handler, times('startup', { ...probe, failureThreshold })), { above })
}

/** Whole seconds, as Kubernetes counts; never less than is configured. */
const seconds = (millis: number, least = 1): number => Math.min(2 ** 31 - 1, Math.max(least, Math.ceil(millis / 1000)))

function times(name: ProbeName, probe: Probe): readonly Field[] {
  const { initialDelay, period, timeout, successThreshold, failureThreshold, startPeriod } = probe
  // Compose's start_period: what can be stopped by failures must not be asked in it, or be asked more often.
  const delay = name === 'liveness' ? Math.max(initialDelay, startPeriod) : initialDelay
  const more = name === 'startup' ? Math.ceil(startPeriod / Math.max(1000, period)) : 0
  return [
    ...field('initialDelaySeconds', delay > 0 ? seconds(delay) : undefined),
    ...field('periodSeconds', seconds(period)),
    ...field('timeoutSeconds', seconds(timeout)),
    ...field('successThreshold', name === 'readiness' && successThreshold > 1 ? successThreshold : undefined),
    ...field('failureThreshold', Math.min(2 ** 31 - 1, Math.max(1, failureThreshold + more))),
  ]
}

function handlerOf(program: Program, name: ProbeName, check: Check, shown: Shown): Handler {
  const none: Handler = { field: undefined, notes: [] }
  if (check.by === 'exec') return exec(shown.probe.command(program, name, check.command))
  if (check.by === 'http') return http(program, name, check, shown)
  if (check.by === 'tcp') {
    const host = shown.probe.text(program, name, 'tcp', check.host)
    const { fields, notes } = hostOf(check.host, host.isMasked ? '***' : check.host)
    return { field: field('tcpSocket', section(fields, field('port', check.port))), notes }
  }
  if (check.by !== 'file') return none
  const path = shown.probe.text(program, name, 'file', check.path)
  const { field: command, notes } = exec({ ...path, value: ['test', '-e', path.value] })
  return { field: command, notes: ['a file probe: the image needs test(1)', ...notes] }
}

/** Unlike a container's, the command of a probe is not expanded by Kubernetes. */
function exec({ value, isMasked }: Said<readonly string[]>): Handler {
  return {
    field: field('exec', section(field('command', value))),
    notes: isMasked ? [maskedNote] : [],
  }
}

function http(program: Program, name: ProbeName, check: Extract<Check, { by: 'http' }>, shown: Shown): Handler {
  if (check.socketPath !== undefined) {
    return { field: undefined, notes: [] }
  }
  const url = new URL(check.url)
  const said = shown.probe.text(program, name, 'http.url', check.url)
  const [, host = '***', rest = '/***'] = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(said.value) ?? []
  const path = said.isMasked ? (rest.startsWith('/') ? rest : `/${rest}`) : `${url.pathname}${url.search}`
  const at = hostOf(url.hostname, said.isMasked && host.includes('***') ? '***' : url.hostname)
  const headers = Object.entries(check.headers).map(([header, value]) => ({ header, said: shown.probe.header(value) }))
  const isMasked = path.includes('***') || headers.some(it => it.said.isMasked)
  const list = headers.map(({ header, said: { value } }): Section => {
    return section(field('name', header), field('value', value))
  })
  const isSecure = url.protocol === 'https:'
  const fields = section(
    at.fields,
    field('path', path),
    field('port', Number(url.port) || (isSecure ? 443 : 80)),
    field('scheme', isSecure ? 'HTTPS' : undefined),
    field('httpHeaders', list.length > 0 ? list : undefined),
  )
  const user =
    url.username === '' ? [] : ['the user and password of the URL are lost: they need a header Authorization']
  return { field: field('httpGet', fields), notes: [...at.notes, ...user, ...(isMasked ? [maskedNote] : [])] }
}

const loopback = /^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$/i

/** The kubelet asks the address of the pod, so that a program that listens on loopback alone does not answer it. */
function hostOf(host: string, said: string): { readonly fields: readonly Field[]; readonly notes: readonly string[] } {
  if (!loopback.test(host)) return { fields: field('host', said.replace(/^\[|\]$/g, '')), notes: [] }
  return {
    fields: [],
    notes: ['the kubelet asks the address of the pod: the program must listen there, not on loopback alone'],
  }
}
