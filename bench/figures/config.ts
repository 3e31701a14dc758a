/** How long a configuration of 500 programs takes to load: `foster check`, beside the same with one program. */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Figure, interleave } from '../figure.ts'
import { inSpace } from '../space.ts'

const count = 500
const column = 'foster check'

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
        'Goal: 50 ms after start-up.',
      ],
      columns: [{ title: column, unit: 'ms' }],
      reference: 'one program',
      samples: samples.rows,
    }
  },
}

async function measure(text: string): Promise<Record<string, number>> {
  return await inSpace(async space => {
    const file = join(space.dir, 'foster.yaml')
    writeFileSync(file, text)
    const { time, output } = await space.run([resolve(process.env.FOSTER_BIN ?? 'dist/foster'), 'check', '-c', file])
    if (!output.includes('no errors')) throw new Error(output)
    return { [column]: time }
  })
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
