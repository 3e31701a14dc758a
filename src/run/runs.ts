/**
 * Which process a run is, where that may be another than the one that was started: a daemon forks away, and a server that
 * replaces itself says so (MAINPID, a new number in its pid file). Keeps what proves whose a process is, and listens to
 * what programs say of themselves. Of programs that do neither it knows the pid only.
 */
import type { World } from '../core/draft.ts'
import { type Ending, isSuccess } from '../core/ending.ts'
import { labelOf, type Program } from '../core/plan.ts'
import type { Input } from '../core/world.ts'
import type { Logs } from '../log/router.ts'
import type { Children } from '../os/children.ts'
import type { Refusal } from '../os/executable.ts'
import { type Mark, newMark, readMark } from '../os/marks.ts'
import type { Notify, NotifySocket } from '../os/notify.ts'
import {
  isStill,
  judgeProcess,
  type ProcessTable,
  processTable,
  type Run,
  refusalOf,
  type Verdict,
} from '../os/pids.ts'
import { type ProcessEntry, readStat } from '../os/processes.ts'
import { Forking, pidFileOf } from './forking.ts'
import type { Health } from './health.ts'
import { markedWith, type Remains, sessionOf } from './leftovers.ts'
import { hear, listens, notifyEnvironment } from './notified.ts'
import { killProgram } from './strays.ts'

export interface RunsOptions {
  readonly program: (index: number) => Program
  readonly world: () => World
  readonly children: Children
  readonly notify: Notify
  readonly health: Health
  readonly logs: Logs
  readonly dispatch: (input: Input) => void
  readonly ended: EndedProgram
}

/** Hears that the process of a program has been reaped. */
export type EndedProgram = (index: number, pid: number, ending: Ending) => void

/** What the next process of a program gets. */
export interface Prepared {
  readonly mark: Mark | undefined
  readonly environment: (inherited: Readonly<Record<string, string>>) => Readonly<Record<string, string>>
}

/** A run whose process may change. */
export interface Tracked {
  readonly program: Program
  mark: Mark | undefined
  socket: NotifySocket | undefined
  /** Its main process until that has been reaped. */
  pid: number | undefined
  /** The main process, where it is not the one that was started. */
  followed: ProcessEntry | undefined
  /** What MAINPID has named: it is followed when the present process has ended. */
  successor: ProcessEntry | undefined
  /** The launcher of a daemon has ended and its pid file is waited for. */
  forking: Forking | undefined
  /** Nothing is followed any more. */
  isOver: boolean
  refusals: number
  overdue: NodeJS.Timeout | undefined
}

/** Milliseconds after which a daemon that stays in the foreground is worth a word. */
const overdueAfter = 30_000

/** So often a run is told off for what it says; then it is ignored silently. */
const mostRefusals = 5

export class Runs {
  readonly #options: RunsOptions
  readonly #table: ProcessTable = processTable()
  readonly #tracked = new Map<number, Tracked>()
  /** The main processes of all programs, as long as they have not been reaped. */
  readonly #pids = new Map<number, number>()

  constructor(options: RunsOptions) {
    this.#options = options
  }

  /** Before the start of a process: what it gets, or why it cannot be started. */
  prepare(index: number, program: Program): Prepared | Refusal {
    this.over(index)
    const isListener = listens(program)
    if (!isListener && program.kind !== 'daemon') return { mark: undefined, environment: it => it }
    const run: Tracked = {
      ...{ program, mark: newMark(Math.random()), socket: undefined, pid: undefined, followed: undefined },
      ...{ successor: undefined, forking: undefined, isOver: false, refusals: 0, overdue: undefined },
    }
    if (isListener) {
      const socket = this.#listen(index, run)
      if (typeof socket === 'string') return { how: 'unstartable', code: 1, reason: socket }
      run.socket = socket
    }
    this.#tracked.set(index, run)
    const { mark, socket } = run
    return { mark, environment: it => (socket === undefined ? it : notifyEnvironment(program, socket.path, it)) }
  }

