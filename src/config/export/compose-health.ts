/** A probe as Compose's health check, which is a command in the container. */
import type { Program } from '../../core/plan.ts'
import type { Check, Probe, ProbeName } from '../../core/probe.ts'
import { composeDuration, escaped } from './compose-text.ts'
import { maskedNote } from './notes.ts'
import type { Said, Shown } from './shown.ts'
import { type Field, field, section } from './yaml.ts'

/** The health check and what is said about it. */
export interface Health {
  readonly field: readonly Field[]
  readonly notes: readonly string[]
}

/** Whether a program can have one. */
export function canBeAsked({ probes }: Program): boolean {
  return isCommand((probes.readiness ?? probes.startup)?.check)
}

const isCommand = (check: Check | undefined): boolean => check?.by === 'exec' || check?.by === 'file'

/** From its readiness probe, else its startup probe: those are what others wait for. */
export function healthOf(program: Program, shown: Shown): Health {
  const { startup, readiness, liveness } = program.probes
  const name: ProbeName = readiness === undefined ? 'startup' : 'readiness'
  const probe = readiness ?? startup
  const notes = liveness === undefined ? [] : ['probes.liveness: Docker restarts nothing that is unhealthy: lost']
  if (readiness !== undefined && startup !== undefined) notes.push('probes.startup: lost, the healthcheck is readiness')
  const command = probe && commandOf(program, name, probe.check, shown)
  if (probe === undefined || command === undefined) {
    const check = probe && inWords(probe.check)
    const lost =
      check === undefined ? [] : [`probes.${name}: Compose has commands only, and the image may have none for ${check}`]
    // The image's own would ask for a foster that is not there.
    return { field: field('healthcheck', section(field('disable', true))), notes: [...notes, ...lost] }
  }
  const above = command.isMasked ? [maskedNote] : []
  const test = field('test', ['CMD', ...command.value.map(escaped)], { above })
  return { field: field('healthcheck', section(test, times(probe))), notes }
}

function commandOf(program: Program, name: ProbeName, check: Check, shown: Shown): Said<readonly string[]> | undefined {
  if (check.by === 'exec') return shown.probe.command(program, name, check.command)
  if (check.by !== 'file') return undefined
  const path = shown.probe.text(program, name, 'file', check.path)
  return { ...path, value: ['test', '-e', path.value] }
}

function inWords(check: Check): string {
  if (check.by === 'http') {
    const { port, protocol } = new URL(check.url)
    return `an ${protocol.slice(0, -1)} request${check.socketPath === undefined ? ` to port ${port || (protocol === 'https:' ? 443 : 80)}` : ' to a unix socket'}`
  }
  return check.by === 'tcp' ? `a connection to port ${check.port}` : `"${check.by}"`
}

function times({
  initialDelay,
  period,
  timeout,
  failureThreshold,
  startPeriod,
  startInterval,
}: Probe): readonly Field[] {
  const start = Math.max(startPeriod, initialDelay)
  return [
    ...field('interval', composeDuration(period)),
    ...field('timeout', composeDuration(timeout)),
    ...field('retries', failureThreshold),
    ...field('start_period', start > 0 ? composeDuration(start) : undefined),
    ...field('start_interval', startPeriod > 0 ? composeDuration(startInterval) : undefined),
  ]
}
