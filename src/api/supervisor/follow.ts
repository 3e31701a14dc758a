/** `tail -f`: the last of a log and what comes to it, for as long as somebody reads. */
import type { LineSource } from '../lines.ts'
import type { LogReader, SupervisorFacts } from './facts.ts'
import { type Clearings, type LogSource, open } from './logs.ts'

/** How much of what was there before is given first. */
const head = 1024
/** Milliseconds between two looks at a file. */
const interval = 250

/** Follows a log. Throws a Fault if there is none. */
export async function follow(facts: SupervisorFacts, source: LogSource, clearings: Clearings): Promise<LineSource> {
  const reader = await open(facts, source, clearings)
  if ('file' in source) return followFile(facts, source.file, reader)
  reader.close()
  const { memory, stream } = source
  let callback: (() => void) | undefined
  const follower = memory.follow(stream, { bytes: Math.min(head, reader.size) }, () => {
    const call = callback
    callback = undefined
    call?.()
  })
  return {
    pull: most => follower.read(most)?.bytes,
    isOver: false,
    onMore: call => {
      callback = call
    },
    close: () => follower.close(),
  }
}

/** A file is looked at again and again, and read where it has grown; also the one that takes its name after a rotation. */
function followFile(facts: SupervisorFacts, path: string, first: LogReader): LineSource {
  let reader = first
  let at = Math.max(0, first.size - head)
  let ready: Buffer[] = []
  let isClosed = false
  let cancel = (): void => {}
  const advance = async (most: number): Promise<void> => {
    const size = await reader.sizeNow()
    if (size !== undefined && size < at) {
      ready.push(Buffer.from('==> File truncated <==\n'))
      at = 0
    }
    const bytes = await reader.read(at, most)
    at += bytes.length
    if (bytes.length > 0) return void ready.push(bytes)
    const next = size === undefined ? await facts.openLog(path) : undefined
    if (next === undefined) return
    reader.close()
    reader = next
    at = 0
    if (isClosed) reader.close()
  }
  let most = head
  let wasIdle = false
  const look = (call: () => void): void => {
    const again = (): void => {
      wasIdle = ready.length === 0
      if (isClosed) reader.close()
      else if (wasIdle) look(call)
      else call()
    }
    // A file that cannot be read now may be readable later.
    cancel = facts.foster.after(wasIdle ? interval : 0, () => void advance(most).then(again, again))
  }
  return {
    pull(wanted) {
      most = wanted
      const bytes = ready.length === 0 ? undefined : Buffer.concat(ready)
      ready = []
      return bytes
    },
    isOver: false,
    onMore: look,
    close: () => {
      isClosed = true
      cancel()
      reader.close()
    },
  }
}
