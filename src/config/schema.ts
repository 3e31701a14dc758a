/** The schema of the configuration, declared once. Types, `foster.schema.json` and the reference page come from it. */
import * as v from 'valibot'
import { shutdown, topLog } from './log-schema.ts'
import { envFile, environment, programSchema } from './program-schema.ts'
import { sectionOf } from './section.ts'
import { control, http, signals } from './top-schema.ts'
import { either, listOf, mapOf, option, text } from './values.ts'

/** The whole configuration. */
export const configurationSchema = sectionOf('a map with the key "programs"', {
  programs: option(mapOf('a map of programs', v.nullable(programSchema)), 'The programs, by name.', {
    ...{ usually: 'required', example: 'programs: {web: {command: nginx}}' },
    ...{ compose: 'services', kubernetes: 'containers', supervisor: '[program:x]' },
  }),
  defaults: option(programSchema, 'What holds for every program that does not say otherwise: any key of a program.', {
    ...{ usual: {}, example: 'defaults: {restart: always}', compose: 'x-..., YAML anchors' },
  }),
  environment,
  env_file: envFile,
  include: option(
    either('a pattern, or a list of patterns', [text, listOf('a list of patterns', text)]),
    'Further files, by glob patterns, relative to this file. They are merged below it.',
    { usual: [], example: 'include: [conf.d/*.yaml]', compose: 'include', supervisor: '[include] files' },
  ),
  shutdown: option(shutdown, 'How the container stops.', {
    ...{ usually: 'see below', example: 'shutdown: {timeout: 25s}' },
  }),
  signals: option(signals, 'What foster does with a signal that it gets.', {
    ...{ usually: 'see signals.md', example: 'signals: {USR1: {to: [db], as: HUP}, WINCH: stop}' },
  }),
  log: option(topLog, 'How the output of all programs is written.', {
    ...{ usually: '`{format: prefix}`; `raw` with one program', example: 'log: {format: json}' },
  }),
  control: option(control, "The socket that foster's own commands talk to.", {
    ...{ usually: 'see below', example: 'control: {socket: /run/foster.sock}' },
    ...{ supervisor: '[unix_http_server]' },
  }),
  http: option(http, 'Health and metrics over HTTP.', {
    ...{ usually: 'off', example: 'http: {listen: 127.0.0.1:9000}', supervisor: '[inet_http_server]' },
  }),
})

/** The keys that the schema names, without the `x-` ones that it lets pass. */
type Named<T> = { [Key in keyof T as string extends Key ? never : Key]?: T[Key] }

/** What a program's entry says; a missing key was left out or is faulty. */
export type ProgramSettings = Named<v.InferOutput<typeof programSchema>>

/** What the configuration says. */
export type Settings = Omit<Named<v.InferOutput<typeof configurationSchema>>, 'programs' | 'defaults'>

/** Every key of a program, in the order of the reference. */
export const programKeys: readonly string[] = Object.keys(programSchema.pipe[1].entries)

/** Every key of the top level. */
export const topKeys: readonly string[] = Object.keys(configurationSchema.pipe[1].entries)

/** The keys below a key of a program or of the top level, if it is a section. */
export function keysBelow(key: string, isProgram: boolean): readonly string[] {
  const { entries } = (isProgram ? programSchema : configurationSchema).pipe[1] as unknown as Looseness
  const wrapped = (entries[key]?.pipe?.[0] ?? undefined)?.wrapped
  return key === 'programs' || key === 'defaults' ? [] : Object.keys(wrapped?.pipe?.[1]?.entries ?? {})
}

interface Looseness {
  readonly entries: Readonly<
    Record<string, { pipe?: readonly { wrapped?: { pipe?: readonly Partial<Looseness>[] } }[] }>
  >
}

/** Where scalars keep their written text, whatever type YAML would give it: `1.10` stays 1.10. */
export const verbatimKeys: ReadonlySet<string> = new Set([
  ...['command', 'stop_command', 'environment', 'env_file', 'secrets', 'include', 'working_dir', 'user', 'umask'],
])

/** The same below `probes` and `healthcheck`. */
export const verbatimInProbes: ReadonlySet<string> = new Set(['exec', 'http', 'tcp', 'log', 'file', 'test'])

/** Every word that is a key anywhere in the configuration. */
export function allKeys(): ReadonlySet<string> {
  const below = [
    ...programKeys.flatMap(key => keysBelow(key, true)),
    ...topKeys.flatMap(key => keysBelow(key, false)),
    ...['condition', 'required', 'path', 'soft', 'hard'],
  ]
  return new Set([...programKeys, ...topKeys, ...below])
}
