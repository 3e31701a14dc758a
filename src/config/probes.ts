/** `probes` and `healthcheck` of a program -> its probes. */
import { type Check, type Probe, type ProbeName, type Probes, probeDefaults, probeNames } from '../core/probe.ts'
import type { Diagnostic } from '../errors.ts'
import { filledIn, httpOf, logOf, type ProbeSettings, type Resolving, report, tcpOf } from './checks.ts'
import { wordsOf } from './command.ts'
import type { ProgramSettings } from './schema.ts'
import { isActive, placeOf, type WrittenProgram } from './shape.ts'
import type { Path } from './tree.ts'

/** The probes of one process of a program. Faulty ones are reported and left out. */
export function probesOf(program: WrittenProgram, replica: number | undefined, diagnostics: Diagnostic[]): Probes {
  const { probes: written, healthcheck } = program.settings
  if (written == null && healthcheck == null) return {}
  const resolving: Resolving = { program, replica, diagnostics }
  const probes: { -readonly [Name in ProbeName]?: Probe } = {}
  for (const name of probeNames) {
    const settings = written?.[name] as ProbeSettings | null | undefined
    const probe = settings == null ? undefined : probeOf(name, settings, resolving)
    if (probe !== undefined) probes[name] = probe
  }
  if (isActive(healthcheck)) addHealthcheck(healthcheck, probes, resolving)
  checkTask(probes, resolving)
  checkDescriptors(probes, resolving)
  return probes
}

function probeOf(name: ProbeName, settings: ProbeSettings, resolving: Resolving): Probe | undefined {
  const path = ['probes', name]
  checkNumbers(settings, path, resolving)
  const check = checkOf(settings, path, resolving)
  return check && { check, ...timesOf(settings) }
}

function timesOf(settings: ProbeSettings): Omit<Probe, 'check'> {
  return {
    initialDelay: settings.initial_delay ?? probeDefaults.initialDelay,
    period: settings.period ?? probeDefaults.period,
    timeout: settings.timeout ?? probeDefaults.timeout,
    successThreshold: settings.success_threshold ?? probeDefaults.successThreshold,
    failureThreshold: settings.failure_threshold ?? probeDefaults.failureThreshold,
    startPeriod: settings.start_period ?? probeDefaults.startPeriod,
    startInterval: settings.start_interval ?? probeDefaults.startInterval,
  }
}

/** Milliseconds. Anything shorter would be a loop that only keeps the machine warm. */
const shortest = 10

function checkNumbers(settings: ProbeSettings, path: Path, resolving: Resolving): void {
  for (const key of ['period', 'start_interval', 'timeout'] as const) {
    const millis = settings[key]
    if (millis == null || millis >= shortest) continue
    report(resolving, [...path, key], 'invalid-value', `"${key}" is at least ${shortest}ms`)
  }
}

/** The schema has seen to it that there is one way and no other. */
function checkOf(settings: ProbeSettings, path: Path, resolving: Resolving): Check | undefined {
  const { exec, http, tcp, log, fd, notify, file } = settings
  const { program, diagnostics } = resolving
  if (exec != null) {
    const command = wordsOf(exec, placeOf(program, ...path, 'exec'), diagnostics, 'write [/bin/sh, -c, ...]')
    return command.length === 0 ? undefined : execOf(command, resolving)
  }
  if (http != null) return httpOf(http, [...path, 'http'], resolving)
  if (tcp != null) return tcpOf(tcp, [...path, 'tcp'], resolving)
  if (log != null) return logOf(log, [...path, 'log'], resolving)
  if (fd != null) return { by: 'fd', fd }
  if (notify === true) return { by: 'notify' }
  if (notify === false) return report(resolving, [...path, 'notify'], 'invalid-value', 'expected true, got false')
  if (file == null) return undefined
  if (file !== '') return { by: 'file', path: filledIn(file, resolving) }
  return report(resolving, [...path, 'file'], 'invalid-value', 'expected the path of a file, got nothing')
}

function execOf(command: readonly string[], resolving: Resolving): Check {
  return { by: 'exec', command: command.map(word => filledIn(word, resolving)) }
}

