/** The schema of a program: what every key takes and means. */
import * as v from 'valibot'
import { didYouMean } from '../core/nearest.ts'
import type { RestartPolicy } from '../core/plan.ts'
import { limitNames } from '../core/settings.ts'
import { limit } from './limit-schema.ts'
import { programLog } from './log-schema.ts'
import { command, healthcheck, probes } from './probe-schema.ts'
import { sectionOf, wrongWord } from './section.ts'
import {
  duration,
  either,
  exitCode,
  flag,
  integer,
  listOf,
  mapOf,
  mode,
  number,
  oneOf,
  option,
  scalar,
  signal,
  text,
  type Written,
} from './values.ts'

/** `environment`, of a program and of the top level. */
export const environment = option(
  either('a map of variables, or a list of NAME=VALUE', [
    mapOf('a map of variables', v.nullable(text)),
    listOf('a list of NAME=VALUE', text),
  ]),
  'Environment variables, a map or a list of NAME=VALUE. A name without a value is taken from the environment of foster.',
  {
    ...{ usual: {}, example: 'environment: {TZ: UTC}' },
    ...{ compose: 'environment', kubernetes: 'env', supervisor: 'environment' },
  },
)

const envFileEntry = either('a path, or a map with path, required', [
  text,
  sectionOf('a map with path, required', {
    path: option(text, 'The path of the file.', { example: 'path: .env' }),
    required: option(flag, 'Whether it is a fault if there is no such file.', {
      ...{ usual: true, example: 'required: false' },
    }),
  }),
])

/** `env_file`, of a program and of the top level. */
export const envFile = option(
  either('a path, or a list of paths', [envFileEntry, listOf('a list of paths', envFileEntry)]),
  "Files of NAME=VALUE lines in Compose's dialect, later ones over earlier ones.",
  { usual: [], example: 'env_file: [.env, {path: local.env, required: false}]', compose: 'env_file' },
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
  { anyOf: [{ enum: [...policies.keys()] }, { type: 'string', pattern: '^on-failure:[0-9]{1,6}$' }] },
  value => {
    const counted = /^on-failure:(\d{1,6})$/.exec(String(value))
    if (counted !== null) return { policy: 'on-failure', retries: Number(counted[1]) }
    const policy = policies.get(value)
    return policy && { policy, retries: undefined }
  },
  value => {
    const word = String(value).toLowerCase()
    if (/^on-failure:\d+$/.test(word)) return 'the most is on-failure:999999'
    if (['yes', 'on'].includes(word)) return 'did you mean "always"?'
    if (['off', 'none'].includes(word)) return 'did you mean "never"?'
    return didYouMean(word, [...policies.keys()].map(String))
  },
)

const kind = oneOf(
  ['service', 'task', 'daemon'],
  {},
  { oneshot: 'task', job: 'task', init: 'task', once: 'task', simple: 'service', forking: 'daemon' },
)

const backoff = sectionOf('a map with delay, factor, max, jitter, reset_after', {
  delay: option(duration, 'The wait before the first automatic restart.', { usual: '500ms', example: 'delay: 1s' }),
  factor: option(number(1, 1000), 'What each further wait is multiplied by.', { usual: 2, example: 'factor: 1.5' }),
  max: option(duration, 'The longest wait.', { usual: '30s', example: 'max: 5m' }),
  jitter: option(number(0, 1), 'The share of the wait, 0 to 1, that is chosen at random.', {
    ...{ usual: 0.1, example: 'jitter: 0' },
  }),
  reset_after: option(duration, 'This much uptime sets the count of failures back to 0.', {
    ...{ usual: '30s', example: 'reset_after: 5m' },
  }),
})

const condition = oneOf(
  ['started', 'ready', 'completed'],
  {
    service_started: 'started',
    service_healthy: 'ready',
    service_completed_successfully: 'completed',
  },
  {
    ...{ healthy: 'ready', running: 'started', start: 'started' },
    ...{ success: 'completed', succeeded: 'completed', done: 'completed', finished: 'completed', exited: 'completed' },
  },
)

