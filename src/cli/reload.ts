/** `reload`: what has changed, or would change, a line for each process. */
import type { ReloadAnswer } from '../api/answers.ts'
import { routes } from '../api/protocol.ts'
import type { Client } from './connection.ts'
import { exitCodes } from './failure.ts'
import type { ClientRequest } from './requests.ts'
import type { Speech } from './speech.ts'
import { harmless } from './width.ts'

/** Has the configuration read again; the faults of one that is faulty come as a failure. */
export async function runReload(
  { dryRun, json }: Extract<ClientRequest, { do: 'reload' }>,
  client: Client,
  speech: Speech,
): Promise<number> {
  const answer = await client.value(routes.reload, undefined, { dry_run: dryRun || undefined })
  if (json) speech.json(answer)
  else {
    for (const message of answer.messages) speech.remark(message)
    speech.print(changesText(answer, dryRun))
  }
  return exitCodes.done.code
}

/** `web: restarted (command, environment)`, `web: would be restarted (...)`; or that nothing differs. */
function changesText({ changes }: ReloadAnswer, dryRun: boolean): string {
  if (changes.length === 0) return dryRun ? 'nothing would change\n' : 'nothing has changed\n'
  return changes
    .map(({ name, change, options }) => {
      const why = options.length === 0 ? '' : ` (${options.join(', ')})`
      return `${harmless(`${name}: ${dryRun ? 'would be ' : ''}${change}${why}`)}\n`
    })
    .join('')
}
