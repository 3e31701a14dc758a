/**
 * As much of HTTP/1.1 as a client of foster's own server needs: an answer, read as it comes. Node's own client would do,
 * but its loading and first use cost 30 ms at every call, which is half of what `foster health` takes in all.
 */
import { ClientFailure } from './failure.ts'

type Phase = 'head' | 'counted' | 'open' | 'size' | 'chunk' | 'gap' | 'trailer' | 'done'

const longestLine = 16 * 1024
const lineFeed = 10

/** The bytes of a request without a body, after which the server is to close. */
export function requestText(method: string, target: string, agent: string): string {
  const length = method === 'POST' ? 'Content-Length: 0\r\n' : ''
  return `${method} ${target} HTTP/1.1\r\nHost: foster\r\nUser-Agent: ${agent}\r\n${length}Connection: close\r\n\r\n`
}

/** Reads one answer. What is not HTTP throws. */
export class ResponseReader {
  /** 0 until the first line has come. */
  status = 0
  /** By names in lower case; complete once `hasHead`. */
  readonly headers = new Map<string, string>()
  #phase: Phase = 'head'
  #line = ''
  /** Bytes of the body, or of the chunk, still to come. */
  #left = 0

  get hasHead(): boolean {
    return this.#phase !== 'head'
  }

  /** Whether all has come. An answer whose length was not told ends with the connection. */
  get isDone(): boolean {
    return this.#phase === 'done'
  }

  /** Takes what has come; gives the parts of the body in it. */
  take(bytes: Buffer): readonly Buffer[] {
    const pieces: Buffer[] = []
    let at = 0
    while (at < bytes.length && this.#phase !== 'done') {
      if (this.#phase === 'counted' || this.#phase === 'open' || this.#phase === 'chunk') {
        const end = this.#phase === 'open' ? bytes.length : Math.min(bytes.length, at + this.#left)
        pieces.push(bytes.subarray(at, end))
        this.#takeBody(end - at)
        at = end
        continue
      }
      const end = bytes.indexOf(lineFeed, at)
      this.#line += bytes.toString('latin1', at, end === -1 ? bytes.length : end)
      if (this.#line.length > longestLine) throw strange('a line of its answer does not end')
      if (end === -1) break
      at = end + 1
      const line = this.#line.replace(/\r$/, '')
      this.#line = ''
      this.#takeLine(line)
    }
    return pieces
  }

  /** The connection has ended. */
  end(): void {
    if (this.#phase === 'open') this.#phase = 'done'
  }

  #takeBody(length: number): void {
    if (this.#phase === 'open') return
    this.#left -= length
    if (this.#left === 0) this.#phase = this.#phase === 'chunk' ? 'gap' : 'done'
  }

  #takeLine(line: string): void {
    if (this.#phase === 'head') return this.#takeHead(line)
    if (this.#phase === 'trailer') {
      if (line === '') this.#phase = 'done'
      return
    }
    if (this.#phase === 'gap') {
      if (line !== '') throw strange('a chunk of its answer is longer than it says')
      this.#phase = 'size'
      return
    }
    const [, size] = /^([0-9a-f]{1,8})\s*(?:;.*)?$/i.exec(line) ?? []
    if (size === undefined) throw strange('a chunk of its answer has no size')
    this.#left = Number.parseInt(size, 16)
    this.#phase = this.#left === 0 ? 'trailer' : 'chunk'
  }

  #takeHead(line: string): void {
    if (this.status === 0) {
      const [, status] = /^HTTP\/1\.[01] ([2-5]\d\d)\b/.exec(line) ?? []
      if (status === undefined) throw strange(`it answers "${line.slice(0, 40)}"`)
      this.status = Number(status)
      return
    }
    if (line === '') return this.#beginBody()
    const [, name = '', value = ''] = /^([^:\s]+):\s*(.*?)\s*$/.exec(line) ?? []
    if (name === '') throw strange('its answer has a faulty header')
    this.headers.set(name.toLowerCase(), value)
  }

  #beginBody(): void {
    const length = this.headers.get('content-length')
    if (/\bchunked\b/i.test(this.headers.get('transfer-encoding') ?? '')) {
      this.#phase = 'size'
    } else if (length !== undefined) {
      if (!/^\d{1,12}$/.test(length)) throw strange('the length of its answer is no number')
      this.#left = Number(length)
      this.#phase = this.#left === 0 ? 'done' : 'counted'
    } else {
      this.#phase = this.status === 204 ? 'done' : 'open'
    }
  }
}

function strange(what: string): ClientFailure {
  return new ClientFailure('not-foster', `what listens at the socket is no foster: ${what}`, null, 'foreign')
}
