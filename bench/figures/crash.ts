/** From the death of a program by SIGKILL to the first instruction of its successor. */
import { type Figure, interleave, type Subject } from '../figure.ts'
import type { Peer } from '../peers.ts'
import { inSpace, type Space } from '../space.ts'
import { median } from '../table.ts'

const young = 'at once'
const old = 'after 1.2 s'

export const crash: Figure = {
  name: 'crash',
  about: 'from SIGKILL of a program to the first instruction of its successor',
  measure: async bench => {
    const subjects = bench.peers.flatMap(peer => [...ofPeer(peer, young, 0, 2), ...ofPeer(peer, old, 1.2, 2)])
    const samples = await interleave(bench, 'crash', bench.runs ?? 3, subjects)
    return {
      title: 'Crash: SIGKILL of a program to the first instruction of its successor',
      notes: [
        `"${young}": the program dies right after its start; "${old}": it has run that long. s6 and runit wait until a second after the last start, supervisord looks once a second.`,
        'foster with `backoff: {delay: 0}`. Goal: under 5 ms.',
      ],
      columns: [young, old].map(title => ({ title, unit: 'ms' })),
      reference: 'foster',
      samples: samples.rows,
    }
  },
}

/** The program kills itself, and says so just before. */
const script = (space: Space, uptime: number): string =>
  `echo up > ${space.marks}; ${uptime > 0 ? `sleep ${uptime}; ` : ''}echo down > ${space.marks}; kill -KILL $$`

function ofPeer({ name, configure, environment }: Peer, column: string, uptime: number, crashes: number): Subject[] {
  if (configure === undefined) return []
  const run = () =>
    inSpace(async space => {
      await space.start(configure(space.dir, { count: 1, script: script(space, uptime) }), environment?.(space.dir))
      const times: number[] = []
      for (let crash = 1; crash <= crashes; crash++) {
        const down = await space.mark('down', crash, 10_000)
        times.push((await space.mark('up', crash + 1, 10_000)) - down)
      }
      return { [column]: median(times) }
    })
  return [{ row: name, run }]
}
