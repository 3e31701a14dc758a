/** A thousand programs: started, held, stopped. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Figure, interleave, type Subject } from '../figure.ts'
import { isProgram, type Peer } from '../peers.ts'
import { anonymous, ownProcesses, sum } from '../proc.ts'
import { inSpace } from '../space.ts'

const count = 1000
/** foster gives back what its starts have taken five seconds after them. */
const settle = 6000
const started = 'started'
const stopped = 'stopped'
const memory = 'RssAnon per program'

export const thousand: Figure = {
  name: 'thousand',
  about: 'a thousand programs started, then stopped',
  measure: async bench => {
    const subjects = bench.peers.filter(it => it.name !== 'pm2-runtime').flatMap(ofPeer)
    const samples = await interleave(bench, 'thousand', bench.runs ?? 1, subjects)
    return {
      title: 'A thousand programs',
      notes: [
        '"started": exec of the init to the first instruction of the thousandth program; "stopped": TERM (runit: HUP) to the exit of PID 1.',
        'Memory is that of the init and its helpers 6 s after the last start, less what the same init has with one program, divided by 999.',
        '"with dependencies": each program depends on up to three others at random, which no peer can say.',
        'Goals: started within 2 s, stopped within 0.5 s, 20 KiB each.',
      ],
      columns: [
        { title: started, unit: 's' },
        { title: stopped, unit: 's' },
        { title: memory, unit: 'KiB' },
      ],
      reference: 'foster',
      samples: samples.rows,
    }
  },
}

function ofPeer({ name, configure, stop }: Peer): Subject[] {
  if (configure === undefined) return []
  const run = async (graph: boolean) => {
    const one = await held(configure, stop, 1, false)
    const all = await held(configure, stop, count, graph)
    return {
      [started]: all.started / 1000,
      [stopped]: all.stopped / 1000,
      [memory]: (all.memory - one.memory) / (count - 1),
    }
  }
  const plain = { row: name, run: async () => run(false) }
  return name === 'foster' ? [plain, { row: 'foster, with dependencies', run: async () => run(true) }] : [plain]
}

async function held(configure: NonNullable<Peer['configure']>, stop: NodeJS.Signals, programs: number, graph: boolean) {
  return await inSpace(async space => {
    const script = `echo up > ${space.marks}; read -r _ < ${space.hold}`
    const from = await space.start(configure(space.dir, { count: programs, script, graph }))
    const up = await space.mark('up', programs, 60_000)
    await sleep(settle)
    const memory = sum(ownProcesses(space.pid, isProgram).map(anonymous))
    const asked = space.signal(stop)
    return { started: up - from, memory, stopped: (await space.exited(60_000)) - asked }
  })
}
