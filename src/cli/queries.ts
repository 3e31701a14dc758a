/** The commands that ask one thing and print the answer. */
import type { ActionResult, ProcessStatus } from '../api/answers.ts'
import { routes } from '../api/protocol.ts'
import type { Client } from './connection.ts'
import { ClientFailure, concernsName, exitCodes, exitReason, wordsOf } from './failure.ts'
import type { ClientRequest } from './requests.ts'
import type { Speech } from './speech.ts'
import { statusTable } from './table.ts'
import { harmless } from './width.ts'

type Of<Word extends ClientRequest['do']> = Extract<ClientRequest, { do: Word }>

/** `status`: the table, and whether everything runs. */
export async function runStatus({ names, json }: Of<'status'>, client: Client, speech: Speech): Promise<number> {
  if (names.length > 0) return statusOf(names, json, client, speech)
  const answer = await client.value(routes.status)
  if (json) speech.json(answer)
  else {
    speech.print(statusTable(answer.programs, speech.paper))
    if (answer.phase !== 'serving') speech.remark(`foster: the container is being stopped (${answer.phase})`)
  }
  return statusCode(answer.programs)
}

async function statusOf(names: readonly string[], json: boolean, client: Client, speech: Speech): Promise<number> {
  const found = await processesOf(names, client)
  for (const failure of found.unknown) speech.remark(wordsOf(failure))
  if (json) speech.json({ programs: found.processes })
  else speech.print(statusTable(found.processes, speech.paper))
  const code = statusCode(found.processes)
  return code === 0 && found.unknown.length > 0 ? exitCodes.refused.code : code
}

interface Found {
  readonly processes: readonly ProcessStatus[]
  readonly unknown: readonly ClientFailure[]
}

/** The processes with these names, each once, in the order of the names. */
async function processesOf(names: readonly string[], client: Client): Promise<Found> {
  const processes = new Map<string, ProcessStatus>()
  const unknown: ClientFailure[] = []
  for (const name of names) {
    const answer = await client.value(routes.program, name).catch(failure => {
      if (!(failure instanceof ClientFailure) || failure.code !== 'unknown-program') throw failure
      unknown.push(failure)
      return { programs: [] }
    })
    for (const process of answer.programs) processes.set(process.name, process)
  }
  return { processes: [...processes.values()], unknown }
}

/** supervisorctl's: 3 if one of them is stopped, has exited or is fatal. A task that has done its work is as it should be. */
function statusCode(processes: readonly ProcessStatus[]): number {
  const isDown = ({ state, kind, last_exit: last }: ProcessStatus): boolean => {
    if (state === 'EXITED' && kind === 'task') return last?.success !== true
    return state === 'STOPPED' || state === 'EXITED' || state === 'FATAL'
  }
  return processes.some(isDown) ? exitCodes.notRunning.code : exitCodes.done.code
}

/** `pid`: foster's, or one a line; 7 if one of them does not run. */
export async function runPid({ names, json }: Of<'pid'>, client: Client, speech: Speech): Promise<number> {
  if (names.length === 0) {
    const { pid } = await client.value(routes.status)
    if (json) speech.json({ pid })
    else speech.print(`${pid}\n`)
    return exitCodes.done.code
  }
  const { processes, unknown } = await processesOf(names, client)
  for (const failure of unknown) speech.remark(wordsOf(failure))
  if (json) speech.json({ pids: Object.fromEntries(processes.map(({ name, pid }) => [name, pid])) })
  else speech.print(processes.map(({ pid }) => `${pid ?? 0}\n`).join(''))
  if (unknown.length > 0) return exitCodes.failed.code
  return processes.some(({ pid }) => pid === null) ? exitCodes.absent.code : exitCodes.done.code
}

/** `signal`: one line for each process; the last thing that was wrong decides about the exit code. */
export async function runSignal(request: Of<'signal'>, client: Client, speech: Speech): Promise<number> {
  const { signal, names, json } = request
  const results: ActionResult[] = []
  const failures: object[] = []
  let code: number = exitCodes.done.code
  for (const name of names) {
    try {
      const given = await client.value(routes.signal, name, { signal })
      results.push(...given.results)
      for (const it of given.results) if (!it.ok) code = exitCodes[exitReason(it.code)].code
      if (!json) speech.print(given.results.map(it => `${harmless(it.message)}\n`).join(''))
    } catch (error) {
      if (!(error instanceof ClientFailure) || !concernsName.has(error.code)) throw error
      failures.push({ name, code: error.code, message: error.message, hint: error.hint })
      code = error.exitCode
      if (!json && error.code === 'not-running') speech.print(`${harmless(error.message)}\n`)
      else if (!json) speech.remark(wordsOf(error))
    }
  }
  if (json) speech.json({ results, failures })
  return code
}

/** `shutdown`: it has begun. */
export async function runShutdown({ json }: Of<'shutdown'>, client: Client, speech: Speech): Promise<number> {
  const answer = await client.value(routes.shutdown)
  if (json) speech.json(answer)
  else speech.print('Shut down\n')
  return exitCodes.done.code
}

/** `health`: 0 or 1, and what is in the way. */
export async function runHealth({ kind, json }: Of<'health'>, client: Client, speech: Speech): Promise<number> {
  const answer = await client.value(routes.health, undefined, { kind })
  const words = { ready: 'ready', live: 'live', startup: 'started' }[answer.kind]
  if (json) speech.json(answer)
  else if (answer.ok) speech.print(`${words}\n`)
  else {
    const reasons = answer.reasons.map(({ name, reason }) => `  ${harmless(`${name}: ${reason}`)}\n`)
    speech.print(`not ${words}\n${reasons.join('')}`)
  }
  return answer.ok ? exitCodes.done.code : exitCodes.failed.code
}

/** `config --running`. */
export async function runConfig(client: Client, speech: Speech): Promise<number> {
  speech.print(await client.text(routes.config))
  return exitCodes.done.code
}

/** Names for a shell to complete: processes, groups of several, `all`. */
export async function runNames(client: Client, speech: Speech): Promise<number> {
  const { programs } = await client.value(routes.programs)
  const names = new Set<string>()
  for (const { name } of programs) names.add(name)
  for (const { name, group } of programs) if (group !== name) names.add(`${group}:*`)
  if (programs.length > 0) names.add('all')
  speech.print([...names].map(it => `${harmless(it)}\n`).join(''))
  return exitCodes.done.code
}
