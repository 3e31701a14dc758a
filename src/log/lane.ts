/** One of the places that a stream's lines go to, in the format that they have there. */
import type { FileTarget, LogFormat, Overflow } from '../core/log-plan.ts'
import type { OutputStream } from '../core/output.ts'
import type { Credentials } from '../core/plan.ts'
import { Dropping } from './dropping.ts'
import { FileSink } from './file-sink.ts'
import { colourOf, type Style, styleOf, wantsColour } from './format.ts'
import { assembleLines, type Lines } from './lines.ts'
import { labelOf, type Shared } from './log-shared.ts'
import { type DropReport, dropReport, type FileReport, fileReport } from './report.ts'
import { Rotator } from './rotate.ts'
import type { Drain, Tap } from './sink.ts'

/** What a lane has to know of its stream. */
export interface LaneOptions {
  readonly name: string
  readonly replica: number | undefined
  /** Chooses the colour. */
  readonly index: number
  /** The stream of the program. */
  readonly stream: OutputStream
  readonly run: { readonly pid: number | undefined }
  readonly format: LogFormat
  readonly longest: number
  readonly overflow: Overflow
  /** What slows the program down. */
  readonly gate: Tap
  /** Lines were dropped. */
  onDropped(lines: number): void
}

/** A place that lines go to. */
export interface Lane {
  readonly lines: Lines
  /** The file it writes, to be opened again. */
  readonly file: FileSink | undefined
  /** Foster ends: what is lost is told. */
  finish(): void
  /** Nothing comes any more; what has come is still written. */
  close(): void
}

/** Lines that go to foster's stdout or stderr. */
export function forwardLane(shared: Shared, options: LaneOptions, to: OutputStream): Lane {
  const { outlets, environment } = shared
  const colour = wantsColour(outlets[to].isTerminal, environment) ? colourOf(options.index) : undefined
  const report = dropReport(labelOf(options), to, shared)
  return lane(shared, options, { drain: shared.sinks[to], report, style: styleFor(shared, options, colour) })
}

/** Lines that go to a file. */
export function fileLane(
  shared: Shared,
  options: LaneOptions,
  target: FileTarget,
  user: Credentials | undefined,
): Lane {
  const { path, maxSize, format } = target
  const { errnoName, after, now } = shared
  const place = shared.place(target, user)
  const own: LaneOptions = { ...options, format }
  const report = fileReport(labelOf(options), path, shared)
  const drain: FileSink = new FileSink({
    place,
    maxSize,
    rotator: new Rotator(place, target, shared.compressor),
    longest: options.longest,
    pool: shared.pool,
    limit: shared.pending,
    after,
    now,
    errnoName,
    onTrouble: report.trouble,
    onDropped(lines) {
      report.dropped(lines)
      options.onDropped(lines)
    },
    onResumed: report.resumed,
    onEmpty() {
      if (drain.isClosed) shared.drains.delete(drain)
      shared.check()
    },
  })
  const drops = dropReport(labelOf(options), path, shared)
  return lane(shared, own, {
    drain,
    report: drops,
    style: styleFor(shared, own, undefined),
    file: drain,
    trouble: report,
  })
}

function styleFor(shared: Shared, options: LaneOptions, colour: number | undefined): Style {
  const { name, replica = 0, stream, run, format } = options
  const { width, plan, now } = shared
  const json = { program: name, replica, stream, run, now }
  return styleOf({ format, label: labelOf(options), width, colour, time: plan.timestamps ? now : undefined, json })
}

interface Ends {
  readonly drain: Drain
  readonly style: Style
  readonly report: DropReport
  readonly file?: FileSink
  readonly trouble?: FileReport
}

const lineEnd = Buffer.from('\n')

function lane(shared: Shared, options: LaneOptions, ends: Ends): Lane {
  const { drain, style, report, file, trouble } = ends
  const tap = options.overflow === 'drop' ? new DroppingTap(report) : new BlockingTap(options.gate)
  const dropping = new Dropping()
  const put = (bytes: Buffer, from: number, to: number): void => {
    if (dropping.cuts) return
    if (tap.drops && tap.isPaused) {
      const { lines, isOpen } = dropping.drop(bytes, from, to)
      if (isOpen) drain.put(tap, lineEnd, 0, 1)
      report.dropped(lines)
      options.onDropped(lines)
    } else {
      dropping.passed()
      drain.put(tap, bytes, from, to)
    }
  }
  const lines = assembleLines({
    style,
    longest: options.longest,
    mayCut: options.format !== 'raw',
    held: shared.held,
    passes: options.format === 'raw' && !tap.drops ? () => drain.isAlone() : () => false,
    out: shared.out,
    put,
    hold(on) {
      dropping.hold(on)
      drain.hold(tap, on)
    },
  })
  shared.drains.add(drain)
  drain.join(tap)
  const finish = (): void => {
    report.cleared()
    trouble?.finish()
  }
  return {
    lines,
    file,
    finish,
    close() {
      lines.end()
      drain.leave(tap)
      tap.resume()
      finish()
    },
  }
}

/** Slows the program down while its lines are not taken. */
class BlockingTap implements Tap {
  readonly drops = false
  isPaused = false
  readonly #gate: Tap
  constructor(gate: Tap) {
    this.#gate = gate
  }
  pause(): void {
    if (!this.isPaused) this.#gate.pause()
    this.isPaused = true
  }
  resume(): void {
    if (this.isPaused) this.#gate.resume()
    this.isPaused = false
  }
}

/** Lets the program run on; its lines are dropped meanwhile. */
class DroppingTap implements Tap {
  readonly drops = true
  isPaused = false
  readonly #report: DropReport
  constructor(report: DropReport) {
    this.#report = report
  }
  pause(): void {
    this.isPaused = true
  }
  resume(): void {
    this.isPaused = false
    this.#report.cleared()
  }
}
