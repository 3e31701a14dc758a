/** Tries what a probe checks: the one place where something is really asked. */
import type { Program } from '../../core/plan.ts'
import { type Check, isTold } from '../../core/probe.ts'
import type { Children } from '../../os/children.ts'
import type { Begin } from '../health.ts'
import { tryExec } from './exec.ts'
import { Looks, tryFile } from './file.ts'
import { tryHttp } from './http.ts'
import { tryTcp } from './tcp.ts'
import type { After, Limits, Outcome } from './try.ts'
import { Turnstile } from './turnstile.ts'

/** What foster tries by itself; of the others the program tells. */
type Tryable = Extract<Check, { by: 'exec' | 'http' | 'tcp' | 'file' }>

/** Commands of probes that run at the same time; others wait, and their time begins when they start. */
const mostCommands = 16

export class Attempts {
  readonly #children: Pick<Children, 'run'>
  readonly #environment: Readonly<Record<string, string>>
  readonly #after: After
  readonly #commands = new Turnstile(mostCommands)
  readonly #looks = new Looks()
  readonly #stuck = new Set<string>()

  /** `environment` is what programs inherit. */
  constructor(
    children: Pick<Children, 'run'>,
    environment: Readonly<Record<string, string>>,
    after: After = afterMillis,
  ) {
    this.#children = children
    this.#environment = environment
    this.#after = after
  }

  /**
   * Tries a check of a program. `done` is called exactly once, in a later turn of the loop and at the latest when
   * `timeout` milliseconds are over (for `exec`: a second later, after its start). The function that is returned calls the try off:
   * then `done` is not called, and all that belongs to the try is ended. Throws if the program tells it by itself.
   */
  readonly begin: Begin = (program, check, timeout, done) => {
    if (!isTryable(check)) throw new Error(`there is nothing to try about ${check.by}`)
    const controller = new AbortController()
    const { signal } = controller
    const limits: Limits = { timeout, signal, after: this.#after }
    const tell = ({ ok, detail }: Outcome): void => {
      if (!signal.aborted) done(ok, detail)
    }
    const cancel = (): void => controller.abort()
    if (check.by !== 'exec') {
      void this.#ask(program, check, limits).then(tell)
      return cancel
    }
    const context = { program, children: this.#children, environment: this.#environment, stuck: this.#stuck }
    const leave = this.#commands.enter(() => tryExec(check, context, limits).then(tell))
    return () => {
      leave()
      cancel()
    }
  }

  #ask(program: Program, check: Exclude<Tryable, { by: 'exec' }>, limits: Limits): Promise<Outcome> {
    switch (check.by) {
      case 'http':
        return tryHttp(check, limits)
      case 'tcp':
        return tryTcp(check, limits)
      case 'file':
        return tryFile(check, program.workingDir, this.#looks, limits)
    }
  }
}

const isTryable = (check: Check): check is Tryable => !isTold(check)

function afterMillis(millis: number, done: () => void): () => void {
  const timer = setTimeout(done, millis)
  return () => clearTimeout(timer)
}
