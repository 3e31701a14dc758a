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
}

export interface Figure {
  readonly name: string
  readonly about: string
  readonly measure: (bench: Bench) => Promise<Table>
}

/** One thing to be measured, again and again. It gives the values of some columns. */
export interface Subject {
  readonly row: string
  readonly run: () => Promise<Readonly<Record<string, number>>>
}

/** Runs the subjects in turn, A B C A B C, so that a busy moment of the machine hits all of them. Failures are said and left out. */
export async function interleave(
  bench: Bench,
  name: string,
  runs: number,
  subjects: readonly Subject[],
): Promise<Samples> {
  const samples = new Samples()
  const failed = new Set<Subject>()
  for (let run = 0; run < runs; run++) {
    for (const subject of subjects) {
      if (failed.has(subject)) continue
      bench.say(`${name}: ${run + 1}/${runs} ${subject.row}`)
      try {
        for (const [column, value] of Object.entries(await subject.run())) samples.add(subject.row, column, value)
      } catch (error) {
        failed.add(subject)
        bench.say(`${name}: ${subject.row}: ${error instanceof Error ? error.message : error}; not measured again\n`)
      }
    }
  }
  return samples
}
