/** From the request to stop to the exit of PID 1. */
import { type Figure, interleave, type Subject } from '../figure.ts'
import type { Peer } from '../peers.ts'
import { inSpace } from '../space.ts'

const many = '50 running'
const idle = '1 running, 10 never started'

export const stop: Figure = {
  name: 'stop',
  about: 'from the request to stop to the exit of PID 1',
  measure: async bench => {
    const subjects = bench.peers.flatMap(peer => [...ofPeer(peer, many, 50, 50), ...ofPeer(peer, idle, 11, 1)])
    const samples = await interleave(bench, 'stop', bench.runs ?? 3, subjects)
    return {
      title: 'Stop: TERM to the exit of PID 1',
      notes: [
        'Programs die of TERM at once. runit gets HUP and does not wait for its programs: the kernel kills them.',
        'A second passes between the start of the last program and the TERM. Goal: under 50 ms each.',
      ],
      columns: [many, idle].map(title => ({ title, unit: 'ms' })),
      reference: 'foster',
      samples: samples.rows,
    }
  },
}

function ofPeer({ name, configure, environment, stop: signal }: Peer, column: string, count: number, started: number) {
  if (configure === undefined || (name === 'pm2-runtime' && started < count)) return []
  const run = () =>
    inSpace(async space => {
      const script = `echo up > ${space.marks}; read -r _ < ${space.hold}`
      await space.start(configure(space.dir, { count, started, script }), environment?.(space.dir))
      await space.mark('up', started)
      await new Promise(resolve => setTimeout(resolve, 1000))
      const from = space.signal(signal)
      return { [column]: (await space.exited()) - from }
    })
  return [{ row: name, run }] satisfies Subject[]
}
