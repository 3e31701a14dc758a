/** The schema of the configuration, declared once: what every key takes and means. Types and reference pages come from it. */
import * as v from 'valibot'
import type { RestartPolicy } from '../core/plan.ts'
import { didYouMean, nearest } from './nearest.ts'
import {
  duration,
  either,
  encode,
  exitCode,
  flag,
  integer,
  listOf,
  mapOf,
  number,
  oneOf,
  option,
  scalar,
  section,
  signal,
  text,
  type Written,
} from './values.ts'

/** Keys of the design that this version does not have yet, by section. */
const later: Readonly<Record<string, readonly string[]>> = {
  program: [
    ...['group', 'replicas', 'umask', 'env_file', 'secrets', 'env_inherit', 'groups', 'nice', 'oom_score_adj'],
    ...['ulimits', 'probes', 'healthcheck', 'pid_file'],
  ],
  'the top level': ['defaults', 'env_file', 'include', 'signals', 'control', 'http'],
  log: ['stdout', 'stderr', 'max_line', 'overflow', 'timestamps', 'buffer'],
  depends_on: ['restart'],
}

/** What other tools call a key. */
const otherNames: Readonly<Record<string, string>> = {
  ...{ services: 'programs', program: 'programs', apps: 'programs', env: 'environment', directory: 'working_dir' },
  ...{ cwd: 'working_dir', workdir: 'working_dir', autorestart: 'restart', startsecs: 'start_seconds' },
  ...{
    startretries: 'start_retries',
    exitcodes: 'success_exit_codes',
    stopsignal: 'stop_signal',
    entrypoint: 'command',
  },
  ...{
    stopwaitsecs: 'stop_grace_period',
    exec: 'command',
    args: 'command',
    after: 'depends_on',
    requires: 'depends_on',
  },
}

/** The message about a key that a section does not have. */
function wrongKey(where: string, keys: () => readonly string[]) {
  return (key: string): string => {
    if (later[where]?.includes(key)) {
      return encode('unsupported-key', `key "${key}"`)
    }
    const meant = meantKey(key, keys())
    return encode('unknown-key', `unknown key "${key}"`, meant && `did you mean "${meant}"?`)
  }
}

/** The key that was probably meant: what another tool calls so, or the nearest. */
export function meantKey(key: string, keys: readonly string[]): string | undefined {
  const others = Object.keys(otherNames).filter(name => keys.includes(otherNames[name] ?? ''))
  const near = nearest(key, [...keys, ...others])
  return near === undefined || keys.includes(near) ? near : otherNames[near]
}

function sectionOf<const Entries extends v.ObjectEntries>(where: string, expected: string, entries: Entries) {
  return section(
    expected,
    entries,
    wrongKey(where, () => Object.keys(entries)),
  )
}

const command = either('a string, or a list of words', [text, listOf('a list of words', text)])

const environment = option(
  either('a map of variables, or a list of NAME=VALUE', [
    mapOf('a map of variables', v.nullable(text)),
    listOf('a list of NAME=VALUE', text),
  ]),
  'Environment variables, a map or a list of NAME=VALUE. A name without a value is taken from the environment of foster.',
)

/** A restart policy as it is written; `retries` comes from Compose's `on-failure:5`. */
export interface Restart {
  readonly policy: RestartPolicy
  readonly retries: number | undefined
}

const policies: ReadonlyMap<Written, RestartPolicy> = new Map<Written, RestartPolicy>([
  ...[true, 'true', 'always', 'unless-stopped'].map(word => [word, 'always'] as const),
  ...[false, 'false', 'no', 'never'].map(word => [word, 'never'] as const),
  ...['on-failure', 'unexpected'].map(word => [word, 'on-failure'] as const),
])

const restart = scalar<Restart>(
  'on-failure, always or never',
  { type: ['string', 'boolean'] },
  value => {
    const counted = /^on-failure:(\d{1,6})$/.exec(String(value))
    if (counted !== null) return { policy: 'on-failure', retries: Number(counted[1]) }
    const policy = policies.get(value)
    return policy && { policy, retries: undefined }
  },
  value => didYouMean(String(value), [...policies.keys()].map(String)),
)

const kind = v.pipe(
  oneOf(['service', 'task', 'daemon']),
  v.rawTransform<'service' | 'task' | 'daemon', 'service' | 'task'>(({ dataset, addIssue, NEVER }) => {
    if (dataset.value !== 'daemon') return dataset.value
    addIssue({ message: encode('unsupported-value', 'this version of foster does not have "kind: daemon" yet') })
    return NEVER
  }),
)

const backoff = sectionOf('backoff', 'a map with delay, factor, max, jitter, reset_after', {
  delay: option(duration, 'The wait before the first automatic restart.'),
  factor: option(number(1, 1000), 'What each further wait is multiplied by.'),
  max: option(duration, 'The longest wait.'),
  jitter: option(number(0, 1), 'The share of the wait, 0 to 1, that is chosen at random.'),
  reset_after: option(duration, 'This much uptime sets the count of failures back to 0.'),
})

