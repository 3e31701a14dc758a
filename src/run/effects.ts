/** Does what the world asks for: spawns, signals, sweeps, speaks. Owns the queue of spawns. */
import type { Target, World, WorldEffect } from '../core/draft.ts'
import { describeEnding, type Ending } from '../core/ending.ts'
import type { Program } from '../core/plan.ts'
import { type Signal, signalNumbers } from '../core/signal.ts'
import type { Input } from '../core/world.ts'
import type { Logs } from '../log/router.ts'
import type { Children } from '../os/children.ts'
import type { CommandResult } from '../os/commands.ts'
import { kill } from '../os/libc.ts'
import type { OomKills } from '../os/oom.ts'
import type { Terminal } from '../os/terminal.ts'
import { environmentOf } from './environment.ts'
import type { Health } from './health.ts'
import type { Launcher } from './launcher.ts'
import type { Leftovers } from './leftovers.ts'
import type { Listening } from './listening.ts'
import { announcementOf, noticeOf } from './notices.ts'
import type { Runs } from './runs.ts'
import { secretsOf } from './secrets.ts'
import { StopCommands } from './stop-commands.ts'
import { signalStrays } from './strays.ts'
import type { Streams } from './streams.ts'
import type { Termination } from './termination.ts'

/** Milliseconds that an event listener has, when the container ends, for the events that wait. */
const mostForEvents = 1000

/** Spawns in one turn of the loop: each takes up to a millisecond, and signals wait meanwhile. */
const mostPerTurn = 8

export interface EffectsOptions {
  readonly world: () => World
  readonly dispatch: (input: Input) => void
  readonly children: Children
  readonly logs: Logs
  readonly streams: Streams
  readonly leftovers: Leftovers
  readonly launcher: Launcher
  readonly runs: Runs
  readonly health: Health
  readonly listening: Listening
  readonly oomKills: OomKills
  /** Undefined for `foster -- CMD`: the last words are CMD's own. */
  readonly termination: Termination | undefined
  readonly terminal: Terminal | undefined
  /** What programs inherit. */
  readonly environment: Readonly<Record<string, string>>
  readonly hangup: () => void
  /** A program is configured anew; `probes`: its probes begin anew. */
  readonly configure: (index: number, probes: boolean) => void
  readonly finish: (code: number) => void
  readonly now: () => number
  readonly after: (millis: number, done: () => void) => () => void
}

export class Effects {
  readonly #options: EffectsOptions
  readonly #stopCommands: StopCommands
  readonly #spawns: number[] = []
  #scheduled = false
  #turn = 0

  constructor(options: EffectsOptions) {
    this.#options = options
    this.#stopCommands = new StopCommands(options)
  }

  /** Does one thing. What it leads to comes back as an input of the loop. */
  perform(effect: WorldEffect): void {
    switch (effect.do) {
      case 'spawn':
        this.#spawns.push(effect.index)
        return this.#pump()
      case 'stop':
        return this.#stop(effect)
      case 'kill':
        return this.#kill(effect)
      case 'probe':
        return this.#options.health.begin(effect.index, effect.probe, effect.pid)
      case 'forward':
        for (const target of effect.targets) this.#send(target, effect.signal)
        return
      case 'hangup':
        return this.#options.hangup()
      case 'reopen':
        return this.#reopen()
      case 'sweep':
        return this.#sweep(effect.signal)
      case 'finish':
        return this.#options.finish(effect.code)
      case 'configure':
        return this.#options.configure(effect.index, effect.probes)
      case 'note':
        this.#follow(effect)
        return this.#say(effect)
      case 'announce':
        return this.#say(effect)
    }
  }

