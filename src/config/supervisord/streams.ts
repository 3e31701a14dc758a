/** `stdout_logfile` and its like -> where foster puts the output. */

import { posix } from 'node:path'
import { isAskedFor } from '../../core/event-types.ts'
import type { StreamEvents } from '../../core/log-plan.ts'
import type { Place } from '../../errors.ts'
import { literal } from '../expand.ts'
import type { Tree } from '../tree.ts'
import type { ProcessConfig, StreamConfig, SupervisorConfig } from './model.ts'
import { kindOf } from './names.ts'
import { mapOf, scalar } from './nodes.ts'

type Stream = 'stdout' | 'stderr'

/** Where a stream goes: collected as by default, to one of foster's own streams as it is, nowhere, to a file. */
type Target = { readonly to: 'forward' | 'null' } | { readonly to: Stream } | FileTarget

interface FileTarget {
  readonly to: 'file'
  readonly path: string
  readonly maxbytes: number
  readonly backups: number
  /** Set if it is passed on as well. */
  readonly isRelayed?: true
}

const devices: Readonly<Record<string, Target>> = {
  ...Object.fromEntries(
    ['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1', '/proc/1/fd/1'].map(path => [path, { to: 'stdout' } as const]),
  ),
  ...Object.fromEntries(
    ['/dev/stderr', '/dev/fd/2', '/proc/self/fd/2', '/proc/1/fd/2'].map(path => [path, { to: 'stderr' } as const]),
  ),
  '/dev/null': { to: 'null' },
}

function targetOf({ logfile, maxbytes, backups, syslog }: StreamConfig): Target {
  // YAML has no word for the system's log: there such output is foster's.
  if (syslog && logfile.kind === 'none') return { to: 'forward' }
  if (logfile.kind === 'auto') return { to: 'forward' }
  if (logfile.kind !== 'file') return { to: 'null' }
  const { path } = logfile
  return devices[path] ?? { to: 'file', path, maxbytes, backups }
}

/** Whether a process is an event listener's. */
export function isListener({ section }: ProcessConfig): boolean {
  return kindOf(section) === 'eventlistener'
}

/** What event listeners hear of a process's output. A listener's stdout is for foster alone. */
export function eventsOf(process: ProcessConfig): Partial<Record<Stream, StreamEvents>> | undefined {
  const { stdout, stderr, redirectStderr } = process
  const own = (stream: Stream, { captureMaxbytes, eventsEnabled }: StreamConfig) =>
    (captureMaxbytes > 0 || eventsEnabled) && {
      [stream]: { logs: eventsEnabled, capture: Math.max(0, captureMaxbytes) },
    }
  const events = {
    ...(!isListener(process) && own('stdout', stdout)),
    ...(!redirectStderr && own('stderr', stderr)),
  }
  return Object.keys(events).length === 0 ? undefined : events
}

/** Whether a process's stream is passed on as well, wherever it goes. */
export type Relays = (process: ProcessConfig, stream: Stream) => boolean

/** What supervisord prints on its stdout by itself, for its level of logging, or for listeners that have events printed. */
export function relaysOf({ daemon, groups }: SupervisorConfig): Relays {
  const asked = groups.flatMap(({ pool }) => (pool?.takesAny ? pool.events : []))
  return (process, stream) => {
    const hasEvents = process[stream].eventsEnabled && isAskedFor(logEvents[stream], asked)
    return (daemon.copiesOutput || hasEvents) && !(isListener(process) && stream === 'stdout')
  }
}

const logEvents = { stdout: 'PROCESS_LOG_STDOUT', stderr: 'PROCESS_LOG_STDERR' } as const

/** Resolves both streams to `log`. What was written for a device is passed on as it is, without a prefix, as supervisord does. */
export function streamsOf(
  process: ProcessConfig,
  at: (name: string) => Place,
  relays: Relays,
): Readonly<Record<string, Tree>> {
  const own = withRelay(targetOf(process.stdout), relays(process, 'stdout'))
  // What a listener writes on stdout is not for people, unless a file is asked for.
  const stdout: Target = isListener(process) && own.to !== 'file' ? { to: 'forward' } : own
  const stderr = withRelay(targetOf(process.stderr), relays(process, 'stderr'))
  const isShared = !isListener(process) && stderr.to === 'stdout' && (stdout.to === 'stdout' || stdout.to === 'forward')
  const redirect = process.redirectStderr || isShared || isOneFile(process, stdout, stderr)
  // A listener's stdout is not for people, however it is written.
  const hasNoOther = stdout.to !== 'forward' || isListener(process)
  const log = {
    ...nodeOf(stdout, 'stdout', at),
    ...(redirect ? { stderr: scalar('stdout', at('redirect_stderr')) } : nodeOf(stderr, 'stderr', at)),
    ...((isDevice(stdout) || (!redirect && hasNoOther && isDevice(stderr))) && {
      format: scalar('raw', at('stdout_logfile')),
    }),
  }
  return Object.keys(log).length > 0 ? { log: mapOf(at('stdout_logfile'), log) } : {}
}

/**
 * Whether both streams are one to all who read them. Two writers would each rotate the file, and what one of them writes
 * would go on in a file that the other has put aside.
 */
function isOneFile(process: ProcessConfig, stdout: Target, stderr: Target): boolean {
  if (stdout.to !== 'file' || stderr.to !== 'file' || isListener(process)) return false
  if (process.stdout.syslog || process.stderr.syslog || eventsOf(process) !== undefined) return false
  const isSame = posix.normalize(stdout.path) === posix.normalize(stderr.path)
  return isSame && stdout.maxbytes === stderr.maxbytes && stdout.backups === stderr.backups
}

/** It is passed on with a prefix; what is passed on anyway is not said twice. */
function withRelay(target: Target, isRelayed: boolean): Target {
  if (!isRelayed) return target
  if (target.to === 'null') return { to: 'forward' }
  return target.to === 'file' ? { ...target, isRelayed } : target
}

function isDevice({ to }: Target): boolean {
  return to === 'stdout' || to === 'stderr'
}

function nodeOf(target: Target, stream: Stream, at: (name: string) => Place): Readonly<Record<string, Tree>> {
  const place = at(`${stream}_logfile`)
  if (target.to === 'forward' || target.to === stream) return {}
  if (target.to === 'null') return { [stream]: { ...scalar('null', place), plain: false, value: 'null' } }
  if (target.to !== 'file') return { [stream]: mapOf(place, { file: scalar(`/dev/${target.to}`, place) }) }
  const { path, maxbytes, backups, isRelayed } = target
  const file = { ...scalar(literal(path), place), value: literal(path), plain: false }
  const entries = {
    file,
    max_size: scalar(String(Math.max(0, maxbytes)), at(`${stream}_logfile_maxbytes`)),
    keep: scalar(String(Math.min(1000, Math.max(0, backups))), at(`${stream}_logfile_backups`)),
  }
  const node = mapOf(place, entries)
  return { [stream]: isRelayed ? { kind: 'list', at: place, items: [node, scalar('forward', place)] } : node }
}
