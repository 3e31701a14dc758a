/** `start`, `stop`, `restart`: asks for it, says what is waited for, and what came of it in Supervisor's words. */
import * as v from 'valibot'
import { type ActionResult, actionLine } from '../api/answers.ts'
import { type Query, routes } from '../api/protocol.ts'
import type { Surroundings } from './around.ts'
import type { Client } from './connection.ts'
import { ClientFailure, concernsName, exitCodes, exitReason, wordsOf } from './failure.ts'
import { Progress } from './progress.ts'
import type { ClientRequest } from './requests.ts'
import type { Speech } from './speech.ts'
import { harmless } from './width.ts'

type Request = Extract<ClientRequest, { do: 'start' | 'stop' | 'restart' }>

/** Does it to all names; the first thing that went wrong decides about the exit code. */
export async function runAction(
  request: Request,
  client: Client,
  speech: Speech,
  around: Surroundings,
): Promise<number> {
  const progress = new Progress(request.do, around)
  const work = new Work(request, client, speech, progress)
  const interrupted = Promise.withResolvers<number>()
  const stopListening = around.onInterrupt(() => interrupted.resolve(interruptedCode))
  try {
    const code = await Promise.race([work.all(), interrupted.promise])
    progress.end()
    if (code === interruptedCode) {
      const left = work.unasked.length === 0 ? '' : `; not asked yet: ${work.unasked.join(' ')}`
      speech.remark(`foster: not waited for: ${request.do} goes on${left}; see foster status`)
    }
    if (code !== interruptedCode && request.json) speech.json({ results: work.results, failures: work.failures })
    return code
  } finally {
    progress.end()
    stopListening()
  }
}

/** 128 + SIGINT. */
const interruptedCode = 130

/** One action on several names. */
class Work {
  readonly results: ActionResult[] = []
  /** What could not even be asked: unknown names, what is not allowed. */
  readonly failures: object[] = []
  /** Names whose turn has not come. */
  readonly unasked: string[]
  readonly #request: Request
  readonly #client: Client
  readonly #speech: Speech
  readonly #progress: Progress

  constructor(request: Request, client: Client, speech: Speech, progress: Progress) {
    this.#request = request
    this.unasked = [...request.names]
    this.#client = client
    this.#speech = speech
    this.#progress = progress
  }

  /**
   * What is stopped is stopped in the order of the names, as supervisorctl does: who writes `stop web db` may rely on
   * it. What is started may wait for one another, so it is all asked for at once.
   */
  async all(): Promise<number> {
    const { names, wait, do: action } = this.#request
    const codes: number[] = []
    if (action === 'stop' && wait) for (const name of names) codes.push(await this.#one(name))
    else codes.push(...(await Promise.all(names.map(name => this.#one(name)))))
    return codes.find(code => code !== 0) ?? exitCodes.done.code
  }

  async #one(name: string): Promise<number> {
    this.unasked.shift()
    try {
      const results = await this.#ask(name)
      for (const result of results) this.#take(result)
      return results.map(it => this.#codeOf(it)).find(code => code !== 0) ?? exitCodes.done.code
    } catch (error) {
      if (!(error instanceof ClientFailure) || !concernsName.has(error.code)) throw error
      const { code, message, hint } = error
      this.failures.push({ name, code, message, hint })
      this.#progress.clear()
      const isResult = code === 'already-started' || code === 'not-running'
      if (!this.#request.json) {
        if (isResult) this.#tell(message, hint)
        else this.#speech.remark(wordsOf(error))
      }
      return isResult ? this.#codeOf({ ok: false, code }) : error.exitCode
    }
  }

  async #ask(name: string): Promise<readonly ActionResult[]> {
    const { do: action, wait, timeout } = this.#request
    const route = routes[action]
    if (!wait) return (await this.#client.value(route, name, { wait: 'none' })).results
    const query: Query = { progress: true, timeout: timeout === undefined ? undefined : timeout / 1000 }
    for await (const lines of this.#client.lines(route, name, query)) {
      for (const line of lines) {
        if (!v.is(actionLine, line)) throw this.#client.foreign()
        if (line.type === 'result') return line.results
        this.#progress.show(line.process)
      }
    }
    throw this.#client.foreign()
  }

  #take(result: ActionResult): void {
    this.results.push(result)
    this.#progress.done(result.name)
    this.#progress.clear()
    if (!this.#request.json) this.#tell(result.message, result.hint)
  }

  #tell(message: string, hint: string | null): void {
    this.#speech.print(`${harmless(message)}\n`)
    if (hint !== null) this.#speech.remark(`  ${harmless(hint)}`)
  }

  /** There is nothing wrong with a start of what is started, or a stop of what is stopped. */
  #codeOf({ ok, code }: Pick<ActionResult, 'ok' | 'code'>): number {
    const isFine = ok || code === 'already-started' || (code === 'not-running' && this.#request.do === 'stop')
    return isFine ? exitCodes.done.code : exitCodes[exitReason(code)].code
  }
}
