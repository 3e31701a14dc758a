/** What the control API takes and what it holds up: requests on one connection beside programs that write as fast as they can. */
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Figure } from '../figure.ts'
import { inSpace, type Space } from '../space.ts'
import { median, Samples } from '../table.ts'

const single = 'requests a second'
const several = 'eight at once'
const restart = 'crash to restart'
const worst = 'the slowest'
const count = 10
const watch = 3000
const atOnce = 8

export const api: Figure = {
  name: 'api',
  about: 'status requests on one connection, and a crash beside them',
  measure: async (bench: Bench) => {
    const samples = new Samples()
    const rows = [
      ['nobody asks, programs are quiet', 'sleep 1000', false],
      ['asked without a pause, programs are quiet', 'sleep 1000', true],
      ['nobody asks, ten programs write', 'yes 0123456789012345678901234567890123456789', false],
      ['asked without a pause, ten programs write', 'yes 0123456789012345678901234567890123456789', true],
    ] as const
    for (let run = 0; run < (bench.runs ?? 2) && performance.now() < bench.deadline; run++) {
      for (const [row, command, isAsked] of rows) {
        bench.say(`api: ${row}`)
        for (const [column, value] of Object.entries(await measure(command, isAsked))) samples.add(row, column, value)
      }
    }
    return {
      title: 'The control API',
      notes: [
        '`GET /v1/status` over and over on one connection, 11 programs: the next request when the answer has come, or eight requests on their way. The output goes to /dev/null. One program kills itself again and again: from its death to the first instruction of its successor, the median and the slowest.',
        'Goal: 2,000 requests a second while ten programs write at full speed; no signal and no ended child waits for more than 20 ms because of requests.',
      ],
      columns: [
        { title: single, unit: '' },
        { title: several, unit: '' },
        { title: restart, unit: 'ms' },
        { title: worst, unit: 'ms' },
      ],
      reference: rows[0][0],
      samples: samples.rows,
    }
  },
}

async function measure(command: string, isAsked: boolean): Promise<Readonly<Record<string, number>>> {
  return await inSpace(async space => {
    const path = join(space.dir, 'control.sock')
    const foster = [resolve(process.env.FOSTER_BIN ?? 'dist/foster'), '-c', plan(space, path, command)]
    await space.start(['/bin/sh', '-c', 'exec "$0" "$@" >/dev/null 2>&1', ...foster])
    await space.mark('up', 1)
    await sleep(1500)
    // The first request loads HTTP.
    if (isAsked) await askFor(path, 1, 200)
    const before = space.count('down')
    const found: Record<string, number> = {}
    if (isAsked) {
      found[single] = await askFor(path, 1)
      found[several] = await askFor(path, atOnce)
    } else await sleep(2 * watch)
    const times: number[] = []
    for (let crash = before + 1; crash < space.count('down'); crash++) {
      times.push((await space.mark('up', crash + 1)) - (await space.mark('down', crash)))
    }
    return { ...found, [restart]: median(times), [worst]: Math.max(...times) }
  })
}

/** Asks for a while on one connection, so many requests at once; how many were answered in a second. */
async function askFor(path: string, count: number, millis = watch): Promise<number> {
  const socket = connect(path)
  const request = 'GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n'
  let answers = 0
  let rest = ''
  await new Promise<void>((done, fail) => {
    socket.setEncoding('latin1').on('error', fail)
    socket.on('data', (text: string) => {
      rest += text
      for (let end = endOf(rest); end <= rest.length; end = endOf(rest)) {
        rest = rest.slice(end)
        answers++
        socket.write(request)
      }
    })
    socket.write(request.repeat(count))
    setTimeout(done, millis)
  })
  socket.destroy()
  return answers / (millis / 1000)
}

/** Where the first answer ends; beyond the text if it is not complete. */
function endOf(text: string): number {
  const head = text.indexOf('\r\n\r\n')
  const length = /content-length: (\d+)/i.exec(text.slice(0, Math.max(0, head)))?.[1]
  return length === undefined ? Number.POSITIVE_INFINITY : head + 4 + Number(length)
}

function plan(space: Space, path: string, command: string): string {
  const crash = `echo up > ${space.marks}; sleep 0.05; echo down > ${space.marks}; kill -KILL $$`
  const writers = Array.from({ length: count }, (_, index) => [`p${index}`, { command }])
  const programs = {
    ...Object.fromEntries(writers),
    crash: { command: ['sh', '-c', crash], start_seconds: 0, start_retries: -1, backoff: { delay: 0, jitter: 0 } },
  }
  const file = join(space.dir, 'foster.yaml')
  writeFileSync(file, JSON.stringify({ programs, control: { socket: path } }))
  return file
}
