/** How long a line is on its way: from a program's write to the reader of the init's stdout, while nothing else happens. */
import { execFileSync } from 'node:child_process'
import { constants, openSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { type Figure, interleave } from '../figure.ts'
import { type Forwarder, forwarders } from '../output.ts'
import { inSpace } from '../space.ts'
import { median } from '../table.ts'

const lines = 500
const pause = 10
const middle = 'median'
const late = '99th percentile'

export const latency: Figure = {
  name: 'latency',
  about: "from a program's write to the reader of the init's output",
  measure: async bench => {
    const none: Forwarder = {
      name: 'no init',
      argv: (_dir: string, command: readonly string[]) => command,
      worker: () => 0,
    }
    const subjects = [none, ...forwarders].map(it => ({ row: it.name, run: () => measure(bench.node, it) }))
    return {
      title: 'A line on its way',
      notes: [
        `${lines} lines, one every ${pause} ms; "no init" is the program writing to the reader itself.`,
        'Goal: under 2 ms at the 99th percentile.',
      ],
      columns: [
        { title: middle, unit: 'ms' },
        { title: late, unit: 'ms' },
      ],
      reference: 'foster raw',
      samples: (await interleave(bench, 'latency', bench.runs ?? 2, subjects)).rows,
    }
  },
}

async function measure(node: string, { argv, environment }: Forwarder): Promise<Record<string, number>> {
  return await inSpace(async space => {
    const program = join(space.dir, 'program')
    // The monotonic clock is the same for all processes.
    writeFileSync(
      program,
      `const { writeSync } = require('node:fs')
let left = ${lines}
const timer = setInterval(() => {
  writeSync(1, 'at ' + process.hrtime.bigint() + '.\\n')
  if (--left === 0) clearInterval(timer), setInterval(() => {}, 1000)
}, ${pause})\n`,
    )
    const own = argv(space.dir, [node, program], 1)
    if (own === undefined) return {}
    const fifo = join(space.dir, 'output')
    execFileSync('mkfifo', [fifo])
    const arrived = collect(fifo)
    await space.start(['/bin/sh', '-c', `out=$0; exec "$@" > "$out"`, fifo, ...own], environment?.(space.dir))
    const times = (await arrived).toSorted((a, b) => a - b)
    return { [middle]: median(times), [late]: times[Math.floor(times.length * 0.99)] ?? Number.NaN }
  })
}

/** The milliseconds of each line, in whatever way it is decorated. */
async function collect(fifo: string): Promise<readonly number[]> {
  const socket = new Socket({
    fd: openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK),
    readable: true,
    writable: false,
  })
  const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>()
  const timer = setTimeout(() => reject(new Error('the lines do not come')), 30_000 + lines * pause)
  const times: number[] = []
  let rest = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    const now = process.hrtime.bigint()
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const at = /at (\d+)\./.exec(part)?.[1]
      if (at !== undefined) times.push(Number(now - BigInt(at)) / 1e6)
    }
    if (times.length === lines) resolve(times)
  })
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}
