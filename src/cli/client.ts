/** Runs a command that talks to the running foster: from what was asked for to an exit code. */
import { runAction } from './actions.ts'
import type { Surroundings } from './around.ts'
import { Client } from './connection.ts'
import { runEvents } from './events.ts'
import { ClientFailure, exitCodes, ReaderGone, wordsOf } from './failure.ts'
import { runGraph } from './graph.ts'
import { runLogs, runTail } from './logs.ts'
import { runConfig, runHealth, runNames, runPid, runShutdown, runSignal, runStatus } from './queries.ts'
import { runReload } from './reload.ts'
import type { ClientRequest } from './requests.ts'
import { Speech } from './speech.ts'

/** Does it; gives the exit code. `socket`: what `--socket` says. */
export async function runClient(
  request: ClientRequest,
  socket: string | undefined,
  around: Surroundings,
): Promise<number> {
  const speech = new Speech(around)
  try {
    return await run(request, new Client(around, socket), speech, around)
  } catch (error) {
    if (error instanceof ReaderGone) return exitCodes.readerGone.code
    if (!(error instanceof ClientFailure)) throw error
    return fail(request, error, around)
  }
}

function run(request: ClientRequest, client: Client, speech: Speech, around: Surroundings): Promise<number> {
  switch (request.do) {
    case 'status':
      return runStatus(request, client, speech)
    case 'start':
    case 'stop':
    case 'restart':
      return runAction(request, client, speech, around)
    case 'signal':
      return runSignal(request, client, speech)
    case 'tail':
      return runTail(request, client, speech)
    case 'logs':
      return runLogs(request, client, speech, around)
    case 'events':
      return runEvents(request, client, speech)
    case 'pid':
      return runPid(request, client, speech)
    case 'reload':
      return runReload(request, client, speech)
    case 'shutdown':
      return runShutdown(request, client, speech)
    case 'health':
      return runHealth(request, client, speech)
    case 'graph':
      return runGraph(request, client, speech)
    case 'config':
      return runConfig(client, speech)
    case 'names':
      return runNames(client, speech)
  }
}

/** Says what is wrong on stderr, as JSON where that was asked for; gives the exit code. */
function fail(request: ClientRequest, failure: ClientFailure, around: Surroundings): number {
  const { code, message, hint, exitCode } = failure
  const isJson = ('json' in request && request.json) || (request.do === 'graph' && request.format === 'json')
  // A shell that completes a word has no place for complaints.
  if (request.do !== 'names')
    around.write(2, `${isJson ? JSON.stringify({ code, message, hint }) : wordsOf(failure)}\n`)
  if (request.do === 'health') return exitCodes.failed.code
  return request.do === 'status' && exitCode !== exitCodes.foreign.code ? exitCodes.refused.code : exitCode
}
