/** How long a configuration of 500 programs takes to load, beside one program: by `foster check`, and once foster runs. */
import { existsSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Figure, interleave } from '../figure.ts'
import { inSpace } from '../space.ts'

const count = 500
const cold = 'foster check'
const warm = 'reload'
/** So often a foster that runs has loaded it before it is measured, and so often it is then. */
const rounds = 10

export const config: Figure = {
  name: 'config',
  about: 'how long a configuration of 500 programs takes to load',
  measure: async bench => {
    const samples = await interleave(bench, 'config', bench.runs ?? 15, [
      { row: 'one program', run: () => measure(short(1)) },
      { row: `${count} programs, a command each`, run: () => measure(short(count)) },
      { row: `${count} programs, six settings each`, run: () => measure(long(count)) },
    ])
    const kib = (text: string): string => `${Math.round(text.length / 1024)} KiB`
    return {
      title: 'A configuration of 500 programs',
      notes: [
        `From exec of \`foster check\` to its exit. The files have ${kib(short(count))} and ${kib(long(count))}; what is more than with one program is the loading.`,
        `"reload": a request for \`/v1/reload?dry_run=true\` to a foster that has loaded the file ${rounds} times, to the end of the answer; the median of ${rounds}.`,
        'Goal: 50 ms after start-up.',
      ],
      columns: [
        { title: cold, unit: 'ms' },
        { title: warm, unit: 'ms' },
      ],
      reference: 'one program',
      samples: samples.rows,
    }
  },
}

async function measure(text: string): Promise<Record<string, number>> {
  return await inSpace(async space => {
    const file = join(space.dir, 'foster.yaml')
    const foster = resolve(process.env.FOSTER_BIN ?? 'dist/foster')
    writeFileSync(file, text)
    const { time, output } = await space.run([foster, 'check', '-c', file])
    if (!output.includes('no errors')) throw new Error(output)
    const socket = join(space.dir, 'control.sock')
    const own = `control: {socket: ${socket}}\ndefaults: {autostart: false}\n`
    writeFileSync(
      file,
      `${own}${text}  up: {command: sh -c 'echo up > ${space.marks}; exec sleep 1000', autostart: true}\n`,
    )
    await space.start([foster, '-c', file])
    await space.mark('up')
    for (let i = 0; i < 1000 && !existsSync(socket); i++) await sleep(5)
    const times: number[] = []
    for (let i = 0; i < 2 * rounds; i++) times.push(await reload(socket))
    const late = times.slice(rounds).sort((a, b) => a - b)
    return { [cold]: time, [warm]: late[rounds / 2] ?? 0 }
  })
}

/** The milliseconds that a reload takes which is only tried. */
async function reload(path: string): Promise<number> {
  const begin = performance.now()
  const socket = connect(path)
  const { promise, resolve: done, reject } = Promise.withResolvers<string>()
  let answer = ''
  socket.on('error', reject).on('close', () => done(answer))
  socket.setEncoding('utf8').on('data', chunk => {
    answer += chunk
  })
  socket.write('POST /v1/reload?dry_run=true HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  if (!/^HTTP\/1.1 200 /.test(await promise)) throw new Error(answer)
  return performance.now() - begin
}

const programs = (count: number, one: (index: number) => string): string =>
  `programs:\n${Array.from({ length: count }, (_, index) => one(index)).join('')}`

const short = (count: number): string => programs(count, index => `  program-${index}:\n    command: sleep 1000\n`)

const long = (count: number): string =>
  programs(
    count,
    index => `  program-${index}:
    command: sh -c 'exec server --port ${8000 + index}'
    restart: always
    start_seconds: 5s
    working_dir: /srv
    environment: {NAME: "%(name)", HOST: "\${HOST:-localhost}"}
    depends_on: {${index === 0 ? '' : `program-${index - 1}: started`}}
`,
  )
