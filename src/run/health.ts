/**
 * Probes as the system sees them: begins tries, listens for what programs tell by themselves, and lets go of all of it
 * when the process is not asked any more. What the answers mean is decided in `core/probe.ts`.
 */
import { closeSync } from 'node:fs'
import { labelOf, type Program } from '../core/plan.ts'
import { type Check, isTold, type ProbeName, probeNames } from '../core/probe.ts'
import type { Input } from '../core/world.ts'
import type { Logs } from '../log/router.ts'
import type { Placement } from '../os/arrange.ts'
import { errnoName } from '../os/errno.ts'
import type { Refusal } from '../os/executable.ts'
import { pipe } from '../os/libc.ts'
import { linePattern } from '../os/line-pattern.ts'
import { watchPipe } from '../os/pipes.ts'
import { Seldom, type SeldomOptions } from './seldom.ts'

/** Begins one try: `done` is called once, unless the function that is returned calls it off. */
export type Begin = (program: Program, check: Check, timeout: number, done: Done) => () => void
/** `ok` undefined: nothing was found out, for want of something of foster's own. */
type Done = (ok: boolean | undefined, detail: string) => void

export interface HealthOptions {
  readonly program: (index: number) => Program
  readonly dispatch: (input: Input) => void
  readonly logs: Logs
  readonly begin: Begin
  readonly after: SeldomOptions['after']
}

/** What is open for one run of a process. */
interface Run {
  pid: number
  /** The process that was started: its output is known by it, also once a daemon has forked away. */
  readonly started: number
  readonly tries: Map<ProbeName, () => void>
  readonly closers: (() => void)[]
  /** Lines that are waited for. */
  readonly expected: (() => void)[]
  /** What the process has told so far: a daemon may do so before it has forked away. */
  readonly told: Set<ProbeName>
}

const newline = 10

export class Health {
  readonly #options: HealthOptions
  readonly #seldom: Seldom
  readonly #runs = new Map<number, Run>()
  /** Read ends of the pipes of the process that is being started. */
  readonly #opened = new Map<number, { readonly read: number; readonly write: number }>()

  constructor(options: HealthOptions) {
    this.#options = options
    this.#seldom = new Seldom({ say: (level, text) => options.logs.say(level, text), after: options.after })
  }

  /** The descriptors that the program's next run needs for its probes. */
  prepare(index: number, program: Program): readonly Placement[] | Refusal {
    const target = probeNames.map(name => program.probes[name]?.check).find(check => check?.by === 'fd')?.fd
    if (target === undefined) return []
    const ends = pipe()
    if (typeof ends === 'number') {
      return { how: 'unstartable', code: 1, reason: `cannot make a pipe: ${errnoName(-ends)}` }
    }
    this.#opened.set(index, ends)
    return [{ target, fd: ends.write }]
  }

  /** The process was not started after all. */
  abandon(index: number): void {
    const ends = this.#takeOpened(index)
    if (ends !== undefined) closeSync(ends.read)
  }

  /** The process is there: from now on it may tell something. It may be given its first probe later, by a reload. */
  started(index: number, pid: number): void {
    this.ended(index)
    const run: Run = { pid, started: pid, tries: new Map(), closers: [], expected: [], told: new Set() }
    this.#runs.set(index, run)
    this.#expect(index, run)
    const ends = this.#takeOpened(index)
    if (ends !== undefined) this.#watch(index, run, ends.read)
  }

  /** Another process is the program's main one: what was told stays true. */
  adopted(index: number, pid: number): void {
    const run = this.#runs.get(index)
    if (run === undefined) return
    run.pid = pid
    // What is under way asks about the one before: its answer would not count.
    for (const cancel of run.tries.values()) cancel()
    run.tries.clear()
    for (const name of run.told) this.tell(index, name, true, '')
  }

  /** A program tells something about itself. */
  tell(index: number, probe: ProbeName, ok: boolean, detail: string): void {
    const run = this.#runs.get(index)
    if (run === undefined) return
    if (ok) run.told.add(probe)
    else run.told.delete(probe)
    this.#options.dispatch({ on: 'program', index, event: { on: 'tried', probe, pid: run.pid, ok, detail } })
  }

  /** Begins a try. */
  begin(index: number, probe: ProbeName, pid: number): void {
    const program = this.#options.program(index)
    const configured = program.probes[probe]
    const run = this.#runs.get(index)
    if (configured === undefined || run === undefined || isTold(configured.check)) {
      throw new Error(`${labelOf(program)}: nothing to try for ${probe}`)
    }
    const cancel = this.#options.begin(program, configured.check, configured.timeout, (ok, detail) => {
      run.tries.delete(probe)
      if (ok === undefined) return this.#untried(index, probe, pid, detail)
      this.#options.dispatch({ on: 'program', index, event: { on: 'tried', probe, pid, ok, detail } })
    })
    run.tries.set(probe, cancel)
  }

  /** What keeps foster from asking one program often keeps it from asking others: that is said once for all. */
  #untried(index: number, probe: ProbeName, pid: number, detail: string): void {
    const first = `${labelOf(this.#options.program(index))}: its ${probe} probe could not be tried: ${detail}`
    const more = (count: number): string => `probes could not be tried ${count} more times`
    this.#seldom.say('untried', 'warning', first, more)
    this.#options.dispatch({ on: 'program', index, event: { on: 'untried', probe, pid } })
  }

  /** The probes of a process begin anew. What it has told stays told. */
  configured(index: number): void {
    const run = this.#runs.get(index)
    if (run === undefined) return
    for (const cancel of run.tries.values()) cancel()
    run.tries.clear()
    for (const forget of run.expected.splice(0)) forget()
    this.#expect(index, run)
  }

  /** The process is not asked any more: it stops, or has ended. */
  ended(index: number): void {
    const run = this.#runs.get(index)
    if (run === undefined) return
    this.#runs.delete(index)
    for (const cancel of run.tries.values()) cancel()
    for (const close of [...run.closers, ...run.expected]) close()
  }

  #takeOpened(index: number): { readonly read: number } | undefined {
    const ends = this.#opened.get(index)
    this.#opened.delete(index)
    if (ends !== undefined) closeSync(ends.write)
    return ends
  }

  #told(index: number, run: Run, name: ProbeName): void {
    if (this.#runs.get(index) === run) this.tell(index, name, true, '')
  }

  #expect(index: number, run: Run): void {
    const { probes } = this.#options.program(index)
    const log = this.#options.logs.program(index)
    for (const name of probeNames) {
      const check = probes[name]?.check
      if (check?.by !== 'log') continue
      run.expected.push(log.expect(run.started, linePattern(check.pattern), () => this.#told(index, run, name)))
    }
  }

  /** s6's notification: everything up to a newline is passed over, and so is what comes later. */
  #watch(index: number, run: Run, fd: number): void {
    const buffer = Buffer.alloc(512)
    const { probes } = this.#options.program(index)
    const names = probeNames.filter(name => probes[name]?.check.by === 'fd')
    const onBytes = (count: number): void => {
      if (!buffer.subarray(0, count).includes(newline)) return
      for (const name of names) if (!run.told.has(name)) this.#told(index, run, name)
    }
    const reading = watchPipe(fd, buffer, onBytes, () => {})
    run.closers.push(() => reading.close())
  }
}
