/** `events`: what has happened, a line each. */
import * as v from 'valibot'
import { type Event, event as eventShape } from '../api/answers.ts'
import { routes } from '../api/protocol.ts'
import type { Client } from './connection.ts'
import { uptimeText } from './describe.ts'
import { untilItEnds } from './logs.ts'
import type { ClientRequest } from './requests.ts'
import type { Speech } from './speech.ts'
import { harmless } from './width.ts'

/** Prints events. */
export async function runEvents(
  { names, since, follow, json }: Extract<ClientRequest, { do: 'events' }>,
  client: Client,
  speech: Speech,
): Promise<number> {
  const query = { program: names, since, follow: follow || undefined }
  return untilItEnds(follow, speech, async () => {
    for await (const values of client.lines(routes.events, undefined, query)) {
      if (json) speech.jsonLines(values)
      else speech.print(values.map(it => `${harmless(eventLine(it))}\n`).join(''))
    }
  })
}

/** `17 12:00:01.250 web: RUNNING, pid 12`: number, time of the day in UTC, what. An event of a newer foster as JSON. */
export function eventLine(value: unknown): string {
  if (!v.is(eventShape, value)) return JSON.stringify(value)
  return `${value.seq} ${value.time.replace('T', ' ')} ${words(value)}`
}

function words(event: Event): string {
  switch (event.type) {
    case 'state': {
      const pid = event.pid === null ? '' : `, pid ${event.pid}`
      return `${event.process}: ${event.to}, was ${event.from}${pid}${because(event.reason)}`
    }
    case 'ready':
      return `${event.process}: ${event.ready ? 'ready' : 'not ready'}`
    case 'reloading':
      return `${event.process}: ${event.reloading ? 'reloads' : 'has reloaded'}`
    case 'exit': {
      const uptime = event.uptime === null ? '' : `, after ${uptimeText(event.uptime)}`
      const cause = event.cause === 'self' ? '' : `, ${causes[event.cause]}`
      return `${event.process}: ${event.reason}${uptime}${cause}`
    }
    case 'probe':
      return `${event.process}: ${event.probe} probe ${event.ok ? 'passes' : 'fails'}${because(event.reason)}`
    case 'request': {
      const who =
        event.uid === null ? 'over TCP' : `by uid ${event.uid}${event.pid === null ? '' : `, pid ${event.pid}`}`
      return `request ${[event.verb, ...event.names].join(' ')} ${who}: ${event.status}`
    }
    case 'dropped':
      return `${event.process}: ${event.lines} lines were dropped`
    case 'container':
      return `container: ${event.phase}${because(event.reason)}${event.code === null ? '' : `, exit code ${event.code}`}`
    case 'reload':
      return `reload: ${event.ok ? event.changes.join(', ') || 'nothing has changed' : 'refused'}`
    case 'gap':
      return `${event.missed} events are missing here`
  }
}

const causes = {
  operator: 'stopped by an operator',
  restart: 'to be restarted',
  shutdown: 'the container is being stopped',
  probe: 'stopped for its probe',
  timeout: 'stopped for taking too long',
} as const

const because = (reason: string | null): string => (reason === null ? '' : `: ${reason}`)
