/** Settings -> programs of the plan: defaults, words, environment, identity. What concerns one program alone. */
import { type Backoff, type Dependency, type Program, programDefaults } from '../core/plan.ts'
import type { Diagnostic } from '../errors.ts'
import { type Accounts, resolveUser } from './identity.ts'
import { didYouMean } from './nearest.ts'
import { meantKey, type ProgramSettings, programKeys, type Settings } from './schema.ts'
import { placeOf, type Shape, type WrittenProgram } from './shape.ts'
import { describe, fault, find, type Origin, type Path } from './tree.ts'
import { splitWords, type WordsFault } from './words.ts'

/** What a program is resolved against. */
export interface Surroundings extends Accounts {
  /** foster's own user. */
  readonly uid: number
  readonly environment: Readonly<Record<string, string>>
}

interface Resolving {
  readonly program: WrittenProgram
  readonly shape: Shape
  readonly facts: Surroundings
  readonly diagnostics: Diagnostic[]
}

/** Builds one program of the plan. Faulty parts were or are reported, and have their defaults in the result. */
export function resolveProgram(
  program: WrittenProgram,
  shape: Shape,
  facts: Surroundings,
  diagnostics: Diagnostic[],
): Program {
  const { name, settings } = program
  const resolving: Resolving = { program, shape, facts, diagnostics }
  const { user } = settings
  return {
    name,
    kind: settings.kind ?? programDefaults.kind,
    command: commandOf(resolving),
    critical: settings.critical ?? programDefaults.critical,
    autostart: settings.autostart ?? programDefaults.autostart,
    workingDir: workingDirOf(resolving),
    environment: environmentOf(resolving),
    user: user == null ? undefined : userOf(user, resolving),
    ...restartOf(resolving),
    successExitCodes: settings.success_exit_codes ?? programDefaults.successExitCodes,
    startMillis: settings.start_seconds ?? programDefaults.startMillis,
    backoff: backoffOf(settings),
    dependsOn: dependenciesOf(resolving),
    stopSignal: settings.stop_signal ?? programDefaults.stopSignal,
    stopGraceMillis: settings.stop_grace_period ?? programDefaults.stopGraceMillis,
    stopScope: settings.stop_scope ?? (settings.shell ? 'group' : 'process'),
    stopCommand: settings.stop_command == null ? undefined : wordsOf(settings.stop_command, 'stop_command', resolving),
    stdin: settings.stdin ?? programDefaults.stdin,
    tty: settings.tty ?? programDefaults.tty,
    logFormat: settings.log?.format ?? undefined,
  }
}

function report(resolving: Resolving, at: Origin, code: string, message: string, hint?: string): void {
  resolving.diagnostics.push(fault(at, code, message, hint))
}

