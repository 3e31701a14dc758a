/** What foster itself says, among what its programs say. */

import type { LogFormat } from '../core/log-plan.ts'
import type { OpenOutlet, OutputStream } from '../core/output.ts'
import { appendText, type Bytes, emptyBytes } from './bytes.ts'
import { painted, wantsColour } from './format.ts'
import { History } from './history.ts'
import type { Counters } from './record.ts'
import type { Sink } from './sink.ts'

/** How important one of foster's own messages is. */
export type Level = 'debug' | 'info' | 'warning' | 'error'

/** How and where foster speaks. */
export interface VoiceOptions {
  readonly format: LogFormat
  readonly timestamps: boolean
  /** The width to which labels are padded. */
  readonly width: number
  readonly outlets: Readonly<Record<OutputStream, OpenOutlet>>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly sinks: Readonly<Record<OutputStream, Sink>>
  readonly errnoName: (errno: number) => string
  readonly now: () => Date
  /** Calls back once after so many milliseconds. */
  readonly after: (millis: number, done: () => void) => unknown
}

/** What foster has said lately, on stderr; the other stream is empty. */
export interface OwnMemory extends Pick<History, 'tail' | 'follow'> {
  /** What it comes to since foster started. */
  counters(stream: OutputStream): Counters
}

/** Foster's own messages. */
export interface Voice {
  readonly memory: OwnMemory
  /** Says something on stderr. */
  say(level: Level, text: string): void
  /** One of foster's outputs refuses bytes: said on the other one. */
  refused(stream: OutputStream, errno: number): void
}

/** The same trouble with an output is not said more often than this. */
const troubleMillis = 60_000
const grey = 90
/** What is kept of what was said, in bytes; half of it is for a stream that is not used. */
const kept = 128 * 1024

/** Foster's voice. Messages for which there is no room are counted, and the count is said later. */
export function openVoice(options: VoiceOptions): Voice {
  const { sinks } = options
  const write = { stdout: writer(options, 'stdout'), stderr: writer(options, 'stderr') }
  const told = new Set<string>()
  const heard = new History(kept)
  let dropped = 0
  const speak = (stream: OutputStream, level: Level, text: string) => {
    const bytes = emptyBytes()
    if (dropped > 0) write[stream](bytes, 'warning', `${dropped} messages of foster's had no room here`)
    write[stream](bytes, level, text)
    heard.push('stderr', bytes.data, 0, bytes.length)
    dropped = sinks[stream].say(bytes.data, 0, bytes.length) ? 0 : dropped + 1
  }
  return {
    memory: {
      tail: (choice, start) => heard.tail(choice, start),
      follow: (choice, start, onMore) => heard.follow(choice, start, onMore),
      counters: stream => ({ bytes: heard.rings[stream].end, lines: undefined, dropped: 0 }),
    },
    say: (level, text) => speak('stderr', level, text),
    refused(stream, errno) {
      const text = `cannot write to ${stream}: ${options.errnoName(errno)}`
      if (sinks.stdout === sinks.stderr || told.has(text)) return
      told.add(text)
      // A timer, since the clock on the wall may be set back.
      options.after(troubleMillis, () => told.delete(text))
      speak(stream === 'stdout' ? 'stderr' : 'stdout', 'error', text)
    },
  }
}

/** `foster | text`, `foster: text`, or a JSON object with a level. */
function writer(options: VoiceOptions, stream: OutputStream): (out: Bytes, level: Level, text: string) => void {
  const { format, now, width, timestamps } = options
  if (format === 'json') {
    return (out, level, message) =>
      appendText(out, `${JSON.stringify({ time: now().toISOString(), program: 'foster', level, message })}\n`)
  }
  const colour = wantsColour(options.outlets[stream].isTerminal, options.environment) ? grey : undefined
  const start = format === 'raw' ? 'foster: ' : painted({ label: 'foster', width, colour }, ' |', ' ')
  return (out, _level, text) => {
    const time = timestamps && format === 'prefix' ? `${now().toISOString()} ` : ''
    for (const line of text.split('\n')) appendText(out, `${time}${start}${line}\n`)
  }
}
