/** The first instructions from source: signals are caught before any other module is loaded. */
import { catchSignals } from './os/signals.ts'

const signals = catchSignals()
const { main } = await import('./main.ts')
const { ownArguments } = await import('./os/verbatim.ts')
main(ownArguments(), signals)
