/**
 * How fast and how small foster is, side by side with the inits that the machine has: `npm run bench`.
 * docs/benchmarks.md says what each figure means.
 */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Bench, Figure } from './figure.ts'
import { api } from './figures/api.ts'
import { config } from './figures/config.ts'
import { crash } from './figures/crash.ts'
import { handler } from './figures/handler.ts'
import { latency } from './figures/latency.ts'
import { log } from './figures/log.ts'
import { loop } from './figures/loop.ts'
import { memory } from './figures/memory.ts'
import { orphans } from './figures/orphans.ts'
import { requests } from './figures/requests.ts'
import { start } from './figures/start.ts'
import { status } from './figures/status.ts'
import { stop } from './figures/stop.ts'
import { thousand } from './figures/thousand.ts'
import { describeMachine } from './machine.ts'
import { findPeers } from './peers.ts'
import { killAll } from './space.ts'
import { render, type Table } from './table.ts'

const figures: readonly Figure[] = [
  ...[start, handler, crash, stop, thousand, orphans, memory, loop, status, api],
  ...[config, requests, latency, log],
]

const usage = `Usage: npm run bench -- [FIGURE...] [--runs N] [--json FILE]
  FOSTER_BIN   the foster to be measured (dist/foster)

${figures.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join('\n')}
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    killAll()
    process.exit(1)
  })
}
process.on('exit', killAll)
process.exitCode = await main()

async function main(): Promise<number> {
  const unknown = positionals.filter(name => !figures.some(it => it.name === name))
  const runs = values.runs === undefined ? undefined : Number(values.runs)
  if (values.help || unknown.length > 0 || (runs !== undefined && !(Number.isInteger(runs) && runs > 0))) {
    process.stderr.write(usage)
    return values.help ? 0 : 2
  }
  if (process.getuid?.() !== 0) {
    process.stderr.write('bench: PID namespaces need root\n')
    return 2
  }
  const { peers, missing } = findPeers()
  print(describeMachine(peers, missing))
  const deadline = performance.now() + 8.5 * 60_000
  const bench: Bench = { peers, runs, node: process.execPath, say: progress, deadline }
  const tables: Record<string, readonly Table[]> = {}
  for (const figure of figures) {
    if (positionals.length > 0 && !positionals.includes(figure.name)) continue
    const found = [await figure.measure(bench)].flat()
    progress('')
    for (const table of found) print(render(table))
    tables[figure.name] = found
  }
  if (values.json !== undefined) writeFileSync(resolve(values.json), json(tables))
  return 0
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** One line on a terminal, overwritten; one line each elsewhere. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
  else if (text !== '') process.stderr.write(`${text.trimEnd()}\n`)
}

function json(tables: Record<string, readonly Table[]>): string {
  const plain = (_: string, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value)
  return `${JSON.stringify(tables, plain, 2)}\n`
}
