/** The log of one program: its pipes, what is kept of them, and where their lines go. */
import type { LogTarget } from '../core/log-plan.ts'
import type { OutputStream } from '../core/output.ts'
import { Capture } from './capture.ts'
import type { Follower, Piece, Start, StreamChoice } from './history.ts'
import { fileLane, forwardLane, type Lane, type LaneOptions } from './lane.ts'
import type { Lines } from './lines.ts'
import type { LoggedProgram, Shared } from './log-shared.ts'
import { type Counters, Record as Memory } from './record.ts'
import type { Tap } from './sink.ts'
import { stripAnsi } from './strip.ts'
import { syslogLane } from './syslog.ts'

/** What a program has written lately, for those who want to see it. Nothing of it slows the program down. */
export interface ProgramMemory {
  /** What is in memory, from so many lines or bytes before the end, as the program wrote it. */
  tail(streams: StreamChoice, start: Start): readonly Piece[]
  /** Begins to read; `onMore` is called, in the middle of a read of the pipe, once after each `read` that gave nothing. */
  follow(streams: StreamChoice, start: Start, onMore: () => void): Follower
  /**
   * Calls back once, and not before it has returned, when a whole line of the run with this pid matches, on either
   * stream; lines that it has written already count as far as they are in memory. Lines over the limit are tested in
   * pieces. Gives the way to call it off.
   */
  expect(pid: number, pattern: RegExp, onMatch: () => void): () => void
  /** What a stream has come to since foster started. */
  counters(stream: OutputStream): Counters
}

/** The log of one program. */
export interface ProgramLog extends ProgramMemory {
  /** Collects a stream; `fd` is the read end of its pipe and belongs to the log from now on. */
  attach(stream: OutputStream, fd: number): void
  /** A process has been started whose output comes next. */
  startRun(pid: number): void
  /** The process has been reaped: what it wrote is read, an unfinished line finished. */
  endRun(): void
  /** Changes its settings while it runs; a line that is unfinished is finished. */
  configure(program: LoggedProgram): void
  /** Opens its files again, or makes them where they have been moved away: how many. */
  reopen(): number
  /** Begins the files of a stream anew; false: one of them cannot be removed. */
  clear(stream: OutputStream): boolean
  /** Foster ends: what was lost and not told yet is told. */
  finish(): void
  /** Closes its pipes. What it wrote can still be read. */
  close(): void
  /** The program is no longer configured: closes its pipes, and forgets after a minute what it wrote unless it returns. */
  retire(): void
}

/** Milliseconds; those who follow its output, however slowly, have taken the last of it by then or are gone. */
const rememberedFor = 60_000

/** Opens the log of one program; `index` chooses its colour. */
export function openProgramLog(shared: Shared, program: LoggedProgram, index: number): ProgramLog {
  const memory = new Memory(shared.plan.buffer, program.log.maxLine, shared.countsLines)
  const streams: Attached[] = []
  const lanes = (): readonly Lane[] => streams.flatMap(it => it.lanes())
  let settings = program
  let running: number | undefined
  const forgetting = leisurely(shared.after, () => memory.history.forget())
  const close = (): void => streams.splice(0).forEach(one => void one.detach())
  return {
    attach(stream, fd) {
      forgetting.cancel()
      const one = attach(shared, { settings: () => settings, index, memory, stream, fd })
      streams.push(one)
      if (running !== undefined) one.capture.startRun(running)
    },
    startRun(pid) {
      running = pid
      for (const { capture } of streams) capture.startRun(pid)
    },
    endRun() {
      for (const { capture } of streams) capture.endRun()
    },
    configure(next) {
      forgetting.cancel()
      settings = next
      memory.expectations.longest = next.log.maxLine
      for (const one of streams) one.configure()
    },
    reopen() {
      const files = lanes().flatMap(({ file }) => file ?? [])
      for (const file of files) file.reopen()
      return files.length
    },
    clear(stream) {
      const own = streams.filter(it => it.stream === stream).flatMap(it => it.lanes())
      return own.map(({ file }) => file?.clear() ?? true).every(Boolean)
    },
    finish() {
      for (const lane of lanes()) lane.finish()
    },
    close,
    retire() {
      close()
      forgetting.begin()
    },
    tail: (choice, start) => memory.history.tail(choice, start),
    follow: (choice, start, onMore) => memory.history.follow(choice, start, onMore),
    expect: (pid, pattern, onMatch) => memory.expectations.expect(pid, pattern, onMatch),
    counters: stream => memory.counters(stream),
  }
}

