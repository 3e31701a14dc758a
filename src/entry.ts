/** The first instructions from source: signals are caught before any other module is loaded. */
import { catchSignals } from './os/signals.ts'

const signals = catchSignals()
const { main } = await import('./main.ts')
main(process.argv.slice(2), signals)
