/** Settings -> programs of the plan: defaults, words, environment, identity. What concerns one program alone. */
import { didYouMean } from '../core/nearest.ts'
import { type Backoff, type Dependency, type Program, programDefaults } from '../core/plan.ts'
import type { Diagnostic } from '../errors.ts'
import { wordsOf } from './command.ts'
import type { ProgramEnvironment } from './environment.ts'
import { expand } from './expand.ts'
import { credentialsOf } from './identity.ts'
import { resolveLog } from './log.ts'
import { pidFileOf } from './pid-file.ts'
import { probesOf } from './probes.ts'
import { processSettingsOf } from './process.ts'
import { type Resolving, report, type Surroundings } from './resolving.ts'
import { type ProgramSettings, programKeys } from './schema.ts'
import { meantKey } from './section.ts'
import { placeOf, type Shape, type WrittenProgram } from './shape.ts'
import { fault, find, warning } from './tree.ts'
import { nameRule, programName } from './validate.ts'

/**
 * Builds one program of the plan, `%(name)` and `%(replica)` still to be filled in. Faulty parts were or are reported,
 * and have their defaults in the result.
 */
export function resolveProgram(
  program: WrittenProgram,
  environment: ProgramEnvironment,
  shape: Shape,
  facts: Surroundings,
  diagnostics: Diagnostic[],
): Program {
  const { name, settings } = program
  const resolving: Resolving = { program, shape, facts, diagnostics }
  return {
    name,
    replica: undefined,
    group: groupOf(resolving),
    kind: settings.kind ?? programDefaults.kind,
    command: commandOf(resolving),
    pidFile: pidFileOf(program, diagnostics),
    critical: settings.critical ?? programDefaults.critical,
    autostart: settings.autostart ?? programDefaults.autostart,
    workingDir: workingDirOf(resolving),
    environment: Object.fromEntries([...environment.variables].map(([variable, { value }]) => [variable, value])),
    secrets: Object.fromEntries([...environment.secrets].map(([variable, { path }]) => [variable, path])),
    envInherit: inheritanceOf(resolving),
    user: credentialsOf(resolving),
    ...processSettingsOf(resolving),
    ...restartOf(resolving),
    successExitCodes: settings.success_exit_codes ?? programDefaults.successExitCodes,
    startMillis: settings.start_seconds ?? programDefaults.startMillis,
    startTimeoutMillis: settings.start_timeout ?? programDefaults.startTimeoutMillis,
    backoff: backoffOf(settings),
    dependsOn: dependenciesOf(resolving),
    probes: probesOf(program, 0, diagnostics),
    stopSignal: settings.stop_signal ?? programDefaults.stopSignal,
    stopGraceMillis: settings.stop_grace_period ?? programDefaults.stopGraceMillis,
    stopScope: settings.stop_scope ?? (settings.shell ? 'group' : 'process'),
    stopCommand: stopCommandOf(resolving),
    stdin: settings.stdin ?? programDefaults.stdin,
    tty: settings.tty ?? programDefaults.tty,
    log: resolveLog(program, shape, facts, diagnostics),
    setsIdentity: programDefaults.setsIdentity,
    rules: programDefaults.rules,
    priority: programDefaults.priority,
  }
}

function commandOf(resolving: Resolving): readonly string[] {
  const { program } = resolving
  const { command, shell } = program.settings
  if (command == null) {
    const isSaid = [...program.faulty].some(key => key === 'command' || meantKey(key, programKeys) === 'command')
    const other = 'variable' in program.entry.at ? didYouMean(program.name, otherNames(resolving)) : undefined
    const message = `program "${program.name}" has no command`
    if (!isSaid) report(resolving, program.entry.at, 'missing-key', message, other ?? 'add "command: ..."')
    return []
  }
  if (!shell) return wordsOf(command, placeOf(program, 'command'), resolving.diagnostics)
  if (typeof command === 'string' && command.trim() !== '') return ['/bin/sh', '-c', command]
  const at = placeOf(program, 'command')
  if (typeof command === 'string') report(resolving, at, 'invalid-command', 'the command is empty')
  else
    report(
      resolving,
      at,
      'invalid-command',
      '"shell: true" needs the command as a string',
      'write a string, or remove "shell: true"',
    )
  return []
}

function stopCommandOf({ program, diagnostics }: Resolving): Program['stopCommand'] {
  const { stop_command } = program.settings
  return stop_command == null
    ? undefined
    : wordsOf(stop_command, placeOf(program, 'stop_command'), diagnostics, 'write [/bin/sh, -c, ...]')
}