const dependency = either('started, ready, completed, or a map with condition, required, restart', [
  condition,
  sectionOf('a map with condition, required, restart', {
    condition: option(condition, 'What must be true of the dependency: started, ready or completed.', {
      ...{
        usually: '`completed` for a task, `ready` with a readiness or startup probe, else `started`',
        example: 'condition: ready',
        compose: 'condition',
      },
    }),
    required: option(flag, 'Whether this program fails if the condition can never come true.', {
      ...{ usual: true, example: 'required: false', compose: 'required' },
    }),
    restart: option(flag, 'Whether it is restarted with the dependency.', {
      ...{ usual: false, example: 'restart: true', compose: 'restart' },
    }),
  }),
])

const identity = {
  user: option(text, 'Who it runs as: name, uid, name:group or uid:gid.', {
    ...{ usually: "foster's", example: 'user: www-data', compose: 'user' },
    ...{ kubernetes: 'securityContext.runAsUser', supervisor: 'user' },
  }),
  groups: option(listOf('a list of groups', text), 'Further groups, by name or gid.', {
    ...{ usually: "the user's", example: 'groups: [video]', compose: 'group_add' },
    ...{ kubernetes: 'securityContext.supplementalGroups' },
  }),
  umask: option(mode, 'The permission bits that new files do not get.', {
    ...{ usually: "foster's", example: "umask: '027'", supervisor: 'umask' },
  }),
  nice: option(integer(-20, 19), 'Its priority: -20 is the highest, 19 the lowest.', {
    ...{ usually: "foster's", example: 'nice: 10' },
  }),
  oom_score_adj: option(integer(-1000, 1000), 'How likely it is to be killed when memory runs out.', {
    ...{ usually: "foster's", example: 'oom_score_adj: 500', compose: 'oom_score_adj' },
  }),
  ulimits: option(
    mapOf('a map of limits', v.nullable(limit), wrongWord('limit', limitNames)),
    `Resource limits: ${limitNames.join(', ')}.`,
    {
      ...{ usually: "foster's", example: 'ulimits: {nofile: 65536}', compose: 'ulimits' },
    },
  ),
}

const surroundings = {
  environment,
  env_file: envFile,
  secrets: option(
    mapOf('a map of variables to files', v.nullable(text)),
    'Variables whose values are read from files at each start.',
    { usual: {}, example: 'secrets: {DB_PASSWORD: /run/secrets/db}', compose: 'secrets', kubernetes: 'secretKeyRef' },
  ),
  env_inherit: option(
    either('true, false, or a list of patterns', [flag, listOf('a list of patterns', text)]),
    'Which variables it inherits from foster: all, none, or those that match a pattern.',
    { usual: true, example: 'env_inherit: [LANG, LC_*]' },
  ),
  working_dir: option(text, 'The directory it runs in.', {
    ...{ usually: "foster's", example: 'working_dir: /srv/app' },
    ...{ compose: 'working_dir', kubernetes: 'workingDir', supervisor: 'directory' },
  }),
  stdin: option(
    oneOf(['null', 'inherit', 'pipe']),
    'Its standard input: nothing, that of foster, or a pipe that stays open.',
    {
      ...{ usual: 'null', example: 'stdin: inherit', compose: 'stdin_open', kubernetes: 'stdin' },
    },
  ),
  tty: option(flag, "Whether it is the terminal's foreground job.", {
    ...{ usual: false, example: 'tty: true', compose: 'tty', kubernetes: 'tty' },
  }),
  log: option(programLog, 'How its output is written.', {
    ...{ usually: "the top level's", example: 'log: {format: json}', compose: 'logging' },
  }),
}