  #listen(index: number, run: Tracked): NotifySocket | string {
    const { notify } = this.#options
    const { program } = run
    return notify.open({
      name: labelOf(program),
      user: program.user,
      refuse: sender => {
        const uid = program.user?.uid ?? process.getuid?.() ?? 0
        return refusalOf(sender, uid, this.#claim(index), this.#others(index), this.#table)
      },
      onText: text =>
        hear(
          text,
          index,
          { program: this.#options.program(index), pid: run.pid },
          { ...this.#options, mainPid: pid => this.#name(index, run, pid) },
        ),
      onRefused: reason => this.#refused(run, `a notification was refused: ${reason}`),
    })
  }

  /** The process is there. */
  started(index: number, pid: number): void {
    this.#pids.set(index, pid)
    const run = this.#tracked.get(index)
    if (run === undefined) return
    run.pid = pid
    // Where it could not be put on there is no proof by it either.
    if (readMark(pid) !== run.mark) run.mark = undefined
    if (run.program.kind !== 'daemon') return
    const text = `${labelOf(run.program)}: has not forked away for ${overdueAfter / 1000}s; is it "kind: service"?`
    run.overdue = setTimeout(() => this.#options.logs.say('warning', text), overdueAfter)
  }

  /** The run is over, or did not begin. */
  over(index: number): void {
    this.#pids.delete(index)
    const run = this.#tracked.get(index)
    this.#tracked.delete(index)
    clearTimeout(run?.overdue)
    run?.forking?.close()
    run?.socket?.close()
  }

  /** A process has been reaped. Whether the run goes on with another one, or waits for it. */
  goesOn(index: number, pid: number, ending: Ending): boolean {
    this.#pids.delete(index)
    const run = this.#tracked.get(index)
    if (run === undefined || run.isOver) return false
    const isLauncher = run.program.kind === 'daemon' && run.followed === undefined
    run.pid = undefined
    clearTimeout(run.overdue)
    if (isLauncher && !isSuccess(ending, run.program.successExitCodes)) return this.#end(run)
    if (run.successor !== undefined && this.#take(index, run, run.successor.pid, run.successor)) return true
    if (run.program.kind !== 'daemon') return this.#end(run)
    if (isLauncher) return this.#waitForPidFile(index, run, pid, ending)
    const named = pidFileOf(run.program)
    return (typeof named === 'number' && this.#take(index, run, named)) || this.#end(run)
  }

  #end(run: Tracked): false {
    run.isOver = true
    return false
  }

  #waitForPidFile(index: number, run: Tracked, launcher: number, ending: Ending): boolean {
    run.forking = new Forking({
      program: run.program,
      find: named => this.#find(index, named),
      take: entry => this.#adopt(index, run, entry),
      isGone: () => this.#isGone(run),
      failed: reason => {
        run.isOver = true
        this.#options.ended(index, launcher, { how: 'unstartable', code: 1, reason })
      },
      stopped: () => {
        run.isOver = true
        this.#options.ended(index, launcher, ending)
      },
    })
    run.forking.look()
    if (run.forking !== undefined && this.#options.world().states[index]?.at === 'stopping') run.forking.stop()
    return true
  }

  /** Children have been reaped: perhaps a pid file's process is ours by now, or nothing of it is left. */
  check(): void {
    for (const { forking } of this.#tracked.values()) forking?.look()
  }

  /** A process that can be followed: the program's, and our child, whose status comes to us. */
  #find(index: number, pid: number): ProcessEntry | string {
    const verdict = this.#judge(index, pid)
    if ('reason' in verdict) return verdict.reason
    if (verdict.parent === this.#table.self) return verdict
    return `its parent, process ${verdict.parent}, is still there`
  }

  #take(index: number, run: Tracked, pid: number, known?: ProcessEntry): boolean {
    const found = this.#find(index, pid)
    if (typeof found === 'string' || found.isZombie || (known !== undefined && found.started !== known.started))
      return false
    this.#adopt(index, run, found)
    return true
  }

  #adopt(index: number, run: Tracked, entry: ProcessEntry): void {
    const { children, ended, dispatch } = this.#options
    run.forking?.close()
    run.forking = undefined
    run.successor = undefined
    run.followed = entry
    run.pid = entry.pid
    this.#pids.set(index, entry.pid)
    children.follow(entry.pid, (ending, pid) => ended(index, pid, ending))
    dispatch({ on: 'program', index, event: { on: 'adopted', pid: entry.pid } })
  }

  /** Without marks nobody can tell. */
  #isGone({ mark }: Tracked): boolean {
    const orphans = this.#options.children.orphansNow()
    return mark !== undefined && orphans !== undefined && !markedWith(mark).isLeft(orphans)
  }

  /** The program says that another process is its main one. */
  #name(index: number, run: Tracked, pid: number): void {
    if (pid === run.pid) return
    const verdict = this.#judge(index, pid)
    if ('reason' in verdict) return this.#refused(run, `MAINPID=${pid} was refused: ${verdict.reason}`)
    run.successor = verdict
    if (run.forking !== undefined) this.#take(index, run, pid)
  }

  #judge(index: number, pid: number): Verdict {
    return judgeProcess(pid, this.#claim(index), this.#others(index), this.#table)
  }

  #claim(index: number): Run {
    const run = this.#tracked.get(index)
    return { name: labelOf(this.#options.program(index)), pid: this.#pids.get(index), mark: run?.mark }
  }

  #others(index: number): readonly Run[] {
    const others = [...this.#pids].filter(([other]) => other !== index)
    return others.map(([other, pid]) => ({ name: labelOf(this.#options.program(other)), pid, mark: undefined }))
  }

  #refused(run: Tracked, what: string): void {
    if (++run.refusals <= mostRefusals) this.#options.logs.say('warning', `${labelOf(run.program)}: ${what}`)
  }

  /** What may be left of a run when its process has been reaped. */
  remainsOf(index: number, pid: number, ownsSession: boolean): Remains {
    const run = this.#tracked.get(index)
    const isKnownByMark = run?.mark !== undefined && (run.program.kind === 'daemon' || run.followed !== undefined)
    return isKnownByMark && run.mark !== undefined ? markedWith(run.mark) : sessionOf(pid, ownsSession)
  }

  /** Whether the launcher of a daemon has ended, and no pid file has named it since. */
  isForking(index: number): boolean {
    return this.#tracked.get(index)?.forking !== undefined
  }

  /** Ends the wait of a daemon that has not forked away yet. False: there is a process to be asked. */
  stopForking(index: number): boolean {
    const forking = this.#tracked.get(index)?.forking
    forking?.stop()
    return forking !== undefined
  }

  /** Kills the main process and what belongs to it, or what is left of it. */
  kill(index: number, pid: number, ownsSession: boolean): void {
    if (this.targetOf(index, pid, 'process') !== undefined) killProgram(pid, ownsSession)
    else this.remainsOf(index, pid, ownsSession).signal('KILL')
  }

  /** What a signal is to be sent to by kill(2); undefined: the number is not the program's any more, or not yet. */
  targetOf(index: number, pid: number, scope: Program['stopScope']): number | undefined {
    const run = this.#tracked.get(index)
    if (run !== undefined && run.pid !== pid) return undefined
    if (run?.followed === undefined) return scope === 'group' ? -pid : pid
    if (!isStill(run.followed, this.#table)) return undefined
    const group = scope === 'group' ? readStat(pid)?.group : undefined
    return group === undefined ? pid : -group
  }
}