function groupOf({ program, diagnostics }: Resolving): string | undefined {
  const { group } = program.settings
  if (group == null || programName.test(group)) return group ?? undefined
  const message = `${JSON.stringify(group)} is no name for a group: ${nameRule}`
  diagnostics.push(fault(placeOf(program, 'group'), 'invalid-name', message))
  return undefined
}

function otherNames({ program, shape }: Resolving): readonly string[] {
  return shape.programs.map(({ name }) => name).filter(name => name !== program.name)
}

function workingDirOf(resolving: Resolving): string | undefined {
  const { program } = resolving
  const { working_dir } = program.settings
  if (working_dir == null) return undefined
  const at = placeOf(program, 'working_dir')
  if (working_dir === '') report(resolving, at, 'invalid-value', 'expected the path of a directory, got nothing')
  // One replica stands for all.
  const path = expand(working_dir, { name: program.name, replica: 0 })
  const found = path === '' ? 'directory' : resolving.facts.whatIs(path)
  // Something may still make it before the program starts, so that this alone stops nothing.
  const message = found === 'nothing' ? 'there is no such directory yet' : 'this is not a directory'
  if (found === 'nothing' || found === 'other') resolving.diagnostics.push(warning(at, 'no-directory', message))
  return working_dir
}

/** Patterns of names: `*` and `?` stand for any characters and for one. */
function inheritanceOf(resolving: Resolving): Program['envInherit'] {
  const { program } = resolving
  const { env_inherit } = program.settings
  if (!Array.isArray(env_inherit)) return env_inherit ?? programDefaults.envInherit
  const patterns = env_inherit as readonly string[]
  for (const [index, pattern] of patterns.entries()) {
    if (/^[^=\0[\]{}]+$/.test(pattern)) continue
    const message = 'expected the name of a variable, or a pattern with * and ?'
    report(resolving, placeOf(program, 'env_inherit', index), 'invalid-value', message)
  }
  return patterns
}

function restartOf(resolving: Resolving): Pick<Program, 'restart' | 'startRetries'> {
  const { program } = resolving
  const { restart, start_retries } = program.settings
  const written = start_retries === -1 ? Number.POSITIVE_INFINITY : start_retries
  if (restart?.retries !== undefined && written != null) {
    const message = 'both "restart: on-failure:N" and "start_retries" say how often to try again'
    report(
      resolving,
      placeOf(program, 'start_retries'),
      'conflict',
      message,
      'write "restart: on-failure" with "start_retries"',
    )
  }
  return {
    restart: restart?.policy ?? programDefaults.restart,
    startRetries: written ?? restart?.retries ?? programDefaults.startRetries,
  }
}

function backoffOf({ backoff }: ProgramSettings): Backoff {
  const defaults = programDefaults.backoff
  if (backoff == null) return defaults
  return {
    delay: backoff.delay ?? defaults.delay,
    factor: backoff.factor ?? defaults.factor,
    max: backoff.max ?? Math.max(defaults.max, backoff.delay ?? 0),
    jitter: backoff.jitter ?? defaults.jitter,
    resetAfter: backoff.reset_after ?? defaults.resetAfter,
  }
}

/**
 * In a list, and where no condition is written, a task is waited for to its end, a program that can tell when it is
 * ready until it is, any other until it runs.
 */
function dependenciesOf({ program, shape }: Resolving): readonly Dependency[] {
  const written = program.settings.depends_on
  const usual = (name: string): Dependency['condition'] => {
    if (shape.tasks.has(name)) return 'completed'
    return shape.probed.has(name) ? 'ready' : 'started'
  }
  if (Array.isArray(written)) {
    return (written as readonly string[]).map(name => ({
      program: name,
      condition: usual(name),
      required: true,
      restart: false,
    }))
  }
  // In the order they are written, which an object loses if names are numbers.
  const { node } = find(program.entry.node, ['depends_on'])
  const names = node.kind === 'map' ? [...node.entries.keys()].filter(name => Object.hasOwn(written ?? {}, name)) : []
  return names.map(name => {
    const value = (written as Exclude<typeof written, readonly string[] | null | undefined>)[name] ?? null
    if (value === null || typeof value === 'string')
      return { program: name, condition: value ?? usual(name), required: true, restart: false }
    return {
      program: name,
      condition: value.condition ?? usual(name),
      required: value.required ?? true,
      restart: value.restart ?? false,
    }
  })
}
