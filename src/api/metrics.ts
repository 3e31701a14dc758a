/** The metrics: what is known from memory, and what is looked up and measured while somebody asks. */
import { labelOf } from '../core/plan.ts'
import { isReady, pidOf } from '../core/state.ts'
import { stateCodes } from './answers.ts'
import { expose, type Family, mediaTypes, type Sample } from './exposition.ts'
import type { FosterFacts, Usage } from './foster.ts'
import type { Reply } from './handlers.ts'
import { healthOf } from './health.ts'
import { groupOf } from './names.ts'
import { isThere, stateName } from './snapshot.ts'

/** All metrics as a reply; `accept` is the request's header. */
export async function metricsReply(foster: FosterFacts, accept: string): Promise<Reply> {
  const format = accept.includes('application/openmetrics-text') ? 'openMetrics' : 'prometheus'
  const lag = await lagOf(foster.now)
  const pids = foster.world().states.flatMap(state => pidOf(state) ?? [])
  const usage = await foster.usage(pids)
  const families = [...containerFamilies(foster, lag), ...processFamilies(foster, usage)]
  return { status: 200, text: expose(families, format), type: mediaTypes[format] }
}

/** How long the loop takes to come round, in seconds: the longest of a few turns. */
async function lagOf(now: () => number): Promise<number> {
  let longest = 0
  for (let turn = 0; turn < 3; turn++) {
    const before = now()
    await new Promise(resolve => setImmediate(resolve))
    longest = Math.max(longest, now() - before)
  }
  return longest / 1000
}

const one = (value: number, labels: Sample['labels'] = {}): readonly Sample[] => [{ labels, value }]

function containerFamilies(foster: FosterFacts, lag: number): readonly Family[] {
  const { journal, world, version, started, orphans } = foster
  const ready = healthOf(world(), 'ready', label => journal.hasBeenReady(label)).ok
  const gauge = (name: string, help: string, value: number): Family => ({
    ...{ name, type: 'gauge', help, samples: one(value) },
  })
  return [
    { name: 'foster_build', type: 'info', help: 'The version of foster.', samples: one(1, { version }) },
    { ...gauge('foster_start_time_seconds', 'When foster started, in Unix time.', started / 1000), unit: 'seconds' },
    gauge('foster_ready', 'Whether the container is ready.', Number(ready)),
    gauge('foster_stopping', 'Whether the container is being stopped.', Number(world().phase.at !== 'serving')),
    {
      ...gauge('foster_event_loop_lag_seconds', 'The longest turn of the event loop during this scrape.', lag),
      unit: 'seconds',
    },
    {
      ...{ name: 'foster_orphans_reaped', type: 'counter', help: 'Adopted processes that were reaped.' },
      samples: one(orphans()),
    },
  ]
}

/** One process with the labels of all its metrics. */
interface Row {
  readonly labels: Sample['labels']
  readonly index: number
  readonly label: string
}

function processFamilies(foster: FosterFacts, usage: ReadonlyMap<number, Usage>): readonly Family[] {
  const world = foster.world()
  const rows = world.plan.programs.flatMap((program, index): readonly Row[] => {
    if (!isThere(world, index)) return []
    const label = labelOf(program)
    return [{ index, label, labels: { process: label, program: program.name, group: groupOf(program) } }]
  })
  return [
    ...stateFamilies(foster, rows),
    ...countFamilies(foster, rows),
    ...usageFamilies(foster, rows, usage),
    ...outputFamilies(foster, rows),
  ]
}

