/** Lines that go to the system's log, one message each, as supervisord writes them. */
import type { Lane, LaneOptions } from './lane.ts'
import type { Shared } from './log-shared.ts'

/** What is sent of a line at once; longer ones are several messages. */
const longest = 8192
const newline = 10
/** Facility `user`, level `info`. */
const priority = 14

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A message as syslog(3) writes it. */
export function messageOf(name: string, line: string, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const clock = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(':')
  const time = `${months[now.getMonth()]} ${String(now.getDate()).padStart(2)} ${clock}`
  return `<${priority}>${time} supervisord: ${name} ${line}`
}

/** The system's log, which may be missing, or be read too slowly: then lines are lost, which is said when it begins and when it is over. */
export class Syslog {
  readonly #shared: Pick<Shared, 'syslog' | 'say' | 'errnoName'>
  #lost = 0

  constructor(shared: Pick<Shared, 'syslog' | 'say' | 'errnoName'>) {
    this.#shared = shared
  }

  /** Sends it; false: it is lost. */
  send(message: string): boolean {
    const { syslog, say, errnoName } = this.#shared
    const result = syslog?.(Buffer.from(message)) ?? -2
    if (result < 0) {
      if (this.#lost++ === 0) say('warning', `syslog: cannot write to /dev/log: ${errnoName(-result)}; lines are lost`)
      return false
    }
    if (this.#lost > 0) say('warning', `syslog: /dev/log takes lines again; ${this.#lost} were lost`)
    this.#lost = 0
    return true
  }
}

/** Lines of a stream, to be sent. */
export function syslogLane(
  shared: Shared,
  { name, onDropped }: LaneOptions,
  syslog: Shared['system'] = shared.system,
): Lane {
  let tail: Buffer[] = []
  let length = 0
  const flush = (): void => {
    const line = Buffer.concat(tail).toString('utf8').replace(/\r$/, '')
    tail = []
    length = 0
    if (!syslog.send(messageOf(name, line, shared.now()))) onDropped(1)
  }
  const keep = (chunk: Buffer, from: number, to: number): void => {
    for (let at = from; at < to; ) {
      const end = Math.min(to, at + longest - length)
      tail.push(Buffer.from(chunk.subarray(at, end)))
      length += end - at
      at = end
      if (length === longest) flush()
    }
  }
  const end = (): void => {
    if (length > 0) flush()
  }
  return {
    lines: {
      feed(chunk, from, to) {
        let at = from
        for (let found = chunk.indexOf(newline, at); found !== -1 && found < to; found = chunk.indexOf(newline, at)) {
          keep(chunk, at, found)
          if (length > 0 || found === at) flush()
          at = found + 1
        }
        keep(chunk, at, to)
      },
      end,
      held: () => length,
    },
    file: undefined,
    finish: () => {},
    close: end,
  }
}
