/** The logs of processes: files where they are configured, else what is in memory. Offsets are bytes. */
import { isCollected } from '../../core/log-plan.ts'
import type { OutputStream } from '../../core/output.ts'
import type { Program } from '../../core/plan.ts'
import type { LogMemory } from '../foster.ts'
import type { Value } from './codec.ts'
import type { LogReader, SupervisorFacts } from './facts.ts'
import { Fault } from './faults.ts'
import type { Member } from './members.ts'

/** At most so much of a log is given at once. */
export const largestPiece = 4 * 1024 * 1024

/** Where a stream can be read: a file, memory, nowhere. */
export type LogSource = { readonly file: string } | { readonly memory: LogMemory; readonly stream: OutputStream }

/** Where one stream of a process can be read; undefined: nothing is kept of it. */
export function sourceOf({ foster }: SupervisorFacts, { index, program, process }: Member, written: OutputStream) {
  // The file says that both are in one place, which is not the same as that stderr has none.
  const isJoined = written === 'stderr' && program.log.stderr === 'stdout' && !process.redirect_stderr
  const stream = isJoined ? 'stdout' : written
  const file = fileOf(program, stream)
  if (file !== undefined) return { file }
  const targets = program.log[stream]
  const isKept = targets !== 'stdout' && isCollected(targets)
  return isKept ? { memory: foster.log(index), stream } : undefined
}

/** The file that a stream is written to; devices are none. */
export function fileOf({ log }: Program, stream: OutputStream): string | undefined {
  const targets = log[stream]
  if (targets === 'stdout') return undefined
  return targets.flatMap(it => (it.to === 'file' && !/^\/(?:dev|proc)\//.test(it.path) ? it.path : []))[0]
}

/** What has been cleared of the logs in memory: positions before which nothing is told any more. */
export class Clearings {
  readonly #at = new WeakMap<LogMemory, Partial<Record<OutputStream, number>>>()

  /** From now on the log begins here. */
  clear(memory: LogMemory, stream: OutputStream): void {
    const { bytes } = memory.counters(stream)
    this.#at.set(memory, { ...this.#at.get(memory), [stream]: bytes })
  }

  /** Where the log begins. */
  begin(memory: LogMemory, stream: OutputStream): number {
    return this.#at.get(memory)?.[stream] ?? 0
  }
}

/** A log that is open, whatever it is. Offsets before what memory still has lead to what it has. */
export async function open(facts: SupervisorFacts, source: LogSource, clearings: Clearings): Promise<LogReader> {
  if ('file' in source) {
    const reader = await facts.openLog(source.file)
    if (reader === undefined) throw new Fault('NO_FILE', source.file)
    return reader
  }
  const { memory, stream } = source
  const begin = clearings.begin(memory, stream)
  const end = memory.counters(stream).bytes
  return {
    size: end - begin,
    read: (from, length) => {
      const bytes = Buffer.concat(memory.tail(stream, { bytes: end - begin - from }).map(it => it.bytes))
      return Promise.resolve(bytes.subarray(0, length))
    },
    sizeNow: () => Promise.resolve(end - begin),
    close: () => {},
  }
}

/** A part of a log: from an offset on, or, if that is negative, so many of the last bytes. */
export async function readPart(reader: LogReader, offset: number, length: number): Promise<Value> {
  try {
    if (length < 0 || (offset < 0 && length !== 0)) throw new Fault('BAD_ARGUMENTS')
    const from = offset < 0 ? Math.max(0, reader.size + offset) : offset
    const most = length === 0 ? largestPiece : Math.min(length, largestPiece)
    return from >= reader.size ? '' : decoded(await reader.read(from, Math.min(most, reader.size - from)))
  } finally {
    reader.close()
  }
}

/**
 * What there is from an offset on; if that is more than `length`, the last `length` bytes, and it is said that there was
 * more. The offset to be asked for next is the end of the log.
 */
export async function tailPart(reader: LogReader, offset: number, length: number): Promise<Value> {
  const { size } = reader
  try {
    const isMore = size > offset + length
    const want = Math.min(Math.max(0, length), largestPiece, size)
    const from = isMore ? size - want : Math.min(Math.max(0, size - want), size)
    const isNothing = want === 0 || (!isMore && offset > size - 1)
    return [isNothing ? '' : decoded(await reader.read(from, want)), size, isMore]
  } finally {
    reader.close()
  }
}

/** Bytes that are no UTF-8 are U+FFFD each. */
function decoded(bytes: Buffer): string {
  return bytes.toString('utf8')
}