function stateFamilies(foster: FosterFacts, rows: readonly Row[]): readonly Family[] {
  const { states } = foster.world()
  const now = foster.now()
  const names = Object.keys(stateCodes)
  const each = (value: (index: number) => number | undefined): readonly Sample[] =>
    rows.flatMap(({ index, labels }) => {
      const found = value(index)
      return found === undefined ? [] : [{ labels, value: found }]
    })
  return [
    {
      ...{ name: 'foster_process_state', type: 'gauge', help: 'The state of a process: 1 for the one that it is in.' },
      samples: rows.flatMap(({ index, labels }) => {
        const state = states[index]
        const own = state === undefined ? '' : stateName(state)
        return names.map(name => ({ labels: { ...labels, state: name }, value: Number(name === own) }))
      }),
    },
    {
      ...{ name: 'foster_process_ready', type: 'gauge', help: 'Whether a process can be used.' },
      samples: each(index => Number(states[index] !== undefined && isReady(states[index]))),
    },
    {
      ...{ name: 'foster_process_uptime_seconds', type: 'gauge', unit: 'seconds' },
      help: 'How long a process has been there.',
      samples: each(index => {
        const state = states[index]
        return state !== undefined && 'since' in state ? (now - state.since) / 1000 : undefined
      }),
    },
    {
      ...{ name: 'foster_process_failures', type: 'gauge', help: 'Unwanted ends in a row.' },
      samples: each(index => states[index]?.failures),
    },
    {
      ...{ name: 'foster_process_restarts', type: 'counter', help: 'How often a process was started again.' },
      samples: each(index => Math.max(0, (states[index]?.runs ?? 0) - 1)),
    },
  ]
}

function countFamilies({ journal }: FosterFacts, rows: readonly Row[]): readonly Family[] {
  return [
    {
      ...{ name: 'foster_process_exits', type: 'counter', help: 'Ends of a process by who wanted them.' },
      samples: rows.flatMap(({ label, labels }) =>
        [...journal.tally(label).exits].map(([cause, value]) => ({ labels: { ...labels, cause }, value })),
      ),
    },
    {
      ...{ name: 'foster_process_probe_results', type: 'counter', help: 'Tries of probes by their result.' },
      samples: rows.flatMap(({ label, labels }) =>
        [...journal.tally(label).tries].map(([key, value]) => {
          const [probe = '', result = ''] = key.split(' ')
          return { labels: { ...labels, probe, result }, value }
        }),
      ),
    },
  ]
}

function usageFamilies(
  foster: FosterFacts,
  rows: readonly Row[],
  usage: ReadonlyMap<number, Usage>,
): readonly Family[] {
  const { states } = foster.world()
  const each = (value: (usage: Usage) => number): readonly Sample[] =>
    rows.flatMap(({ index, labels }) => {
      const state = states[index]
      const own = state === undefined ? undefined : usage.get(pidOf(state) ?? 0)
      return own === undefined ? [] : [{ labels, value: value(own) }]
    })
  return [
    {
      ...{ name: 'foster_process_cpu_seconds', type: 'counter', unit: 'seconds' },
      help: 'Processor time of a process and its session, since its last start.',
      samples: each(it => it.cpuSeconds),
    },
    {
      ...{ name: 'foster_process_resident_memory_bytes', type: 'gauge', unit: 'bytes' },
      help: 'Resident memory of a process and its session.',
      samples: each(it => it.residentBytes),
    },
    {
      ...{ name: 'foster_process_session_processes', type: 'gauge', help: 'Processes in the session of a process.' },
      samples: each(it => it.processes),
    },
  ]
}

function outputFamilies(foster: FosterFacts, rows: readonly Row[]): readonly Family[] {
  const each = (what: 'bytes' | 'lines' | 'dropped'): readonly Sample[] =>
    rows.flatMap(({ index, labels }) =>
      (['stdout', 'stderr'] as const).flatMap(stream => {
        const value = foster.log(index).counters(stream)[what]
        return value === undefined ? [] : [{ labels: { ...labels, stream }, value }]
      }),
    )
  return [
    {
      ...{ name: 'foster_process_output_bytes', type: 'counter', unit: 'bytes' },
      help: 'Bytes that a process has written.',
      samples: each('bytes'),
    },
    {
      ...{ name: 'foster_process_output_lines', type: 'counter', help: 'Lines that a process has written.' },
      samples: each('lines'),
    },
    {
      ...{ name: 'foster_process_output_dropped_lines', type: 'counter', help: 'Lines that were dropped.' },
      samples: each('dropped'),
    },
  ]
}
