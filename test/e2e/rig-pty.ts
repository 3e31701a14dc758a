/** A pseudo-terminal, as a container runtime makes one for `docker run -it`: the test has the side of the person. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { ReadStream } from 'node:tty'
import { foregroundOf, terminalSettings } from '../../src/os/libc.ts'
import { Record as Story } from './rig-wait.ts'

const O_RDWR = 0o2
const O_NOCTTY = 0o400
const O_NONBLOCK = 0o4000
const O_CLOEXEC = 0o2000000
const TIOCSWINSZ = 0x5414n

const functions = () =>
  process.getBuiltinModule('node:ffi').dlopen(null, {
    posix_openpt: { return: 'int32', arguments: ['int32'] },
    unlockpt: { return: 'int32', arguments: ['int32'] },
    ptsname_r: { return: 'int32', arguments: ['int32', 'buffer', 'uint64'] },
    ioctl: { return: 'int32', arguments: ['int32', 'uint64', 'buffer'] },
  } as const).functions

/** Stands before an init and makes the terminal on its standard input its own, as runc does. */
export const onTerminal = ['setsid', '--ctty'] as const

export class Pty {
  readonly #libc = functions()
  readonly #master: number
  /** The programs' side: for the `stdio` of a start. */
  readonly slave: number
  readonly #stream: ReadStream
  readonly #changes = new Story<string>()
  /** All that has been shown. */
  text = ''
  #seen = 0
  #isOver = false
  #isLeft = false

  constructor(rows = 24, columns = 80) {
    this.#master = this.#libc.posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    this.#libc.unlockpt(this.#master)
    const name = Buffer.alloc(64)
    if (this.#libc.ptsname_r(this.#master, name, 64n) !== 0) throw new Error('no pseudo-terminal')
    this.slave = openSync(name.toString('latin1', 0, name.indexOf(0)), O_RDWR | O_NOCTTY)
    this.resize(rows, columns)
    this.#stream = new ReadStream(this.#master)
    // EIO: nobody has the other side any more.
    this.#stream.setEncoding('utf8').on('error', () => {})
    this.#stream.on('data', (text: string) => {
      this.text += text
      this.#changes.add(text)
    })
    this.#stream.on('close', () => {
      this.#isOver = true
      this.#changes.add('')
    })
  }

  /** The person types. `\x03` is Ctrl-C, `\x1a` Ctrl-Z, `\x04` Ctrl-D. */
  type(text: string): void {
    writeSync(this.#master, text)
  }

  /** The person changes the size of the window. */
  resize(rows: number, columns: number): void {
    const size = Buffer.alloc(8)
    size.writeUInt16LE(rows, 0)
    size.writeUInt16LE(columns, 2)
    this.#libc.ioctl(this.#master, TIOCSWINSZ, size)
  }

  /** Waits until the terminal shows this, beyond what an earlier wait has seen. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    const found = await this.#changes.until(
      `the terminal to show ${pattern}`,
      () => pattern.exec(this.text.slice(this.#seen)) ?? undefined,
      () => JSON.stringify(this.text),
    )
    this.#seen += found.index + found[0].length
    return found
  }

  /** Waits until all has been shown that others had written who have left the terminal; nobody can use it after that. */
  async ends(): Promise<void> {
    this.#leave()
    await this.#changes.until(
      'everybody to leave the terminal',
      () => this.#isOver || undefined,
      () => JSON.stringify(this.text),
    )
  }

  /** The foreground process group, as the test's namespace calls it. */
  get foreground(): number {
    return foregroundOf(this.#master)
  }

  /** All settings: modes, control characters, speeds. */
  get settings(): Buffer | undefined {
    return terminalSettings(this.#master)
  }

  /** The window is closed. */
  hangUp(): void {
    this.#stream.destroy()
  }

  close(): void {
    this.hangUp()
    this.#leave()
  }

  #leave(): void {
    if (!this.#isLeft) closeSync(this.slave)
    this.#isLeft = true
  }
}
