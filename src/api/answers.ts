/**
 * What the API answers, declared once: the types of client and server, the OpenAPI document and docs/api.md come from it.
 * Times are ISO 8601 in UTC, durations are seconds; what is not known is null, so that every field is always there.
 */
import * as v from 'valibot'

/** A field with what is said about it. */
const said = <const Schema extends v.GenericSchema>(schema: Schema, words: string) =>
  v.pipe(schema, v.description(words))

const text = v.string()
const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const whole = v.pipe(v.number(), v.integer())
const seconds = v.pipe(v.number(), v.minValue(0))
const flag = v.boolean()
const orNull = <const Schema extends v.GenericSchema>(schema: Schema) => v.nullable(schema)

/** The states of a process with Supervisor's codes; WAITING is foster's own, Supervisor's clients take it as STARTING. */
export const stateCodes = {
  STOPPED: 0,
  WAITING: 10,
  STARTING: 10,
  RUNNING: 20,
  BACKOFF: 30,
  STOPPING: 40,
  EXITED: 100,
  FATAL: 200,
} as const

/** The state of a process by its name. */
export type StateName = keyof typeof stateCodes

const stateNames = Object.keys(stateCodes) as [StateName, ...StateName[]]
const state = v.picklist(stateNames)

/** What is wrong, for programs (`code`), for people (`message`), and what to do about it. */
export const failure = v.object({
  code: said(text, 'A stable name, such as `unknown-program`.'),
  message: said(text, 'What is wrong.'),
  hint: said(orNull(text), 'What to do about it.'),
})

/** How a run ended, or why it never began. */
const lastExit = v.object({
  how: v.picklist(['exited', 'killed', 'unstartable']),
  code: said(orNull(whole), 'The exit code; of one that could not be started what a shell would say.'),
  signal: said(orNull(text), 'The name of the signal that killed it, without SIG.'),
  core: said(flag, 'Whether a core was dumped.'),
  success: said(flag, 'Whether that is as it should be: its code is among `success_exit_codes`.'),
  reason: said(text, 'The same in words: `exited with code 3`.'),
  at: said(text, 'When.'),
  uptime: said(orNull(seconds), 'How long it had been there; null if it could not be started.'),
})

/** The last result of a probe. */
const probeResult = v.object({
  probe: v.picklist(['startup', 'readiness', 'liveness']),
  ok: said(orNull(flag), 'null: not known yet.'),
  reason: said(orNull(text), 'Why it failed.'),
})

/** One process: a program, or one of its replicas. */
export const processStatus = v.object({
  name: said(text, 'What it is called: `web`, or `web:0` where it is one of several replicas.'),
  program: said(text, "The program's name."),
  group: said(text, 'The group that it is controlled with.'),
  replica: said(orNull(count), 'Which of the replicas it is, from 0; null without replicas.'),
  kind: v.picklist(['service', 'task', 'daemon']),
  critical: said(flag, 'Whether the container ends when it ends for good.'),
  state,
  state_code: said(whole, "Supervisor's number of the state."),
  ready: said(flag, 'Whether it can be used.'),
  pid: orNull(count),
  since: said(orNull(text), 'When it came into this state.'),
  uptime: said(orNull(seconds), 'How long its process has been there.'),
  restarts: said(count, 'How often it has been started again since foster started.'),
  failures: said(count, 'Unwanted ends in a row.'),
  waiting_for: said(v.array(text), 'The dependencies that hold it back.'),
  retry_in: said(orNull(seconds), 'In BACKOFF: when it is started again.'),
  reason: said(orNull(text), 'Why it is in this state, where that is not plain.'),
  status_text: said(orNull(text), 'What it says of itself: STATUS of sd_notify.'),
  reloading: said(flag, 'Whether it says that it reloads: RELOADING of sd_notify. It can be used meanwhile.'),
  last_exit: orNull(lastExit),
  probes: v.array(probeResult),
})

/** `GET /v1/programs` and `GET /v1/programs/NAME`. */
export const programsAnswer = v.object({ programs: v.array(processStatus) })

const phase = v.picklist(['serving', 'delaying', 'stopping', 'sweeping', 'done'])

/** `GET /v1/status`. */
export const statusAnswer = v.object({
  version: text,
  pid: count,
  started: said(text, 'When foster started.'),
  uptime: seconds,
  phase: said(phase, '`serving`, or how far the stop of the container is.'),
  ready: said(flag, 'Whether the container is ready.'),
  programs: v.array(processStatus),
})

/** What came of an action on one process. */
const actionResult = v.object({
  name: text,
  ok: flag,
  code: said(
    text,
    '`started`, `stopped`, `restarted`, `signalled`; or what is wrong: `already-started`, `not-running`, `failed`, `stopped-meanwhile`, `started-meanwhile`, `timeout`, `shutting-down`.',
  ),
  message: said(text, 'In words: `web: started`, `web is not running`.'),
  hint: orNull(text),
  process: processStatus,
})

/** `POST /v1/programs/NAME/ACTION`: one result for each process, in the order of the configuration. */
export const actionAnswer = v.object({ results: v.array(actionResult) })

