/** Lines that somebody types, or that a pipe brings. */
import { read } from 'node:fs'
import type { Interface } from 'node:readline'
import type { ReadStream, WriteStream } from 'node:tty'

/** What lines are asked with. */
export interface Typing {
  /** What a line may go on with, and the part of it that this replaces. */
  complete(line: string): Promise<readonly [readonly string[], string]>
  /** Writes a prompt where there is no terminal to edit in. */
  write(prompt: string): void
  /** Ctrl-C was typed. */
  interrupted(): void
}

/** Lines from descriptor 0. */
export interface Lines {
  /** The next line; undefined: there are no more. One that was asked for and not taken yet is the next one's. */
  ask(prompt: string, isSecret?: boolean): Promise<string | undefined>
  /** The lines that were typed, the latest first. */
  readonly history: string[]
  /** Gives the terminal back as it was. */
  close(): void
}

/** Opens them: with editing, history and completion if both ends are a terminal. */
export function openLines(isTerminal: boolean, typing: Typing): Lines {
  return isTerminal ? new TerminalLines(typing) : new PlainLines(typing)
}

/** Lines of a pipe or a file. Read by a thread: descriptor 0 is others' too, and must not become non-blocking. */
class PlainLines implements Lines {
  readonly history: string[] = []
  readonly #typing: Typing
  readonly #decoder = new TextDecoder()
  #text = ''
  #isOver = false
  #pending: Promise<string | undefined> | undefined

  constructor(typing: Typing) {
    this.#typing = typing
  }

  ask(prompt: string): Promise<string | undefined> {
    if (prompt !== '') this.#typing.write(prompt)
    this.#pending ??= this.#next().finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  close(): void {}

  async #next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n')
      if (end !== -1 || this.#isOver) return this.#cut(end)
      const bytes = await more()
      this.#isOver = bytes.length === 0
      this.#text += this.#decoder.decode(bytes, { stream: !this.#isOver })
    }
  }

  #cut(end: number): string | undefined {
    const line = end === -1 ? this.#text : this.#text.slice(0, end)
    this.#text = end === -1 ? '' : this.#text.slice(end + 1)
    return end === -1 && line === '' ? undefined : line
  }
}

function more(): Promise<Buffer> {
  const buffer = Buffer.alloc(64 * 1024)
  return new Promise(done => {
    read(0, buffer, 0, buffer.length, null, (error, length) => done(buffer.subarray(0, error === null ? length : 0)))
  })
}

/** Lines that are typed at a terminal. */
class TerminalLines implements Lines {
  history: string[] = []
  readonly #typing: Typing
  readonly #typed: string[] = []
  #open: Interface | undefined
  #waiting: ((line: string | undefined) => void) | undefined
  #isSecret = false

  constructor(typing: Typing) {
    this.#typing = typing
  }

  ask(prompt: string, isSecret = false): Promise<string | undefined> {
    const ready = this.#typed.shift()
    if (ready !== undefined) return Promise.resolve(ready)
    this.#open ??= this.#opened()
    this.#isSecret = false
    this.#open.setPrompt(prompt)
    // Drawing a line that has no prompt would wipe out what a process has written in it.
    if (prompt !== '') this.#open.prompt()
    this.#isSecret = isSecret
    return new Promise(done => {
      this.#waiting = done
    })
  }

  close(): void {
    this.#open?.close()
  }

  #opened(): Interface {
    const { createInterface } = process.getBuiltinModule('node:readline')
    const open = createInterface({
      ...{ input: process.stdin as ReadStream, output: this.#screen(), terminal: true },
      ...{ history: this.history, historySize: 1000 },
      completer: (line: string, done: (error: null, found: [string[], string]) => void) => {
        this.#typing.complete(line).then(([words, part]) => done(null, [[...words], part]))
      },
    })
    open.on('history', (lines: string[]) => {
      if (this.#isSecret) lines.shift()
      this.history = [...lines]
    })
    open.on('line', line => this.#take(line))
    open.on('SIGINT', () => {
      this.#typing.interrupted()
      open.close()
    })
    open.on('close', () => {
      if (this.#open === open) this.#open = undefined
      this.#take(undefined)
    })
    return open
  }

  /** The terminal, which shows nothing of what is typed in secret. */
  #screen(): WriteStream {
    const screen: WriteStream = Object.create(process.stdout)
    screen.write = (text: string | Uint8Array) => this.#isSecret || process.stdout.write(text)
    return screen
  }

  #take(line: string | undefined): void {
    if (this.#isSecret) process.stdout.write('\n')
    this.#isSecret = false
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) waiting(line)
    else if (line !== undefined) this.#typed.push(line)
  }
}