const life = {
  restart: option(restart, 'When it is started again: on-failure, always or never.', {
    ...{ usual: 'on-failure', example: 'restart: always' },
    ...{ compose: 'restart', kubernetes: 'restartPolicy', supervisor: 'autorestart' },
  }),
  success_exit_codes: option(
    listOf('a list of exit codes and signals', exitCode),
    'Exit codes and signals that are no failure.',
    { usual: [0], example: 'success_exit_codes: [0, 143, TERM]', supervisor: 'exitcodes' },
  ),
  start_seconds: option(duration, 'The uptime that makes it RUNNING.', {
    ...{ usual: '1s', example: 'start_seconds: 5s', supervisor: 'startsecs' },
  }),
  start_timeout: option(duration, 'How long a daemon may take until it has forked away and its pid file names it.', {
    ...{ usually: '`90s`', example: 'start_timeout: 5m' },
  }),
  start_retries: option(
    integer(-1, 1_000_000, 'a whole number, or -1 for ever'),
    'How many failures in a row are forgiven; -1: all.',
    { usual: 3, example: 'start_retries: -1', supervisor: 'startretries', kubernetes: 'backoffLimit' },
  ),
  backoff: option(backoff, 'The waits between automatic restarts.', {
    ...{ usually: 'see below', example: 'backoff: {delay: 1s, max: 1m}' },
  }),
  depends_on: option(
    either('a list of programs, or a map of programs to conditions', [
      listOf('a list of programs', text),
      mapOf('a map of programs to conditions', v.nullable(dependency)),
    ]),
    'The programs that come before it.',
    { usual: [], example: 'depends_on: {db: ready}', compose: 'depends_on', supervisor: 'priority' },
  ),
  probes: option(probes, 'How foster finds out whether it has started, is ready, is alive.', {
    ...{ example: 'probes: {readiness: {tcp: 5432}}', compose: 'healthcheck' },
    ...{ kubernetes: 'startupProbe, readinessProbe, livenessProbe' },
  }),
  healthcheck: option(healthcheck, "Compose's form of a readiness probe.", {
    ...{ example: 'healthcheck: {test: curl -f http://localhost/}', compose: 'healthcheck' },
    ...{ kubernetes: 'readinessProbe' },
  }),
  stop_signal: option(signal, 'The signal that asks it to stop.', {
    ...{ usual: 'TERM', example: 'stop_signal: QUIT' },
    ...{ compose: 'stop_signal', kubernetes: 'lifecycle.stopSignal', supervisor: 'stopsignal' },
  }),
  stop_grace_period: option(duration, 'How long it may take to stop before it is killed.', {
    ...{ usual: '8s', example: 'stop_grace_period: 30s' },
    ...{ compose: 'stop_grace_period', kubernetes: 'terminationGracePeriodSeconds', supervisor: 'stopwaitsecs' },
  }),
  stop_scope: option(oneOf(['process', 'group']), 'Whom the stop signal reaches: the main process, or its group.', {
    ...{ usually: '`process`; `group` with `shell: true`', example: 'stop_scope: group', supervisor: 'stopasgroup' },
  }),
  stop_command: option(command, 'A command that is run instead of sending the stop signal.', {
    ...{ example: 'stop_command: nginx -s quit', compose: 'pre_stop', kubernetes: 'lifecycle.preStop' },
  }),
}

/** One entry under `programs`. */
export const programSchema = sectionOf('a map with the options of a program, such as command', {
  command: option(command, 'What to run: a string, split into words as a shell would, or a list of words.', {
    ...{ usually: 'required', example: "command: nginx -g 'daemon off;'" },
    ...{ compose: 'command, entrypoint', kubernetes: 'command, args', supervisor: 'command' },
  }),
  shell: option(flag, 'Whether the command is handed to /bin/sh -c.', { usual: false, example: 'shell: true' }),
  kind: option(kind, 'service: runs for long; task: runs to its end; daemon: forks away and writes a pid file.', {
    ...{ usual: 'service', example: 'kind: task', kubernetes: 'initContainers' },
  }),
  critical: option(flag, 'Whether the container ends when this program ends for good.', {
    ...{ usual: true, example: 'critical: false' },
  }),
  autostart: option(flag, 'Whether it is started with foster.', {
    ...{ usual: true, example: 'autostart: false', compose: 'profiles', supervisor: 'autostart' },
  }),
  group: option(text, 'The group it belongs to.', {
    ...{ usually: 'its own name', example: 'group: backend', supervisor: '[group:x]' },
  }),
  replicas: option(integer(0, 10_000), 'How many processes of it run.', {
    ...{ usual: 1, example: 'replicas: 3', compose: 'deploy.replicas', kubernetes: 'replicas' },
    ...{ supervisor: 'numprocs' },
  }),
  ...surroundings,
  ...identity,
  ...life,
  pid_file: option(text, 'Where a daemon writes its pid.', {
    ...{ usually: 'required for a daemon', example: 'pid_file: /run/db.pid' },
  }),
})
