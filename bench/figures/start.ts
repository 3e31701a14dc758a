/** From exec of the init to the first instruction of its program. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Bench, type Figure, interleave, type Subject } from '../figure.ts'
import type { Peer } from '../peers.ts'
import { inSpace, type Space } from '../space.ts'

const one = 'one command'
const file = '1 program'
const files = '10 programs'

export const start: Figure = {
  name: 'start',
  about: 'from exec of the init to the first instruction of its program',
  measure: async bench => {
    const subjects = [...bench.peers.flatMap(peer => ofPeer(peer)), ...baselines(bench)]
    const samples = await interleave(bench, 'start', bench.runs ?? 11, subjects)
    return {
      title: 'Start: exec of the init to the first instruction of the (last) program',
      notes: [
        'The program is a shell script whose first instruction is to report; "no init" is that script as PID 1 and is in every other row too.',
        '"node -e 0" is the same Node as in foster, from exec to the exit of PID 1; "node, first line" is its first line of JavaScript.',
        'Goal for foster: at most 1.5 x node -e 0.',
      ],
      columns: [one, file, files].map(title => ({ title, unit: 'ms' })),
      reference: 'foster',
      samples: samples.rows,
    }
  },
}

const report = (space: Space): string => `echo up > ${space.marks}; read -r _ < ${space.hold}`

function ofPeer({ name, command, configure, environment }: Peer): Subject[] {
  const subjects: Subject[] = []
  if (command !== undefined) {
    subjects.push({
      row: name,
      run: () =>
        inSpace(async space => ({ [one]: await untilUp(space, command(['/bin/sh', '-c', report(space)]), 1) })),
    })
  }
  if (configure === undefined) return subjects
  for (const [column, count] of [
    [file, 1],
    [files, 10],
  ] as const) {
    const run = () =>
      inSpace(async space => {
        const argv = configure(space.dir, { count, script: report(space) })
        return { [column]: await untilUp(space, argv, count, environment?.(space.dir)) }
      })
    subjects.push({ row: name, run })
  }
  return subjects
}

async function untilUp(space: Space, argv: string[], count: number, environment?: Record<string, string>) {
  const from = await space.start(argv, environment)
  return (await space.mark('up', count)) - from
}

function baselines({ node }: Bench): Subject[] {
  return [
    {
      row: 'no init',
      run: () => inSpace(async space => ({ [one]: await untilUp(space, ['/bin/sh', '-c', report(space)], 1) })),
    },
    {
      row: 'node -e 0',
      run: () =>
        inSpace(async space => {
          const from = await space.start([node, '-e', '0'])
          return { [one]: (await space.exited()) - from }
        }),
    },
    {
      row: 'node, first line',
      run: () =>
        inSpace(async space => {
          const script = join(space.dir, 'first.cjs')
          writeFileSync(
            script,
            `require('node:fs').writeFileSync(process.argv[2], 'up\\n'); setInterval(() => {}, 1e6)`,
          )
          return { [one]: await untilUp(space, [node, script, space.marks], 1) }
        }),
    },
  ]
}
