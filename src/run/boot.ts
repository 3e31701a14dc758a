/** From a plan to a running init, and down to its exit. Everything up to the first spawn may fail; from there on nothing may. */
import { programAt, type World } from '../core/draft.ts'
import type { Plan, Program } from '../core/plan.ts'
import { budgetOf } from '../core/shutdown.ts'
import { signalNumbers } from '../core/signal.ts'
import { type Input, worldOf } from '../core/world.ts'
import type { Flushed } from '../log/flush.ts'
import type { Logs } from '../log/router.ts'
import { giveBackFree } from '../os/allocator.ts'
import { atExit } from '../os/at-exit.ts'
import { Children } from '../os/children.ts'
import { now } from '../os/clock.ts'
import { markInherited, openNull, softDescriptorLimit } from '../os/descriptors.ts'
import { removeOwnPid, writeOwnPid } from '../os/files.ts'
import { becomeSubreaper, blockSignal, exitNow, foregroundOf, nameProcess, ownGroup } from '../os/libc.ts'
import { limitDescriptors } from '../os/limits.ts'
import { Notify } from '../os/notify.ts'
import { OomKills } from '../os/oom.ts'
import type { Signals } from '../os/signals.ts'
import { openTerminal, type Terminal } from '../os/terminal.ts'
import { writeTermination } from '../os/termination.ts'
import { ownEnvironment } from '../os/verbatim.ts'
import { Bugs } from './bugs.ts'
import { type ClientFacts, type ClientOptions, clientFacts } from './clients.ts'
import { Control } from './control.ts'
import { type ControlPlace, pathOf } from './control-place.ts'
import { Effects, type EffectsOptions } from './effects.ts'
import { inheritable } from './environment.ts'
import { watchEvents } from './event-watch.ts'
import { Health } from './health.ts'
import { Launcher } from './launcher.ts'
import { Leftovers } from './leftovers.ts'
import { Listening } from './listening.ts'
import { after, openLog } from './log.ts'
import { Loop } from './loop.ts'
import { flawNotice } from './notices.ts'
import { Attempts } from './probes/attempts.ts'
import { type Reloaded, type ReloadOptions, reload, reloadAloud } from './reload.ts'
import { type EndedProgram, Runs } from './runs.ts'
import { SecretsSeen } from './secrets.ts'
import { Settling } from './settling.ts'
import { Streams } from './streams.ts'
import { Termination } from './termination.ts'

/** What foster has to do with beside its programs. */
export interface Outside {
  /** Reads the configuration again; undefined: there is none. */
  readonly load?: () => Reloaded
  /** What is in force, as text. */
  readonly print?: Reloaded['print']
  /** Where the control socket stands; undefined: there is none. */
  readonly place?: ControlPlace | undefined
}

/** Runs the plan. Returns at once; the process ends by itself, with the exit code that the plan's end brings. */
export function runInit(plan: Plan, signals: Signals, outside: Outside = {}): void {
  // Node's --disable-sigusr1 keeps the debugger away by blocking the signal, which is the programs'.
  blockSignal(signalNumbers.USR1, false)
  nameProcess('foster')
  limitDescriptors(softDescriptorLimit)
  const passed = markInherited(process.env)
  if (process.pid !== 1) becomeSubreaper()
  const terminal = plan.programs.some(it => it.tty) ? openTerminal(0, ownGroup()) : undefined
  const logs = openLog(plan, {
    lost: (who, lines) => init.lost(who, lines),
    watch: watchEvents(() => init.listening),
  })
  const init = new Init(plan, logs, { terminal, passed, ...outside })
  // If foster goes down in a way nobody planned, the terminal is still given back.
  if (terminal !== undefined) void atExit(() => terminal.restore())
  process.on('uncaughtException', error => init.bugs.found(error))
  if (plan.command !== undefined) signals.catchWriteSignals()
  // One turn, so that a request to stop that has come already is seen before anything is started.
  setImmediate(() => init.start(signals))
}

