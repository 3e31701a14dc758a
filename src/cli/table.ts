/** The table of `status`. */
import type { ProcessStatus, StateName } from '../api/answers.ts'
import { describe } from './describe.ts'
import { harmless, padded, widthOf, wrapped } from './width.ts'

/** What a table is written on. */
export interface Paper {
  /** Lines are broken to fit; undefined: they are as long as they are, for programs. */
  readonly columns: number | undefined
  readonly isColoured: boolean
}

const green = 32
const yellow = 33
const red = 31

const colours: Readonly<Record<StateName, number | undefined>> = {
  STOPPED: undefined,
  WAITING: yellow,
  STARTING: yellow,
  RUNNING: green,
  BACKOFF: red,
  STOPPING: yellow,
  EXITED: undefined,
  FATAL: red,
}

/** As wide as supervisorctl's. */
const stateWidth = 10
/** Room that the descriptions have at least: a long name then pushes only its own line. */
const leastWords = 36

/** Name, state, description; a line each, all with a newline. Gives `''` for no processes. */
export function statusTable(processes: readonly ProcessStatus[], { columns, isColoured }: Paper): string {
  const longest = Math.max(0, ...processes.map(({ name }) => widthOf(harmless(name))))
  const most = columns === undefined ? longest : Math.max(8, columns - stateWidth - leastWords - 2)
  const nameWidth = Math.min(longest, most) + 2
  const indent = nameWidth + stateWidth
  return processes.map(process => row(process, nameWidth, indent, columns, isColoured)).join('')
}

function row(
  process: ProcessStatus,
  nameWidth: number,
  indent: number,
  columns: number | undefined,
  isColoured: boolean,
): string {
  const name = harmless(process.name)
  const isLong = widthOf(name) + 2 > nameWidth
  const head = isLong ? `${name}\n${' '.repeat(nameWidth)}` : padded(name, nameWidth)
  const colour = isColoured ? colours[process.state] : undefined
  const state = process.state.padEnd(stateWidth)
  const painted =
    colour === undefined
      ? state
      : `\x1b[${colour}m${state.trimEnd()}\x1b[0m${' '.repeat(stateWidth - process.state.length)}`
  const words = describe(process)
  const lines = columns === undefined ? [words] : wrapped(words, Math.max(20, columns - indent))
  return `${`${head}${painted}${lines.join(`\n${' '.repeat(indent)}`)}`.trimEnd()}\n`
}
