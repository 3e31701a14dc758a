/** What an init costs while nothing happens. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Figure } from '../figure.ts'
import { isProgram, type Peer } from '../peers.ts'
import { anonymous, ownProcesses, proportional, sum, switches } from '../proc.ts'
import { Space } from '../space.ts'
import { Samples } from '../table.ts'

/** foster gives back what its start has taken five seconds after it. */
const settle = 6000
const watch = 10_000

export const memory: Figure = {
  name: 'memory',
  about: 'memory and wake-ups while nothing happens',
  measure: async bench => {
    const samples = new Samples()
    await together(bench, samples, 1)
    await together(bench, samples, 10)
    return {
      title: 'At rest: memory and wake-ups',
      notes: [
        'RssAnon and PSS of the init and its helpers (s6-supervise, runsv, PM2 daemon), 6 s after the programs have started.',
        'Wake-ups: context switches of all their threads in the 10 s after that.',
        'All inits rest side by side; C libraries they share count for each in part. Goals: under 15 MiB with 10 programs, no wake-up.',
      ],
      columns: [
        ...[1, 10].flatMap(
          count =>
            [
              { title: `${count}: RssAnon`, unit: 'MiB' },
              { title: `${count}: PSS`, unit: 'MiB' },
              { title: `${count}: wake-ups`, unit: '' },
            ] as const,
        ),
      ],
      reference: 'foster',
      samples: samples.rows,
    }
  },
}

/** Nobody disturbs anybody at rest, so all are looked at at once. */
async function together(bench: Bench, samples: Samples, count: number): Promise<void> {
  bench.say(`memory: ${count} ${count === 1 ? 'program' : 'programs'}, ${(settle + watch) / 1000} s`)
  const resting = await Promise.all(
    bench.peers.filter(it => count === 1 || it.configure !== undefined).map(peer => rest(peer, count)),
  )
  await sleep(settle)
  const pids = resting.map(({ space }) => ownProcesses(space.pid, isProgram))
  const before = pids.map(all => sum(all.map(switches)))
  resting.forEach(({ name }, i) => {
    const own = pids[i] ?? []
    samples.add(name, `${count}: RssAnon`, sum(own.map(anonymous)) / 1024)
    samples.add(name, `${count}: PSS`, sum(own.map(proportional)) / 1024)
  })
  await sleep(watch)
  resting.forEach(({ name }, i) => {
    samples.add(name, `${count}: wake-ups`, sum((pids[i] ?? []).map(switches)) - (before[i] ?? 0))
  })
  await Promise.all(resting.map(({ space }) => space.close()))
}

async function rest({ name, command, configure, environment }: Peer, count: number) {
  const space = new Space()
  const script = `echo up > ${space.marks}; read -r _ < ${space.hold}`
  const argv = configure?.(space.dir, { count, script }) ?? command?.(['/bin/sh', '-c', script]) ?? []
  await space.start(argv, environment?.(space.dir))
  await space.mark('up', count)
  return { name, space }
}
