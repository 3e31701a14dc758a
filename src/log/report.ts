/** What is said about lines that are lost: not more often than is of use, and in the end completely. */
import type { Level } from './voice.ts'

/** A program's dropped lines, and a file's troubles, are told of at most once in so many milliseconds. */
const dropMillis = 1000
const troubleMillis = 60_000

/** How a report is made. */
export interface ReportOptions {
  say(level: Level, text: string): void
  readonly after: (millis: number, done: () => void) => () => void
  /** Hears, whenever it is said, how many lines a program has lost. */
  readonly lost?: ((who: string, lines: number) => void) | undefined
}

/** Counts the lines that a program has lost to a slow reader. */
export interface DropReport {
  dropped(lines: number): void
  /** The reader takes lines again, or foster ends. */
  cleared(): void
}

/** `who` is the program, `what` the stream of foster's, or the file. */
export function dropReport(who: string, what: string, { say, after, lost }: ReportOptions): DropReport {
  let lines = 0
  let isQuiet = false
  let isClear = true
  const tell = (): void => {
    if (lines === 0 || !isClear || isQuiet) return
    say('warning', `${who}: ${counted(lines)} dropped, the reader of ${what} was too slow`)
    lost?.(who, lines)
    lines = 0
    isQuiet = true
    after(dropMillis, () => {
      isQuiet = false
      tell()
    })
  }
  return {
    dropped(count) {
      lines += count
      isClear = false
    },
    cleared() {
      isClear = true
      tell()
    },
  }
}

/** Tells of one file's troubles. */
export interface FileReport {
  trouble(what: 'write' | 'rotate', reason: string): void
  dropped(lines: number): void
  resumed(): void
  /** Foster ends: what was not told yet is. */
  finish(): void
}

/** `who` is the program, `path` the file. */
export function fileReport(who: string, path: string, { say, after, lost }: ReportOptions): FileReport {
  let lines = 0
  const quiet = new Set<string>()
  let isUnsaid = false
  let isOver = false
  const once = (what: string, tell: () => void): void => {
    if (quiet.has(what)) return
    quiet.add(what)
    after(troubleMillis, () => quiet.delete(what))
    tell()
  }
  const resumed = (): void => {
    const missing = lines > 0 ? `; ${counted(lines)} lost` : ''
    if (isUnsaid || lines > 0) say('warning', `${who}: ${path} is written again${missing}`)
    if (lines > 0) lost?.(who, lines)
    isUnsaid = false
    lines = 0
  }
  const finish = (): void => {
    isOver = true
    if (lines > 0) say('error', `${who}: ${counted(lines)} for ${path} could not be written: lost`)
    if (lines > 0) lost?.(who, lines)
    lines = 0
  }
  return {
    trouble(what, reason) {
      once(what, () => {
        say('error', `${who}: cannot ${what} ${path}: ${reason}`)
        if (what === 'write') isUnsaid = true
      })
    },
    dropped(count) {
      lines += count
      if (isOver) finish()
    },
    resumed: () => once('resumed', resumed),
    finish,
  }
}

function counted(lines: number): string {
  return lines === 1 ? '1 line' : `${lines} lines`
}