/** What foster was given by whoever started it. */
interface Given extends Outside {
  readonly terminal: Terminal | undefined
  readonly passed: number
}

class Init {
  readonly #logs: Logs
  readonly #terminal: Terminal | undefined
  readonly #children: Children
  readonly #leftovers: Leftovers
  readonly #runs: Runs
  readonly #notify = new Notify(process.env.XDG_RUNTIME_DIR)
  readonly #loop: Loop
  readonly #control: Control
  readonly #effects: Effects
  readonly listening: Listening
  readonly bugs = new Bugs({
    say: text => this.#logs.say('error', text),
    stop: () => this.#loop.dispatch({ on: 'bug' }),
    isOver: () => this.#loop.world.phase.at === 'done',
    exit: () => exitNow(1),
    after,
  })
  #print: Reloaded['print'] | undefined
  readonly #console = [0, 1, 2].find(fd => foregroundOf(fd) > 0)
  readonly #reloading: ReloadOptions & ClientOptions
  readonly #clients: ClientFacts
  readonly #oomKills = new OomKills(now)
  readonly #settling = new Settling({ after, giveBack: giveBackFree })
  readonly #termination: Termination | undefined
  /** What was written for those who look for foster's pid. */
  #pidFile: string | undefined
  /** When `shutdown.timeout` is over. */
  #endsAt = 0

