/** What a figure is, and the loop that runs the inits in turn. */
import type { Peer } from './peers.ts'
import { Samples, type Table } from './table.ts'

export interface Bench {
  readonly peers: readonly Peer[]
  /** How often each measurement is to be made; `undefined`: what suits the figure. */
  readonly runs: number | undefined
  /** The Node that foster is made of. */
  readonly node: string
  readonly say: (text: string) => void
  /** No further round is begun after this moment of the monotonic clock. */
  readonly deadline: number
}

export interface Figure {
  readonly name: string
  readonly about: string
  readonly measure: (bench: Bench) => Promise<Table | readonly Table[]>
}

/** One thing to be measured, again and again. It gives the values of some columns. */
export interface Subject {
  readonly row: string
  readonly run: () => Promise<Readonly<Record<string, number>>>
}

/** Failures in a row after which a subject is left out. */
const forgiven = 2

/** Runs the subjects in turn, A B C A B C, so that a busy moment of the machine hits all of them. Failures are said. */
export async function interleave(
  bench: Bench,
  name: string,
  runs: number,
  subjects: readonly Subject[],
): Promise<Samples> {
  const samples = new Samples()
  const failures = new Map<Subject, number>()
  for (let run = 0; run < runs; run++) {
    if (run > 0 && performance.now() > bench.deadline) {
      bench.say(`${name}: out of time after ${run} of ${runs} rounds\n`)
      break
    }
    for (const subject of subjects) {
      const failed = failures.get(subject) ?? 0
      if (failed >= forgiven) continue
      bench.say(`${name}: ${run + 1}/${runs} ${subject.row}`)
      try {
        for (const [column, value] of Object.entries(await subject.run())) samples.add(subject.row, column, value)
        failures.delete(subject)
      } catch (error) {
        failures.set(subject, failed + 1)
        bench.say(`${name}: ${subject.row} failed: ${error instanceof Error ? error.message : error}\n`)
      }
    }
  }
  return samples
}