type Healthcheck = NonNullable<ProgramSettings['healthcheck']>

/** The defaults of a health check are Compose's, and so is its zero, which means the default. */
const usual = { interval: 30_000, timeout: 30_000, startInterval: 5000 } as const

/**
 * Compose's health check is a readiness probe that is tried at once, and with `on_unhealthy: restart` a liveness probe
 * too, which is first tried after an interval, as in Docker.
 */
function addHealthcheck(
  written: Healthcheck,
  probes: { -readonly [Name in ProbeName]?: Probe },
  resolving: Resolving,
): void {
  const command = testOf(written, resolving)
  for (const name of written.on_unhealthy === 'restart'
    ? (['readiness', 'liveness'] as const)
    : ['readiness' as const]) {
    if (resolving.program.settings.probes?.[name] == null) continue
    const message = `both "healthcheck" and "probes.${name}" are there`
    report(
      resolving,
      ['healthcheck'],
      'conflict',
      message,
      'remove one of them, or write "healthcheck: {disable: true}"',
    )
  }
  if (command === undefined) return
  const readiness: Probe = {
    check: execOf(command, resolving),
    initialDelay: 0,
    period: written.interval || usual.interval,
    timeout: written.timeout || usual.timeout,
    successThreshold: 1,
    failureThreshold: written.retries ?? probeDefaults.failureThreshold,
    startPeriod: written.start_period ?? 0,
    startInterval: written.start_interval || usual.startInterval,
  }
  probes.readiness = readiness
  if (written.on_unhealthy === 'restart') probes.liveness = { ...readiness, initialDelay: readiness.period }
}

function testOf({ test }: Healthcheck, resolving: Resolving): readonly string[] | undefined {
  const path = ['healthcheck', 'test']
  const wrong = (message: string, hint?: string) => report(resolving, path, 'invalid-command', message, hint)
  if (test == null) {
    return report(resolving, ['healthcheck'], 'missing-key', 'the health check has no test', 'add "test: ..."')
  }
  const command = commandOfTest(test)
  if (command !== undefined) return command
  if (typeof test === 'string' || test[0] === 'CMD') return wrong('the command is empty')
  if (test[0] === 'CMD-SHELL') return wrong('CMD-SHELL is followed by one text for the shell')
  return wrong('expected a list that begins with CMD, CMD-SHELL or NONE', 'write "CMD" as its first item')
}

/** The command of `test`: a string for the shell, or a list that begins with CMD or CMD-SHELL; else undefined. */
export function commandOfTest(test: string | readonly string[]): readonly string[] | undefined {
  const [first = '', ...words] = typeof test === 'string' ? ['CMD-SHELL', test] : test
  if (first === 'CMD') return words[0] ? words : undefined
  return first === 'CMD-SHELL' && words.length === 1 && words[0]?.trim() ? ['/bin/sh', '-c', words[0]] : undefined
}

/** A task can hang, and is then stopped; whether it is ready nobody asks. */
function checkTask(probes: Probes, resolving: Resolving): void {
  const { settings } = resolving.program
  if (settings.kind !== 'task') return
  for (const name of ['startup', 'readiness'] as const) {
    if (probes[name] === undefined) continue
    const isOwn = settings.probes?.[name] != null
    const what = isOwn ? `a ${name} probe` : 'a health check'
    const message = `a task has no use for ${what}: what depends on it waits for its end`
    const hint = 'a liveness probe stops a task that hangs'
    report(resolving, isOwn ? ['probes', name] : ['healthcheck'], 'invalid-probe', message, hint)
  }
}

/** There is one pipe, which several probes may listen to. */
function checkDescriptors(probes: Probes, resolving: Resolving): void {
  const { startup, readiness } = probes
  if (startup?.check.by !== 'fd' || readiness?.check.by !== 'fd' || startup.check.fd === readiness.check.fd) return
  const message = `the startup probe listens on descriptor ${startup.check.fd} already, and there is only one`
  report(resolving, ['probes', 'readiness', 'fd'], 'conflict', message, `write "fd: ${startup.check.fd}"`)
}
