/** Ten thousand orphans that end at the same moment. */
import { execFileSync } from 'node:child_process'
import { constants, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Figure, interleave, type Subject } from '../figure.ts'
import type { Peer } from '../peers.ts'
import { children } from '../proc.ts'
import { inSpace } from '../space.ts'

const count = 10_000
const after = 'after the last'
const all = 'all'

export const orphans: Figure = {
  name: 'orphans',
  about: 'ten thousand orphans that end at once',
  measure: async bench => {
    const subjects = bench.peers.flatMap(ofPeer)
    const samples = await interleave(bench, 'orphans', bench.runs ?? 2, subjects)
    return {
      title: 'Orphans: 10,000 end at once',
      notes: [
        `"${after}": from the end of the last orphan until PID 1 has no child but its program; "${all}": from the moment they are let go.`,
        'The kernel lets them go one after the other, so that most of the time is its own. Goal: 100 ms after the last.',
      ],
      columns: [after, all].map(title => ({ title, unit: 'ms' })),
      reference: 'foster',
      samples: samples.rows,
    }
  },
}

/** Forks batches of a hundred that wait, and leaves each batch to PID 1. They hold `alive` open until they end. */
const script = (marks: string, hold: string, alive: string): string => `
exec 3> ${alive} 4< ${hold}
i=0
while [ $i -lt ${count / 100} ]; do
  ( j=0; while [ $j -lt 100 ]; do read -r _ <&4 & j=$((j+1)); done )
  i=$((i+1))
done
exec 3>&- 4<&-
echo up > ${marks}
sleep 1000`

function ofPeer({ name, command }: Peer): Subject[] {
  if (command === undefined) return []
  const run = () =>
    inSpace(async space => {
      const alive = join(space.dir, 'alive')
      execFileSync('mkfifo', [alive])
      const fd = openSync(alive, constants.O_RDONLY | constants.O_NONBLOCK)
      await space.start(command(['/bin/sh', '-c', script(space.marks, space.hold, alive)]))
      await space.mark('up', 1, 120_000)
      // Only now, or it would be at its end before anybody has opened it.
      const ended = new Promise<number>(resolve => {
        new Socket({ fd, readable: true, writable: false }).resume().on('end', () => resolve(performance.now()))
      })
      const from = space.release()
      const last = await ended
      while (children(space.pid).length > 1) await sleep(1)
      const none = performance.now()
      return { [after]: none - last, [all]: none - from }
    })
  return [{ row: name, run }]
}
