/** What is particular to `[eventlistener:x]`. */
import { eventTypes, isEventType } from '../../core/event-types.ts'
import { nearest } from '../../core/nearest.ts'
import type { SupervisorPool } from '../../core/supervisor.ts'
import type { Section } from './ini.ts'
import { caution, complain, get, getText, namesOf, type Reading } from './reading.ts'
import { boolean, integer, strings } from './values.ts'

/** The judge of results that Supervisor brings along. */
const defaultHandler = 'supervisor.dispatchers:default_handler'

/** The judge of a listener that has what programs write printed on supervisord's stdout, each line with the program's name. */
const relayHandler = 'supervisor_stdout:event_handler'

/** What the listeners of a section ask for; undefined if that is faulty. */
export function poolOf(reading: Reading, section: Section): SupervisorPool | undefined {
  const names = namesOf(reading)
  const before = reading.diagnostics.length
  const buffer_size = get(reading, section, 'buffer_size', names, integer) ?? 10
  if (buffer_size < 1) {
    complain(reading, section, 'buffer_size', `[${section.name}] section sets invalid buffer_size (${buffer_size})`)
  }
  const events = eventsOf(reading, section)
  const takesAny = isRelay(reading, section, events)
  if (get(reading, section, 'redirect_stderr', names, boolean) === true) {
    const message = `[${section.name}] section sets redirect_stderr=true but this is not allowed because it will interfere with the eventlistener protocol`
    complain(reading, section, 'redirect_stderr', message)
  }
  const isFaulty = reading.diagnostics.slice(before).some(({ severity }) => severity === 'error')
  return isFaulty ? undefined : { events: events.filter(isEventType), buffer_size, ...(takesAny && { takesAny }) }
}

function eventsOf(reading: Reading, section: Section): readonly string[] {
  const written = strings(getText(reading, section, 'events', namesOf(reading))?.text ?? '')
  const events = [...new Set(written.map(it => it.toUpperCase()))]
  if (events.length === 0) complain(reading, section, 'events', `[${section.name}] section requires an "events" line`)
  for (const event of events) {
    if (isEventType(event)) continue
    const meant = nearest(event, eventTypes)
    const hint = meant === undefined ? undefined : `did you mean ${meant}?`
    complain(reading, section, 'events', `Unknown event type ${event} in [${section.name}] events`, hint)
  }
  return events
}

/**
 * Whether results are for a judge that prints what programs write, which foster does by itself. That is what judges of
 * listeners are for who hear of nothing else; any other is an error.
 */
function isRelay(reading: Reading, section: Section, events: readonly string[]): boolean {
  const handler = getText(reading, section, 'result_handler', namesOf(reading))
  const named = handler?.text.trim()
  if (handler === undefined || named === defaultHandler) return false
  if (named === relayHandler) return true
  if (events.length > 0 && events.every(it => it.startsWith('PROCESS_LOG'))) {
    const message = `${handler.shown} is Python and is not called: foster itself passes on the output whose events are enabled`
    caution(reading, section, 'result_handler', 'supervisor', message)
    return true
  }
  const message = `${handler.shown} cannot be resolved within [${section.name}]`
  const hint = `a result_handler is Python; foster judges results itself, as ${defaultHandler} does: OK, or rejected`
  complain(reading, section, 'result_handler', message, hint)
  return false
}
