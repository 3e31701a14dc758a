/** `tail` and `logs`: output of programs, followed for as long as the user likes, in constant memory. */
import type { LogLine } from '../api/answers.ts'
import { routes } from '../api/protocol.ts'
import type { Surroundings } from './around.ts'
import type { Client } from './connection.ts'
import { ClientFailure, exitCodes } from './failure.ts'
import type { ClientRequest } from './requests.ts'
import type { Speech } from './speech.ts'
import { padded, widthOf } from './width.ts'

/** `tail`: the bytes of one program, as it wrote them. */
export async function runTail(request: Extract<ClientRequest, { do: 'tail' }>, client: Client, speech: Speech) {
  const { name, stream, bytes, follow, json } = request
  const query = { program: name, stream, bytes, follow: follow || undefined }
  return untilItEnds(follow, speech, async () => {
    if (json) for await (const values of client.lines(routes.logs, undefined, query)) speech.jsonLines(values)
    else for await (const piece of client.bytes(routes.logs, undefined, { ...query, raw: true })) speech.print(piece)
  })
}

/** `logs`: lines of several programs, each after its name. */
export async function runLogs(
  request: Extract<ClientRequest, { do: 'logs' }>,
  client: Client,
  speech: Speech,
  around: Surroundings,
): Promise<number> {
  const { names, stream, lines, follow, json } = request
  const query = { program: names, stream, lines, follow: follow || undefined }
  const all = json ? [] : await knownNames(client)
  const labels = new Labels(all, names, around)
  return untilItEnds(follow, speech, async () => {
    for await (const values of client.lines(routes.logs, undefined, query)) {
      if (json) speech.jsonLines(values)
      else speech.print((values as readonly LogLine[]).map(it => labels.written(it)).join(''))
    }
  })
}

/** Who follows is told by the end of the stream that there is nothing more: foster has ended. */
export async function untilItEnds(follow: boolean, speech: Speech, work: () => Promise<void>): Promise<number> {
  try {
    await (follow ? speech.whileRead(work()) : work())
  } catch (error) {
    if (!follow || !(error instanceof ClientFailure) || error.code !== 'broken-off') throw error
  }
  return exitCodes.done.code
}

/** All processes in the order of the configuration; none if we may not know. */
async function knownNames(client: Client): Promise<readonly string[]> {
  try {
    return (await client.value(routes.programs)).programs.map(({ name }) => name)
  } catch (error) {
    if (error instanceof ClientFailure && error.code === 'not-allowed') return []
    throw error
  }
}

/** What stands before each line: `web | `, padded and coloured as foster's own output has it. */
class Labels {
  readonly #indexes: Map<string, number>
  readonly #around: Surroundings
  /** Streams whose last line goes on. */
  readonly #open = new Set<string>()
  readonly #seen = new Set<string>()
  #width: number

  constructor(all: readonly string[], chosen: readonly string[], around: Surroundings) {
    this.#indexes = new Map(all.map((name, index) => [name, index]))
    this.#around = around
    const shown = all.filter(name => chosen.length === 0 || chosen.includes(name))
    this.#width = Math.max(0, ...shown.map(widthOf))
  }

  /** A line as it is shown, with its newline. */
  written(line: LogLine): string {
    const stream = `${line.stream} ${line.process}`
    if (line.type === 'gap') {
      // What had been forgotten before we came is no news.
      const text = `... ${line.bytes} bytes are missing here: this reader was too slow`
      return this.#seen.has(line.process) ? `${this.#label(line.process, ' | ')}${text}\n` : ''
    }
    this.#seen.add(line.process)
    const bar = this.#open.has(stream) ? ' |+ ' : ' | '
    if (line.whole) this.#open.delete(stream)
    else this.#open.add(stream)
    return `${this.#label(line.process, bar)}${line.message}\n`
  }

  #label(name: string, bar: string): string {
    this.#width = Math.max(this.#width, widthOf(name))
    const text = padded(name, this.#width)
    if (!this.#around.isColoured(1)) return text + bar
    const index = this.#indexes.get(name) ?? this.#indexes.size
    this.#indexes.set(name, index)
    return `\x1b[${this.#around.colourOf(index)}m${text}${bar.trimEnd()}\x1b[0m `
  }
}
