/** How fast output is passed on, through real pipes: `yes` writes, `head` reads from the other end. */
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { type Bench, type Figure, interleave } from '../figure.ts'
import { type Forwarder, forwarders } from '../output.ts'
import { anonymous, processorSeconds } from '../proc.ts'
import { inSpace, type Space } from '../space.ts'
import type { Table } from '../table.ts'

const bytes = 200_000_000
/** So much passes before anything is measured. */
const warmUp = 20_000_000
const patience = 30_000
const rate = 'of output'
const cpu = 'processor for a GB'
const memory = 'most RssAnon'

export const log: Figure = {
  name: 'log',
  about: 'how fast output is passed on, beside supervisord, s6-log and PM2',
  measure: async bench => {
    const tables: Table[] = []
    for (const [length, writers] of [
      [100, 1],
      [100, 10],
      [4096, 1],
      [4096, 10],
    ] as const) {
      tables.push(await tableOf(bench, length, writers))
    }
    return tables
  },
}

async function tableOf(bench: Bench, length: number, writers: number): Promise<Table> {
  const subjects = forwarders.map(it => ({ row: it.name, run: () => measure(it, 'x'.repeat(length - 1), writers) }))
  const samples = await interleave(bench, `log, ${length} B, ${writers}`, bench.runs ?? 3, subjects)
  return {
    title: `Output: lines of ${length} bytes, ${writers === 1 ? 'one writer' : `${writers} writers`}`,
    notes: [
      `${bytes / 1e6} MB as the reader gets them: a prefix counts. More MB/s are better.`,
      'Goals: `raw` at least as fast as supervisord, `prefix` at least 250 MB/s.',
    ],
    columns: [
      { title: rate, unit: 'MB/s' },
      { title: cpu, unit: 's' },
      { title: memory, unit: 'MiB' },
    ],
    reference: 'foster raw',
    samples: samples.rows,
  }
}

async function measure(forwarder: Forwarder, line: string, writers: number): Promise<Record<string, number>> {
  return await inSpace(async space => {
    const argv = forwarder.argv(space.dir, ['yes', line], writers)
    if (argv === undefined) return {}
    const fifo = join(space.dir, 'output')
    execFileSync('mkfifo', [fifo])
    const reader = spawn('/bin/sh', ['-c', counting, fifo, space.marks], { stdio: 'ignore' })
    try {
      const redirected = ['/bin/sh', '-c', `out=$0; exec "$@" > "$out"`, fifo, ...argv]
      await space.start(redirected, forwarder.environment?.(space.dir))
      return await watch(space, forwarder)
    } finally {
      reader.kill('SIGKILL')
    }
  })
}

const counting = `exec < "$0"; head -c ${warmUp} > /dev/null; echo first > "$1"; head -c ${bytes} > /dev/null; echo last > "$1"; exec cat > /dev/null`

async function watch(space: Space, forwarder: Forwarder): Promise<Record<string, number>> {
  const from = await space.mark('first', 1, patience)
  const pid = forwarder.worker(space.pid)
  const before = processorSeconds(pid)
  let most = 0
  const timer = setInterval(() => {
    most = Math.max(most, anonymous(pid))
  }, 20)
  try {
    const to = await space.mark('last', 1, patience)
    const seconds = processorSeconds(pid) - before
    return { [rate]: bytes / 1e3 / (to - from), [cpu]: (seconds * 1e9) / bytes, [memory]: most / 1024 }
  } finally {
    clearInterval(timer)
  }
}