/** Does something a while after it was begun, unless that is cancelled. */
function leisurely(after: Shared['after'], act: () => void): { begin(): void; cancel(): void } {
  let cancel: (() => void) | undefined
  return {
    begin() {
      cancel ??= after(rememberedFor, act)
    },
    cancel() {
      cancel?.()
      cancel = undefined
    },
  }
}

/** One stream of one program, to be connected. */
interface Source {
  readonly settings: () => LoggedProgram
  readonly index: number
  readonly memory: Memory
  readonly stream: OutputStream
  readonly fd: number
}

/** One stream of one program, connected to where it goes. */
interface Attached {
  readonly stream: OutputStream
  readonly capture: Capture
  readonly lanes: () => readonly Lane[]
  configure(): void
  detach(): void
}

function attach(shared: Shared, source: Source): Attached {
  const { io, buffer, room, captures, check } = shared
  const { stream, memory, fd } = source
  const run: { pid: number | undefined } = { pid: undefined }
  let lanes: readonly Lane[] = []
  const logged = memory.around(
    stream,
    together(() => lanes),
  )
  const watched = watchedLines(shared, source, run, logged)
  const capture = new Capture({
    fd,
    io,
    buffer,
    room,
    lines: watched.lines,
    onRun: pid => {
      run.pid = pid
      memory.expectations.startRun(stream, pid)
    },
    onSettled: check,
  })
  const open = (): readonly Lane[] => lanesOf(shared, source, run, gateOf(capture))
  const close = (): void => {
    for (const lane of lanes) lane.close()
    lanes = []
  }
  lanes = open()
  captures.add(capture)
  return {
    stream,
    capture,
    lanes: () => lanes,
    configure() {
      watched.configure()
      close()
      lanes = open()
    },
    detach() {
      capture.close()
      close()
      captures.delete(capture)
    },
  }
}

/** The log of a stream with whoever looks at it before: that may change while it is read. */
function watchedLines(shared: Shared, source: Source, run: LaneOptions['run'], logged: Lines) {
  const { index, stream, settings } = source
  const look = (): Lines => {
    const { log } = settings()
    const lines = shared.watch?.({ index, stream, run, log }, logged) ?? logged
    const isProtocol = log[stream] !== 'stdout' && log[stream].some(({ to }) => to === 'protocol')
    return log.stripAnsi && !isProtocol ? stripAnsi(lines) : lines
  }
  let lines = look()
  return {
    lines: {
      feed: (chunk: Buffer, from: number, to: number) => lines.feed(chunk, from, to),
      end: () => lines.end(),
      held: () => lines.held(),
    },
    configure: () => {
      // What was held back belongs to the log.
      if (lines !== logged) lines.end()
      lines = look()
    },
  }
}

/** A stream is read while nobody is against it. */
function gateOf(capture: Tap): Tap {
  let closed = 0
  return {
    pause() {
      if (closed++ === 0) capture.pause()
    },
    resume() {
      if (--closed === 0) capture.resume()
    },
  }
}

/** The same bytes for all lanes. */
function together(lanes: () => readonly Lane[]): Lines {
  return {
    feed(chunk, from, to) {
      for (const { lines } of lanes()) lines.feed(chunk, from, to)
    },
    end() {
      for (const { lines } of lanes()) lines.end()
    },
    held: () => Math.max(0, ...lanes().map(({ lines }) => lines.held())),
  }
}

function lanesOf(shared: Shared, source: Source, run: LaneOptions['run'], gate: Tap): readonly Lane[] {
  const { index, stream, memory } = source
  const { name, replica, log, user } = source.settings()
  const options: LaneOptions = {
    ...{ name, replica, index, stream, run, gate },
    format: log.format ?? shared.format,
    longest: log.maxLine,
    overflow: log.overflow,
    onDropped: lines => memory.dropped(stream, lines),
  }
  const targets = log[stream]
  // A stream that is joined to the other one has no pipe; were it attached all the same, nothing of it would be lost.
  const places: readonly LogTarget[] = targets === 'stdout' ? log.stdout : targets
  return places.flatMap(target => {
    if (target.to === 'forward') return forwardLane(shared, options, target.stream)
    if (target.to === 'syslog') return syslogLane(shared, options)
    return target.to === 'file' ? fileLane(shared, options, target, user) : []
  })
}
