/** What a program costs that can never work. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Figure } from '../figure.ts'
import { isProgram } from '../peers.ts'
import { ownProcesses, processorSeconds, sum } from '../proc.ts'
import { inSpace } from '../space.ts'
import { Samples } from '../table.ts'

const count = 10
const settle = 3000
const watch = 10_000
const share = 'of a core'

export const loop: Figure = {
  name: 'loop',
  about: 'ten programs that crash at once, for ever',
  measure: async bench => {
    const samples = new Samples()
    for (const backoff of ['3s', '1s']) {
      bench.say(`loop: backoff ${backoff}, ${(settle + watch) / 1000} s`)
      for (const peer of bench.peers.filter(it => it.name === 'foster')) {
        samples.add(`foster, a crash every ${backoff} each`, share, await shareOf(peer.configure, backoff))
      }
    }
    return {
      title: 'A crash loop of ten programs',
      notes: [
        'Processor time of foster alone over 10 s. The default limit of the backoff is 30 s: a tenth of the first row.',
        'Goal: under 1 % of a core at the limit.',
      ],
      columns: [{ title: share, unit: '%' }],
      reference: 'foster, a crash every 3s each',
      samples: samples.rows,
    }
  },
}

async function shareOf(configure: Parameters<typeof start>[0], backoff: string): Promise<number> {
  return await inSpace(async space => {
    await start(configure, space, backoff)
    await space.mark('up', count)
    await sleep(settle)
    const own = (): number => sum(ownProcesses(space.pid, isProgram).map(processorSeconds))
    const before = own()
    await sleep(watch)
    return ((own() - before) / (watch / 1000)) * 100
  })
}

async function start(
  configure: ((dir: string, work: { count: number; script: string; backoff: string }) => string[]) | undefined,
  space: { dir: string; marks: string; start(argv: string[]): Promise<number> },
  backoff: string,
): Promise<void> {
  if (configure === undefined) throw new Error('foster takes no configuration')
  await space.start(configure(space.dir, { count, script: `echo up > ${space.marks}; exit 1`, backoff }))
}
