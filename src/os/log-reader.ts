/** Reads log files in the background: a disk that stalls makes nobody wait but the one who asked. */
import { constants } from 'node:fs'
import { haveThreads } from './threads.ts'

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants

/** A log file that is open. Positions and sizes are bytes. */
export interface LogReader {
  readonly size: number
  read(from: number, length: number): Promise<Buffer>
  /** How large it is by now; undefined: its path leads to another file, or nowhere. */
  sizeNow(): Promise<number | undefined>
  /** May be called again. */
  close(): void
}

/** Opens a log file; undefined: there is none, or it is no regular file. */
export async function openLogReader(path: string): Promise<LogReader | undefined> {
  if (!haveThreads()) return undefined
  const { open, stat } = process.getBuiltinModule('node:fs/promises')
  const handle = await open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY).catch(() => undefined)
  const opened = await handle?.stat().catch(() => undefined)
  if (handle === undefined || opened?.isFile() !== true) {
    await handle?.close().catch(() => {})
    return undefined
  }
  let isOpen = true
  return {
    size: opened.size,
    async read(from, length) {
      const bytes = Buffer.allocUnsafe(length)
      let done = 0
      while (done < length) {
        const { bytesRead } = await handle.read(bytes, done, length - done, from + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      return bytes.subarray(0, done)
    },
    async sizeNow() {
      const there = await stat(path).catch(() => undefined)
      return there?.ino === opened.ino && there.dev === opened.dev ? there.size : undefined
    },
    close() {
      if (isOpen) handle.close().catch(() => {})
      isOpen = false
    },
  }
}
