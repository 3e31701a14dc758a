/** The first instructions of the npm package: as from source, once Node runs as foster needs it. */
import { writeSync } from 'node:fs'
import { startFresh } from './os/fresh.ts'
import { catchSignals } from './os/signals.ts'
import { ownArguments } from './os/verbatim.ts'

const fault = startFresh()
if (fault === undefined) {
  const signals = catchSignals()
  import('./main.ts').then(({ main }) => main(ownArguments(), signals))
} else {
  writeSync(2, `foster: ${fault}\n`)
  process.exit(1)
}