const condition = oneOf(['started', 'ready', 'completed'], {
  service_started: 'started',
  service_healthy: 'ready',
  service_completed_successfully: 'completed',
})

const dependency = either('a condition: started, ready or completed', [
  condition,
  sectionOf('depends_on', 'a map with condition, required', {
    condition: option(condition, 'What must be true of the dependency: started, ready or completed.'),
    required: option(flag, 'Whether this program fails if the condition can never come true.'),
  }),
])

const log = sectionOf('log', 'a map with format', {
  format: option(oneOf(['prefix', 'raw', 'json']), 'How lines are written: prefix, raw or json.'),
})

/** One entry under `programs`. */
export const programSchema = sectionOf('program', 'a map with the options of a program, such as command', {
  command: option(command, 'What to run: a string, split into words as a shell would, or a list of words.'),
  shell: option(flag, 'Whether the command is handed to /bin/sh -c.'),
  kind: option(kind, 'service: runs for long; task: runs to its end.'),
  critical: option(flag, 'Whether the container ends when this program ends for good.'),
  autostart: option(flag, 'Whether it is started with foster.'),
  environment,
  working_dir: option(text, 'The directory it runs in.'),
  user: option(text, 'Who it runs as: name, uid, name:group or uid:gid.'),
  restart: option(restart, 'When it is started again: on-failure, always or never.'),
  success_exit_codes: option(
    listOf('a list of exit codes and signals', exitCode),
    'Exit codes and signals that are no failure.',
  ),
  start_seconds: option(duration, 'The uptime that makes it RUNNING.'),
  start_retries: option(
    integer(-1, 1_000_000, 'a whole number, or -1 for ever'),
    'How many failures in a row are forgiven; -1: all.',
  ),
  backoff: option(backoff, 'The waits between automatic restarts.'),
  depends_on: option(
    either('a list of programs, or a map of programs to conditions', [
      listOf('a list of programs', text),
      mapOf('a map of programs to conditions', v.nullable(dependency)),
    ]),
    'The programs that come before it.',
  ),
  stop_signal: option(signal, 'The signal that asks it to stop.'),
  stop_grace_period: option(duration, 'How long it may take to stop before it is killed.'),
  stop_scope: option(oneOf(['process', 'group']), 'Whom the stop signal reaches: the main process, or its group.'),
  stop_command: option(command, 'A command that is run instead of sending the stop signal.'),
  stdin: option(oneOf(['null', 'inherit']), 'Its standard input: nothing, or that of foster.'),
  tty: option(flag, "Whether it is the terminal's foreground job."),
  log: option(log, 'How its output is written.'),
})

const shutdown = sectionOf('shutdown', 'a map with timeout, delay, exit_code', {
  timeout: option(duration, 'The time for all of the shutdown.'),
  delay: option(duration, 'The time between "not ready" and the first signal.'),
  exit_code: option(
    scalar('0 or signal', { enum: [0, 'signal'] }, value =>
      value === 0 ? ('zero' as const) : value === 'signal' ? value : undefined,
    ),
    'The exit code of a requested stop that went well: 0, or signal for 128 + the signal.',
  ),
})

/** The whole configuration. */
export const configurationSchema = sectionOf('the top level', 'a map with the key "programs"', {
  programs: option(mapOf('a map of programs', v.nullable(programSchema)), 'The programs, by name.'),
  environment,
  shutdown: option(shutdown, 'How the container stops.'),
  log: option(log, 'How the output of all programs is written.'),
})

/** The keys that the schema names, without the `x-` ones that it lets pass. */
type Named<T> = { [Key in keyof T as string extends Key ? never : Key]?: T[Key] }

/** What a program's entry says; a missing key was left out or is faulty. */
export type ProgramSettings = Named<v.InferOutput<typeof programSchema>>

/** What the configuration says. */
export type Settings = Omit<Named<v.InferOutput<typeof configurationSchema>>, 'programs'>

/** The keys of a program, in the order of the reference. */
export const programKeys: readonly string[] = Object.keys(programSchema.pipe[1].entries)

/** The keys of the top level. */
export const topKeys: readonly string[] = Object.keys(configurationSchema.pipe[1].entries)

/** Every key that a program has or will have. */
export const allProgramKeys: readonly string[] = [...programKeys, ...(later.program ?? [])]

/** Every key that the top level has or will have. */
export const allTopKeys: readonly string[] = [...topKeys, ...(later['the top level'] ?? [])]

/** Where scalars keep their written text, whatever type YAML would give it: `1.10` stays 1.10. */
export const verbatimKeys: ReadonlySet<string> = new Set([
  'command',
  'stop_command',
  'environment',
  'working_dir',
  'user',
])
