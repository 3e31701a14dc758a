/**
 * The entry of the built executable. It is run once at build time, and what it has loaded is frozen into a start-up
 * snapshot; the function below is all that runs at a start.
 */
import { startupSnapshot } from 'node:v8'
import { main } from './main.ts'
import { catchSignals } from './os/signals.ts'
import { ownArguments } from './os/verbatim.ts'
import { rehearse } from './rehearsal.ts'

rehearse()

startupSnapshot.setDeserializeMainFunction(() => {
  const signals = catchSignals()
  // Node would announce on stderr that node:ffi is experimental; that is known, and decided.
  process.removeAllListeners('warning')
  main(ownArguments(), signals)
})