/** With `progress=1` the answer comes as lines: what changes while it is waited for, then the result. */
export const actionLine = v.variant('type', [
  v.object({ type: v.literal('progress'), process: processStatus }),
  v.object({ type: v.literal('result'), results: v.array(actionResult) }),
])

/** `GET /v1/health`: 200 if `ok`, else 503. */
export const healthAnswer = v.object({
  kind: v.picklist(['ready', 'live', 'startup']),
  ok: flag,
  reasons: said(v.array(v.object({ name: text, reason: text })), 'What is in the way; name is a process, or `foster`.'),
})

/** `GET /v1/graph`. */
export const graphAnswer = v.object({
  nodes: v.array(
    v.object({ name: text, group: text, kind: v.picklist(['service', 'task', 'daemon']), critical: flag, state }),
  ),
  edges: v.array(
    v.object({
      from: said(text, 'The dependant.'),
      to: said(text, 'What it depends on.'),
      condition: v.picklist(['started', 'ready', 'completed']),
      required: flag,
      restart: flag,
    }),
  ),
})

/** `POST /v1/reload`: what has changed, or would change. */
export const reloadAnswer = v.object({
  changes: v.array(
    v.object({
      name: said(text, 'A process.'),
      change: said(v.picklist(['added', 'removed', 'restarted', 'updated']), '`updated`: it runs on, under new rules.'),
      options: said(v.array(text), 'The options that differ.'),
    }),
  ),
  messages: said(v.array(text), 'Warnings, and what needs a restart of the container.'),
})

/** `POST /v1/shutdown`: it has begun. */
export const shutdownAnswer = v.object({ phase })

const stream = v.picklist(['stdout', 'stderr'])

/** One line of a process's output; `gap`: the reader was too slow, so many bytes are not in memory any more. */
export const logLine = v.variant('type', [
  v.object({
    type: v.literal('line'),
    process: text,
    stream,
    message: said(text, 'Without its newline; bytes that are no UTF-8 are replaced.'),
    whole: said(flag, 'false: it goes on in the next line of this stream, or is not finished yet.'),
  }),
  v.object({ type: v.literal('gap'), process: text, stream, bytes: count }),
])

const head = { seq: said(count, 'Counts from 1, without gaps.'), time: text }

/** One event. Types may be added; what is not known should be passed over. */
export const event = v.variant('type', [
  v.object({
    ...head,
    type: v.literal('state'),
    process: text,
    from: state,
    to: state,
    pid: orNull(count),
    reason: orNull(text),
  }),
  v.object({ ...head, type: v.literal('ready'), process: text, ready: flag }),
  v.object({ ...head, type: v.literal('reloading'), process: text, reloading: flag }),
  v.object({
    ...head,
    type: v.literal('exit'),
    process: text,
    pid: orNull(count),
    how: v.picklist(['exited', 'killed', 'unstartable']),
    code: orNull(whole),
    signal: orNull(text),
    core: flag,
    cause: said(
      v.picklist(['self', 'operator', 'restart', 'shutdown', 'probe', 'timeout']),
      'By itself, or why it was stopped.',
    ),
    reason: text,
    uptime: orNull(seconds),
  }),
  v.object({
    ...head,
    type: v.literal('probe'),
    process: text,
    probe: v.picklist(['startup', 'readiness', 'liveness']),
    ok: flag,
    reason: orNull(text),
  }),
  v.object({
    ...head,
    type: v.literal('request'),
    uid: said(orNull(count), 'Who asked; null: over TCP.'),
    pid: orNull(count),
    verb: text,
    names: said(v.array(text), 'The processes that it was about.'),
    status: said(whole, 'What it was answered with.'),
  }),
  v.object({ ...head, type: v.literal('dropped'), process: text, lines: count }),
  v.object({
    ...head,
    type: v.literal('container'),
    phase,
    reason: orNull(text),
    code: said(orNull(whole), 'The exit code, once it is known.'),
  }),
  v.object({ ...head, type: v.literal('reload'), ok: flag, changes: v.array(text) }),
  v.object({
    ...head,
    type: v.literal('gap'),
    missed: said(count, 'Events that are not in memory any more; the stream ends after it if it was too slow.'),
  }),
])

export type Failure = v.InferOutput<typeof failure>
export type ProcessStatus = v.InferOutput<typeof processStatus>
export type StatusAnswer = v.InferOutput<typeof statusAnswer>
export type ProgramsAnswer = v.InferOutput<typeof programsAnswer>
export type ActionResult = v.InferOutput<typeof actionResult>
export type ActionAnswer = v.InferOutput<typeof actionAnswer>
export type ActionLine = v.InferOutput<typeof actionLine>
export type HealthAnswer = v.InferOutput<typeof healthAnswer>
export type GraphAnswer = v.InferOutput<typeof graphAnswer>
export type ReloadAnswer = v.InferOutput<typeof reloadAnswer>
export type ShutdownAnswer = v.InferOutput<typeof shutdownAnswer>
export type LogLine = v.InferOutput<typeof logLine>
export type Event = v.InferOutput<typeof event>
