/** Log files without a file system: tests decide what fails, and when a write is done. */
import type { LogFile, LogPlace } from '../../src/core/output.ts'

interface FakeFile {
  content: Buffer
  readonly isRegular: boolean
}

const ENOENT = -2
const ENOSPC = -28

/** A directory of files. */
export class FakeFiles {
  readonly #files = new Map<string, FakeFile>()
  readonly #pending: (() => void)[] = []
  /** Why nothing can be opened; undefined: it can. */
  closed: string | undefined
  /** How many bytes the disk takes. */
  room = Number.POSITIVE_INFINITY
  /** What renames answer. */
  renames = 0
  /** At most so many bytes are written at once. */
  most = Number.POSITIVE_INFINITY
  /** Files that are open now. */
  open = 0
  readonly compressing: (() => void)[] = []

  /** Puts a file there. */
  make(path: string, text = '', isRegular = true): void {
    this.#files.set(path, { content: Buffer.from(text, 'latin1'), isRegular })
  }

  remove(path: string): void {
    this.#files.delete(path)
  }

  text(path: string): string | undefined {
    return this.#files.get(path)?.content.toString('latin1')
  }

  get names(): readonly string[] {
    return [...this.#files.keys()].sort()
  }

  /** Lets one write of any file be done; false: there is none. */
  turn(): boolean {
    const [write] = this.#pending.splice(0, 1)
    write?.()
    return write !== undefined
  }

  /** Lets all writes be done. */
  settle(): void {
    while (this.turn());
  }

  place(path: string): LogPlace {
    return {
      open: () => this.#open(path),
      has: suffix => this.#files.get(path + suffix)?.isRegular === true,
      suffixes: () => new Set(this.names.filter(it => it.startsWith(path)).map(it => it.slice(path.length))),
      rename: (from, to) => this.#rename(path + from, path + to),
      remove: suffix => (this.#files.delete(path + suffix) ? 0 : ENOENT),
      compress: (from, to, done) => {
        const { content = Buffer.alloc(0) } = this.#files.get(path + from) ?? {}
        this.compressing.push(() => {
          this.make(path + to, `gz(${content.toString('latin1')})`)
          done(0)
        })
      },
    }
  }

  #rename(from: string, to: string): number {
    const file = this.#files.get(from)
    if (file === undefined) return ENOENT
    if (this.renames < 0) return this.renames
    this.#files.delete(from)
    this.#files.set(to, file)
    return 0
  }

  #open(path: string): LogFile | string {
    if (this.closed !== undefined) return this.closed
    const file = this.#files.get(path) ?? { content: Buffer.alloc(0), isRegular: true }
    this.#files.set(path, file)
    this.open++
    return {
      isRegular: file.isRegular,
      size: file.content.length,
      write: (bytes, offset, length, done) => {
        // Looked at only when it is written: it must be as it was until then.
        this.#pending.push(() => done(this.#write(file, bytes.subarray(offset, offset + length))))
      },
      isCurrent: () => this.#files.get(path) === file,
      close: () => void this.open--,
    }
  }

  #write(file: FakeFile, bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.room, this.most)
    if (count === 0) return ENOSPC
    file.content = Buffer.concat([file.content, bytes.subarray(0, count)])
    this.room -= count
    return count
  }
}
