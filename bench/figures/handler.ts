/** How long after its exec an init first obeys a TERM. The kernel drops what comes before. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Figure } from '../figure.ts'
import type { Peer } from '../peers.ts'
import { inSpace, type Space } from '../space.ts'
import { Samples } from '../table.ts'

/** A row: an init that runs one command, or one program of a configuration. */
interface Row {
  readonly name: string
  readonly argv: (space: Space) => readonly string[]
  readonly environment: (space: Space) => Record<string, string>
  /** The last delay that was tried, and by how much it changes. */
  delay: number
  stride: number
}

const column = 'half of the TERMs'
const earliest = 'earliest obeyed'
const latest = 'latest lost'

export const handler: Figure = {
  name: 'handler',
  about: 'how long after exec a TERM is first obeyed',
  measure: async bench => {
    const samples = new Samples()
    const rows = rowsOf(bench)
    const trials = (bench.runs ?? 7) * 3
    const all = new Map(rows.map(row => [row, [] as Trial[]]))
    for (let trial = 0; trial < trials && performance.now() < bench.deadline; trial++) {
      for (const row of rows) {
        bench.say(`handler: ${trial + 1}/${trials} ${row.name}`)
        all.get(row)?.push(await attempt(row))
      }
    }
    for (const [row, results] of all) summarize(samples, row.name, results)
    return {
      title: 'Exec to handler: how long after exec a TERM is first obeyed',
      notes: [
        'TERM is sent a certain time after exec; a lost one makes the next come later, an obeyed one sooner. The median is over the later two thirds of the delays tried.',
        'An init that is not PID 1 would die of an early TERM; as PID 1 it never sees it.',
      ],
      columns: [column, earliest, latest].map(title => ({ title, unit: 'ms' })),
      reference: 'foster',
      samples: samples.rows,
    }
  },
}

interface Trial {
  readonly sent: number
  readonly obeyed: boolean
}

const script = (space: Space): string => `echo up > ${space.marks}; read -r _ < ${space.hold}`

function rowsOf({ peers }: Bench): Row[] {
  return peers.flatMap(({ name, command, configure, environment }: Peer) => {
    const rest = { environment: (space: Space) => environment?.(space.dir) ?? {} }
    const rows: Row[] = []
    if (command !== undefined) {
      const isFoster = configure !== undefined
      const argv = (space: Space) => command(['/bin/sh', '-c', script(space)])
      rows.push({ name, argv, ...rest, ...(isFoster ? { delay: 60, stride: 16 } : { delay: 3, stride: 1 }) })
    }
    if (configure !== undefined && command === undefined) {
      const argv = (space: Space) => configure(space.dir, { count: 1, script: script(space) })
      const slow = name === 'supervisord' || name === 'pm2-runtime'
      rows.push({ name, argv, ...rest, ...(slow ? { delay: 300, stride: 80 } : { delay: 4, stride: 1 }) })
    }
    return rows
  })
}

/** Sends one TERM and sees what becomes of it; moves the row's delay towards where half of them are lost. */
async function attempt(row: Row): Promise<Trial> {
  const trial = await inSpace(async space => {
    const from = await space.start(row.argv(space), row.environment(space))
    // A timer is a millisecond late; the rest is waited for on the processor.
    await sleep(Math.max(0, row.delay - 2))
    while (performance.now() - from < row.delay) {}
    const sent = space.signal('SIGTERM') - from
    const outcome = await Promise.race([
      space.exited(10_000).then(() => 'exit'),
      space.mark('up', 1, 10_000).then(() => 'up'),
    ])
    if (outcome === 'exit') return { sent, obeyed: true }
    // The program runs: either the TERM was lost, or it is on its way to the program and ends it now.
    return { sent, obeyed: await endsSoon(space) }
  })
  const towards = trial.obeyed ? -row.stride : row.stride
  row.delay = Math.max(0, row.delay + towards)
  row.stride = Math.max(row.delay / 40, row.stride * 0.8)
  return trial
}

async function endsSoon(space: Space): Promise<boolean> {
  for (let waited = 0; waited < 300; waited += 10) {
    if (space.hasExited) return true
    await sleep(10)
  }
  return space.hasExited
}

function summarize(samples: Samples, row: string, trials: readonly Trial[]): void {
  const settled = trials.slice(Math.floor(trials.length / 3))
  for (const { sent } of settled) samples.add(row, column, sent)
  const obeyed = trials.filter(it => it.obeyed).map(it => it.sent)
  const lost = trials.filter(it => !it.obeyed).map(it => it.sent)
  if (obeyed.length > 0) samples.add(row, earliest, Math.min(...obeyed))
  if (lost.length > 0) samples.add(row, latest, Math.max(...lost))
}
