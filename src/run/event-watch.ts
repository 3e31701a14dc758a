/** What Supervisor's event listeners say and hear, taken from what programs write. */
import { isUtf8 } from 'node:buffer'
import { undecodable } from '../core/event-text.ts'
import type { StreamEvents } from '../core/log-plan.ts'
import type { Lines } from '../log/lines.ts'
import type { Watch, Watched } from '../log/log-shared.ts'
import { marked } from '../log/marked.ts'
import type { Listening } from './listening.ts'

/** Looks at the streams of listeners, and of programs with `events_enabled` or capture mode; at no others. */
export function watchEvents(listening: () => Listening): Watch {
  return (watched, lines) => {
    const { log, stream } = watched
    const targets = log[stream]
    if (targets !== 'stdout' && targets.some(({ to }) => to === 'protocol')) return protocol(watched, lines, listening)
    const events = log.events?.[stream]
    return events === undefined ? undefined : eventful(watched, events, lines, listening)
  }
}

/** A listener's stdout; it is also kept in memory, and written to its file if it has one. */
function protocol({ index }: Watched, lines: Lines, listening: () => Listening): Lines {
  return {
    feed: (chunk, from, to) => {
      lines.feed(chunk, from, to)
      listening().tell(it => it.output(index, chunk.toString('latin1', from, to)))
    },
    end: () => lines.end(),
    held: lines.held,
  }
}

/** A stream of which events are made. */
function eventful(
  { index, stream, run }: Watched,
  events: StreamEvents,
  lines: Lines,
  listening: () => Listening,
): Lines {
  const onBytes = (bytes: Buffer): void => {
    if (events.logs) listening().tell(it => it.logged(index, stream, run.pid ?? 0, () => textOf(bytes)))
  }
  const onCaptured = (bytes: Buffer): void =>
    listening().tell(it => it.captured(index, stream, run.pid ?? 0, () => textOf(bytes)))
  if (events.capture > 0) return marked({ most: events.capture, lines, onBytes, onCaptured })
  return {
    feed: (chunk, from, to) => {
      lines.feed(chunk, from, to)
      onBytes(chunk.subarray(from, to))
    },
    end: () => lines.end(),
    held: lines.held,
  }
}

function textOf(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : undecodable(bytes.toString('latin1'))
}
