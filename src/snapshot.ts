/**
 * The entry of the built executable. It is run once at build time, and what it has loaded is frozen into a start-up
 * snapshot; the function below is all that runs at a start.
 */
import { startupSnapshot } from 'node:v8'
import { main } from './main.ts'
import { catchSignals } from './os/signals.ts'
import { ownArguments } from './os/verbatim.ts'
import { compile, dropCode } from './precompile.ts'

dropCode()
// The build's: what a start compiled when it was tried.
const { FOSTER_STARTED } = process.env
if (FOSTER_STARTED !== undefined) compile(JSON.parse(FOSTER_STARTED))

startupSnapshot.setDeserializeMainFunction(() => {
  const signals = catchSignals()
  // Node would announce on stderr that node:ffi is experimental; that is known, and decided.
  process.removeAllListeners('warning')
  main(ownArguments(), signals)
})
