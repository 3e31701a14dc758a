/** How long the client takes that prints the state of ten programs. */
import { type Figure, interleave, type Subject } from '../figure.ts'
import type { Peer } from '../peers.ts'
import { inSpace } from '../space.ts'

const column = '10 programs'
const count = 10

export const status: Figure = {
  name: 'status',
  about: 'from exec of the client that prints the state of ten programs to its exit',
  measure: async bench => {
    const samples = await interleave(bench, 'status', bench.runs ?? 5, bench.peers.flatMap(ofPeer))
    return {
      title: 'Status: exec of the client to its exit',
      notes: [
        '`foster status` and `supervisorctl status`, over a unix socket; the first answer of each init is not counted.',
        "Goal: at most a third of supervisorctl's time.",
      ],
      columns: [{ title: column, unit: 'ms' }],
      reference: 'foster',
      samples: samples.rows,
    }
  },
}

function ofPeer({ name, configure, status: client }: Peer): Subject[] {
  if (configure === undefined || client === undefined) return []
  const run = () =>
    inSpace(async space => {
      const script = `echo up > ${space.marks}; read -r _ < ${space.hold}`
      await space.start(configure(space.dir, { count, script, isAsked: true }))
      await space.mark('up', count)
      await space.run(client(space.dir))
      const { time, output } = await space.run(client(space.dir))
      if (output.match(/^p\d+ +(RUNNING|STARTING)/gm)?.length !== count) throw new Error(`it said: ${output}`)
      return { [column]: time }
    })
  return [{ row: name, run }]
}