/** Replaces `%(name)` and `%(replica)`; there is one replica as yet. */
function expand(text: string, name: string): string {
  return text.replaceAll('%(name)', name).replaceAll('%(replica)', '0')
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
  if (!shell) return wordsOf(command, 'command', resolving)
  if (typeof command === 'string' && command.trim() !== '') return ['/bin/sh', '-c', expand(command, program.name)]
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

function otherNames({ program, shape }: Resolving): readonly string[] {
  return shape.programs.map(({ name }) => name).filter(name => name !== program.name)
}

function wordsOf(command: string | readonly string[], key: string, resolving: Resolving): readonly string[] {
  const { program } = resolving
  const words = typeof command === 'string' ? splitWords(command) : command
  if ('message' in words) {
    report(resolving, within(placeOf(program, key), command, words), 'invalid-command', words.message, words.hint)
    return []
  }
  if (words[0] === undefined) report(resolving, placeOf(program, key), 'invalid-command', 'the command is empty')
  else if (words[0] === '')
    report(resolving, placeOf(program, key), 'invalid-command', "the command's first word is empty")
  return words.map(word => expand(word, program.name))
}

/** The place inside a command, where it stands in the file as it was read: on one line, without quotes or variables. */
function within(at: Origin, command: string | readonly string[], { offset, length }: WordsFault): Origin {
  if ('variable' in at || at.length !== command.length) return at
  return { ...at, column: at.column + offset, length: Math.min(length, at.length - offset) }
}

function workingDirOf(resolving: Resolving): string | undefined {
  const { program } = resolving
  const { working_dir } = program.settings
  if (working_dir !== '') return working_dir == null ? undefined : expand(working_dir, program.name)
  report(resolving, placeOf(program, 'working_dir'), 'invalid-value', 'expected the path of a directory, got nothing')
  return undefined
}

/** The program's variables over those of the top level. A name without a value takes foster's own, if there is one. */
function environmentOf(resolving: Resolving): Readonly<Record<string, string>> {
  const { program, shape, facts } = resolving
  const variables = new Map<string, string | null>()
  const add = (written: Settings['environment'], path: Path): void => {
    for (const [name, value, step] of pairsOf(written)) {
      if (/^[^=\0]+$/.test(name)) variables.set(name, value)
      else {
        const { at } = find(shape.tree, [...path, step])
        report(resolving, at, 'invalid-value', 'expected NAME=VALUE, the name without "=" and not empty')
      }
    }
  }
  add(shape.settings.environment, ['environment'])
  add(program.settings.environment, ['programs', program.name, 'environment'])
  const environment: Record<string, string> = {}
  for (const [name, value] of variables) {
    const set = value ?? (Object.hasOwn(facts.environment, name) ? facts.environment[name] : undefined)
    if (set !== undefined) environment[name] = value === null ? set : expand(set, program.name)
  }
  return environment
}

function pairsOf(written: Settings['environment']): ReadonlyArray<[string, string | null, string | number]> {
  if (!Array.isArray(written)) return Object.entries(written ?? {}).map(([name, value]) => [name, value, name])
  return (written as readonly string[]).map((item, index) => {
    const end = item.indexOf('=')
    return end === -1 ? [item, null, index] : [item.slice(0, end), item.slice(end + 1), index]
  })
}

function userOf(text: string, resolving: Resolving): Program['user'] {
  const { program, facts } = resolving
  const { at, node } = find(program.entry.node, ['user'])
  const user = resolveUser(text, facts)
  const shown = describe(node, ['user'])
  if (typeof user === 'string') {
    const isMasked = node.kind === 'scalar' && node.masked
    report(resolving, node.at ?? at, 'unknown-user', isMasked ? `cannot run as user ${shown}: it is unknown` : user)
    return undefined
  }
  if (facts.uid === 0 || user.uid === facts.uid) return user
  const message = `cannot run as user ${shown}: foster runs as uid ${facts.uid}, and only root can change the user`
  report(resolving, node.at, 'not-root', message, 'remove "user", or start the container as root')
  return undefined
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
  return {
    delay: backoff?.delay ?? defaults.delay,
    factor: backoff?.factor ?? defaults.factor,
    max: backoff?.max ?? Math.max(defaults.max, backoff?.delay ?? 0),
    jitter: backoff?.jitter ?? defaults.jitter,
    resetAfter: backoff?.reset_after ?? defaults.resetAfter,
  }
}

/** In a list, and where no condition is written, a task is waited for to its end, anything else until it runs. */
function dependenciesOf({ program, shape }: Resolving): readonly Dependency[] {
  const written = program.settings.depends_on
  const kinds = new Map(shape.programs.map(({ name, settings }) => [name, settings.kind]))
  const usual = (name: string): Dependency['condition'] => (kinds.get(name) === 'task' ? 'completed' : 'started')
  if (Array.isArray(written)) {
    return (written as readonly string[]).map(name => ({ program: name, condition: usual(name), required: true }))
  }
  return Object.entries(written ?? {}).map(([name, value]) => {
    if (value === null || typeof value === 'string')
      return { program: name, condition: value ?? usual(name), required: true }
    return { program: name, condition: value.condition ?? usual(name), required: value.required ?? true }
  })
}