  constructor(plan: Plan, logs: Logs, { terminal, passed, load, place, print }: Given) {
    this.#logs = logs
    this.#terminal = terminal
    this.#children = new Children(() => this.#settled())
    this.#leftovers = new Leftovers(this.#children)
    const isCommand = plan.command !== undefined
    const own = ownEnvironment()
    const dispatch = (input: Input): void => this.#loop.dispatch(input)
    const world = (): World => this.#loop.world
    const streams = new Streams(logs, openNull())
    this.listening = new Listening({ world, streams, logs })
    const parts = {
      ...{ children: this.#children, streams, logs, dispatch, world, listening: this.listening },
      secrets: new SecretsSeen(),
      environment: isCommand ? own : { ...inheritable(own), ...pathOf(place) },
    }
    const { begin } = new Attempts(this.#children, parts.environment)
    const program = (index: number): Program => programAt(world(), index)
    const health = new Health({ ...parts, program, begin, after })
    const terminalOf = (program: Program): Terminal | undefined => (program.tty ? terminal : undefined)
    this.#termination = isCommand ? undefined : new Termination({ world, logs, write: writeTermination, now })
    const ended: EndedProgram = (...how) => effects.ended(...how)
    this.#runs = new Runs({ ...parts, health, notify: this.#notify, program, ended })
    const runs = this.#runs
    this.#print = print
    this.#reloading = { ...parts, load, taken: loaded => (this.#print = loaded.print) }
    const effects = new Effects({
      ...parts,
      ...{ leftovers: this.#leftovers, runs, health },
      launcher: new Launcher({ ...parts, health, runs, passed, isCommand, terminalOf }),
      oomKills: this.#oomKills,
      termination: this.#termination,
      terminal,
      hangup: () => this.#hangup(),
      configure: configuring({ ...parts, health }),
      finish: code => this.#finish(code),
      ...{ now, after },
    })
    this.#effects = effects
    this.#clients = clientFacts(this.#reloading)
    this.#control = this.#makeControl(plan, place)
    this.#loop = this.#makeLoop(plan, effects)
  }

  #makeLoop(plan: Plan, effects: Effects): Loop {
    return new Loop({
      world: worldOf(plan),
      perform: effect => {
        if (effect.do === 'announce' && effect.what.about === 'ending') this.#endsAt = now() + plan.shutdown.timeout
        this.#control.observe(effect)
        this.listening.observe(effect)
        effects.perform(effect)
        if (effect.do === 'spawn') this.#settling.started()
      },
      failed: error => this.bugs.found(error),
      lookAround: () => this.#lookAround(),
      now,
    })
  }

  #makeControl(plan: Plan, place: ControlPlace | undefined): Control {
    return new Control({
      ...{ plan, place, now, logs: this.#logs },
      world: () => this.#loop.world,
      dispatch: input => this.#loop.dispatch(input),
      signal: (index, signal) => this.#effects.signal(index, signal),
      orphans: () => this.#children.orphans,
      config: isShown => this.#print?.(isShown),
      reload: isTrial => reload(this.#reloading, isTrial),
      clients: this.#clients,
    })
  }

  /** Takes the signals that have come, then starts what starts by itself. */
  start(signals: Signals): void {
    signals.listen(signal => {
      // Any signal may stand for one that was lost in a flood: libuv keeps 4096. What was sent is read while its sender
      // can be looked at.
      this.#notify.drain()
      if (signal !== 'CHLD') this.#loop.dispatch({ on: 'signal', signal })
      this.#childChanged()
    })
    this.listening.begin()
    // Children that exec left us from before, and those that have ended since.
    this.#children.reap()
    this.#loop.dispatch({ on: 'boot' })
    // Not before the first programs are started, who are waited for.
    if (this.#loop.world.plan.command === undefined) this.#oomKills.begin()
    setImmediate(() => {
      this.#control.open()
      this.#tellPid()
    })
  }

  /** For those who look for it in a file; only where nothing waits for it. */
  #tellPid(): void {
    const path = this.#loop.world.plan.ownPidFile
    const reason = path === undefined ? undefined : writeOwnPid(path)
    if (reason === undefined) this.#pidFile = path
    else this.#logs.say('warning', `cannot write ${path}: ${reason}`)
  }

  /** A program has lost lines to a reader or a file that was too slow. */
  lost(who: string, lines: number): void {
    this.#control.lost(who, lines)
  }

  #lookAround(): void {
    this.#notify.drain()
    this.#children.reap()
  }

  #childChanged(): void {
    if (this.#terminal !== undefined) {
      for (const state of this.#loop.world.states) if ('pid' in state) this.#terminal.continueStopped(state.pid)
    }
    this.#children.reap()
  }

  /** Children have been reaped: perhaps the last of a program's, or the last stray that was waited for. */
  #settled(): void {
    this.#leftovers.check()
    this.#runs.check()
    if (this.#loop.world.phase.at !== 'sweeping' || !this.#children.isEmpty) return
    this.#loop.dispatch({ on: 'strays-gone' })
  }

  #hangup(): void {
    if (this.#console !== undefined && foregroundOf(this.#console) < 0) return this.#loop.dispatch({ on: 'hungup' })
    this.#control.reloaded(reloadAloud(this.#reloading))
  }

  #finish(code: number): void {
    const { plan, phase } = this.#loop.world
    const flaw = 'end' in phase ? flawNotice(phase.end, code, plan) : undefined
    if (flaw !== undefined) this.#logs.say(flaw.level, flaw.text)
    this.#termination?.finished(code)
    const { flush } = budgetOf(plan.shutdown)
    const limit = Math.max(flush, this.#endsAt - now())
    const done = ({ unwritten, lost }: Flushed): void => {
      const missing = unwritten + lost
      if (missing > 0) this.#logs.say('error', `${missing} bytes of output were not taken by the reader and are lost`)
      this.#terminal?.restore()
      this.#notify.close()
      this.#control.close()
      if (this.#pidFile !== undefined) removeOwnPid(this.#pidFile)
      exitNow(code)
    }
    // With nothing left to stop, whoever has asked for this is not answered yet.
    setImmediate(() => this.#logs.flush(flush, done, limit))
  }
}

/** Puts a program's new options to use where they need no restart. */
function configuring({
  world,
  logs,
  streams,
  health,
}: Pick<EffectsOptions, 'world' | 'logs' | 'streams' | 'health'>): EffectsOptions['configure'] {
  return (index, probes) => {
    const program = programAt(world(), index)
    logs.configure(index, program)
    streams.configured(index, program)
    if (probes) health.configured(index)
  }
}
