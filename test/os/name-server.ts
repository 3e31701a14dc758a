/** A DNS server for tests: RFC 1035, as far as questions for A and AAAA go. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

/**
 * A name server that knows some names; the questions it got are in `asked`, once where a slow machine had them asked again.
 * It says nothing about `silent`.
 */
export class NameServer {
  readonly asked: string[] = []
  readonly #socket: Socket = createSocket('udp4')
  readonly #known: Readonly<Record<string, string>>

  constructor(known: Readonly<Record<string, string>>) {
    this.#known = known
    this.#socket.on('message', (query, { port, address }) => {
      const reply = this.#reply(query)
      if (reply !== undefined) this.#socket.send(reply, port, address)
    })
  }

  /** Where it listens. */
  async listen(port = 0, address = '127.0.0.1'): Promise<string> {
    this.#socket.bind(port, address)
    await once(this.#socket, 'listening')
    return `${address}:${this.#socket.address().port}`
  }

  asks(): Promise<unknown> {
    return once(this.#socket, 'message')
  }

  close(): void {
    this.#socket.close()
  }

  /** The question, and one answer if the name has an address of that kind; the name `silent` has no reply. */
  #reply(query: Buffer): Buffer | undefined {
    let at = 12
    const labels: string[] = []
    for (let size = query[at] ?? 0; size > 0; size = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + size))
      at += 1 + size
    }
    const name = labels.join('.').toLowerCase()
    const type = query.readUInt16BE(at + 1)
    const question = `${name} ${type === 1 ? 'A' : 'AAAA'}`
    if (!this.asked.includes(question)) this.asked.push(question)
    if (name === 'silent') return undefined
    const known = this.#known[name]
    const bytes = known?.includes(':') ? [...Array(15).fill(0), 1] : known?.split('.').map(Number)
    const isAnswer = bytes !== undefined && (type === 1) === (bytes.length === 4)
    const section = query.subarray(12, at + 5)
    const head = Buffer.alloc(12)
    query.copy(head, 0, 0, 2)
    const code = known === undefined ? 3 : 0
    head.writeUInt16BE(0x8180 | code, 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(isAnswer ? 1 : 0, 6)
    if (!isAnswer) return Buffer.concat([head, section])
    const answer = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length, ...bytes])
    return Buffer.concat([head, section, answer])
  }
}