  #reopen(): void {
    const { logs } = this.#options
    const files = logs.reopen()
    const what =
      files === 0 ? 'no log files to reopen' : files === 1 ? 'reopened 1 log file' : `reopened ${files} log files`
    logs.say('info', `SIGUSR2: ${what}`)
  }

  /** Sends a signal to a program that runs, on somebody's behalf. */
  signal(index: number, signal: Signal): void {
    const state = this.#options.world().states[index]
    if (state !== undefined && 'pid' in state) this.#send({ index, pid: state.pid }, signal)
  }

  #program(index: number): Program {
    const program = this.#options.world().plan.programs[index]
    if (program === undefined) throw new Error(`no program ${index}`)
    return program
  }

  /** The terminal, if this program is its foreground job. */
  #terminalOf(index: number): Terminal | undefined {
    return this.#program(index).tty ? this.#options.terminal : undefined
  }

  /** Keeps probes and streams in step with what they are about. A start has been carried out before its note comes. */
  #follow({ index, event, before, after }: Extract<WorldEffect, { do: 'note' }>): void {
    const { health, streams, world } = this.#options
    if (event.on === 'adopted') health.adopted(index, event.pid)
    if (after.at === 'stopped' && world().retired.has(index)) streams.retire(index)
    if (event.on === 'gone' || (before.at !== 'waiting' && !('probing' in after))) health.ended(index)
  }

  #say(effect: Extract<WorldEffect, { do: 'note' | 'announce' }>): void {
    const { termination } = this.#options
    if (effect.do === 'note') termination?.noted(effect)
    else if (effect.what.about === 'ending') termination?.ending(effect.what.end)
    const { plan, states } = this.#options.world()
    const notice =
      effect.do === 'announce'
        ? announcementOf(effect.what, plan, states)
        : noticeOf(effect, this.#program(effect.index), this.#options.now())
    if (notice === undefined || notice.level === 'debug') return
    // It did end in time; of its command it is said that it did not.
    if (effect.do === 'note' && effect.event.on === 'deadline' && this.#stopCommands.isHeld(effect.index)) return
    // As transparent as tini: of CMD only a failure to start is worth a word.
    if (plan.command !== undefined && notice.level !== 'error') return
    this.#options.logs.say(notice.level, notice.text)
  }

  /** A subreaper without children has no descendants; PID 1 may have company that is nobody's child (`docker exec`). */
  #sweep(signal: Signal): void {
    const { children, dispatch } = this.#options
    if (process.pid === 1 || !children.isEmpty) signalStrays(signal)
    if (children.isEmpty) dispatch({ on: 'strays-gone' })
  }

  /** Starts what is queued, a few in each turn of the loop, so that a request to stop gets in between. */
  #pump(): void {
    while (this.#spawns.length > 0 && this.#turn < mostPerTurn) {
      this.#turn++
      const index = this.#spawns.shift()
      if (index !== undefined) this.#spawn(index)
    }
    if (this.#scheduled || this.#turn === 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#turn = 0
      this.#pump()
    })
  }

  #spawn(index: number): void {
    const { dispatch, world } = this.#options
    const state = world().states[index]
    // Between the wish and this turn somebody may have asked it to stop.
    if (state?.at !== 'launching' || state.next !== 'up') {
      return dispatch({ on: 'program', index, event: { on: 'withdrawn' } })
    }
    try {
      this.#launch(index)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      dispatch({ on: 'program', index, event: { on: 'refused', ending: { how: 'unstartable', code: 1, reason } } })
      throw error
    }
  }

  #launch(index: number): void {
    const { launcher, dispatch } = this.#options
    const launched = launcher.launch(index, this.#program(index), (ending, pid) => this.ended(index, pid, ending))
    if (typeof launched === 'number') dispatch({ on: 'program', index, event: { on: 'spawned', pid: launched } })
    else dispatch({ on: 'program', index, event: { on: 'refused', ending: launched } })
  }

  /** The process has been reaped; the program's run is over when nothing is left of it. CMD's leftovers are strays. */
  ended(index: number, pid: number, plain: Ending): void {
    const { streams, leftovers, runs, dispatch, world } = this.#options
    if (runs.goesOn(index, pid, plain)) return
    const ending = this.#withCause(index, plain)
    const remains = runs.remainsOf(index, pid, this.#terminalOf(index) === undefined)
    let isOver = false
    const over = (): void => {
      isOver = true
      runs.over(index)
      try {
        streams.ended(index)
      } finally {
        dispatch({ on: 'program', index, event: { on: 'exit', ending } })
      }
    }
    if (world().plan.command !== undefined) return over()
    leftovers.clear(remains, () => this.#stopCommands.hold(index, over), this.#graceOf(index))
    if (!isOver) dispatch({ on: 'program', index, event: { on: 'gone' } })
  }

  /** What is there of a daemon that is stopped before its pid file has named it is no leftover: it has all its grace. */
  #graceOf(index: number): number | undefined {
    const { runs, world, now } = this.#options
    const state = world().states[index]
    return state?.at === 'stopping' && runs.isForking(index) ? Math.max(0, state.deadline - now()) : undefined
  }

  /** A SIGKILL that is not ours may be the kernel's, for memory. */
  #withCause(index: number, ending: Ending): Ending {
    const state = this.#options.world().states[index]
    if (ending.how !== 'killed' || ending.signal !== signalNumbers.KILL) return ending
    if (state?.at === 'stopping' && state.killed) return ending
    return this.#options.oomKills.take() ? { ...ending, oom: true } : ending
  }

  #stop(target: Target): void {
    const { runs, world, listening, now } = this.#options
    if (runs.stopForking(target.index)) return
    const state = world().states[target.index]
    const left = state?.at === 'stopping' ? state.deadline - now() : 0
    const ask = (): void => this.#ask(target)
    const isEnd = world().phase.at !== 'serving'
    if (isEnd && listening.leave(target.index, Math.min(mostForEvents, left / 2), ask)) return
    ask()
  }

  /** Asks a process to end, if it is still there. */
  #ask({ index, pid }: Target): void {
    const program = this.#program(index)
    const { children, logs, environment, world, now } = this.#options
    const state = world().states[index]
    if (state === undefined || !('pid' in state) || state.pid !== pid) return
    if (program.stopCommand === undefined) return this.#send({ index, pid }, program.stopSignal)
    if (this.#stopCommands.isBusy(index, () => this.#ask({ index, pid }))) return
    const command = {
      argv: program.stopCommand,
      environment: { ...environmentOf(program, environment, secretsOf(program).values), MAINPID: String(pid) },
      workingDir: program.workingDir,
      user: program.user,
      settings: program,
      timeout: 'deadline' in state ? Math.max(1, state.deadline - now()) : 1,
    }
    const ended = ({ ending, output }: CommandResult, isLate: boolean): void => {
      if (ending.how === 'exited' && ending.code === 0) return
      const reason = isLate || ending.how === 'timed-out' ? 'it took too long' : describeEnding(ending)
      logs.say('warning', `${program.name}: stop_command failed: ${[reason, output.trim()].filter(Boolean).join('\n')}`)
      // It must stop all the same; the process may have changed meanwhile, so look again.
      const later = world().states[index]
      if (later !== undefined && 'pid' in later && later.pid === pid) this.#send({ index, pid }, program.stopSignal)
    }
    this.#stopCommands.begin(index, signal => children.run(command, signal), ended)
  }

  #kill({ index, pid }: Target): void {
    this.#stopCommands.kill(index)
    if (!this.#stopCommands.isHeld(index)) this.#options.runs.kill(index, pid, this.#terminalOf(index) === undefined)
  }

  #send({ index, pid }: Target, signal: Signal): void {
    if (this.#stopCommands.isHeld(index)) return
    const target = this.#options.runs.targetOf(index, pid, this.#program(index).stopScope)
    if (target !== undefined) kill(target, signalNumbers[signal])
  }
}
