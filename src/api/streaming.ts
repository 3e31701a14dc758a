/** Lines to a client, for as long as it reads: never more of them in memory than one piece. */
import type { ServerResponse } from 'node:http'
import type { LineSource } from './lines.ts'

export interface StreamLimits {
  /** Bytes in one piece. */
  readonly most: number
  /** Milliseconds after which a client that takes nothing is given up. */
  readonly stalled: number
  /** A bug of ours: it is reported, and the client's connection ends. */
  readonly failed: (error: unknown) => void
}

/** Sends lines until they are over or the client has gone. A piece in each turn of the loop, so that others get theirs. */
export function streamLines(
  response: ServerResponse,
  lines: LineSource,
  { most, stalled, failed }: StreamLimits,
): void {
  let isClosed = false
  let timer: NodeJS.Timeout | undefined
  response.on('close', () => {
    isClosed = true
    clearTimeout(timer)
    lines.close()
  })
  response.flushHeaders()
  const later = (): void =>
    void setImmediate(() => {
      try {
        step()
      } catch (error) {
        failed(error)
        response.destroy()
      }
    })
  const step = (): void => {
    if (isClosed) return
    const text = lines.pull(most)
    if (text === undefined) {
      if (lines.isOver) response.end()
      else lines.onMore(later)
    } else if (response.write(text)) {
      later()
    } else {
      timer = setTimeout(() => response.destroy(), stalled)
      response.once('drain', () => {
        clearTimeout(timer)
        later()
      })
    }
  }
  later()
}
