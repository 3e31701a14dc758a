/** `${VAR}` in values, as in Compose; every other `$` stays as it is. Raw tree -> tree. */
import type { Diagnostic } from '../errors.ts'
import { readScalar } from './scalar.ts'
import { type Entry, fault, inside, type RawScalar, type RawTree, type Scalar, type Tree } from './tree.ts'

/** How many characters interpolation may produce in one file: more is a mistake or an attack. */
export const mostProduced = 4 * 1024 * 1024

const deepest = 50

interface Filling extends Variables {
  readonly diagnostics: Diagnostic[]
  /** Nodes that several aliases share are filled in once. */
  readonly done: Map<RawTree, Tree>
}

/**
 * Fills in the variables of every value and gives the scalars their types: a plain one is read again after
 * interpolation, so that `replicas: ${N}` is a number; a quoted one stays a string. Faults go to `diagnostics`.
 */
export function interpolate(
  tree: RawTree,
  environment: Readonly<Record<string, string>>,
  diagnostics: Diagnostic[],
): Tree {
  return fill(tree, { environment, diagnostics, done: new Map(), left: mostProduced })
}

function fill(tree: RawTree, filling: Filling): Tree {
  if (tree.kind === 'raw' && !tree.text.includes('${')) return typed(tree)
  const known = filling.done.get(tree)
  if (known !== undefined) return known
  let filled: Tree
  if (tree.kind === 'raw') filled = fillScalar(tree, filling)
  else if (tree.kind === 'list') filled = { ...tree, items: tree.items.map(item => fill(item, filling)) }
  else {
    const entries = new Map<string, Entry<Scalar>>()
    for (const [key, entry] of tree.entries) entries.set(key, { at: entry.at, node: fill(entry.node, filling) })
    filled = { ...tree, entries }
  }
  filling.done.set(tree, filled)
  return filled
}

/** Gives a scalar without variables its type. */
export function typed(raw: RawScalar, text = raw.text, shown?: string): Scalar {
  const { at, plain } = raw
  const value = plain ? readScalar(text) : text
  const masked = shown !== undefined
  return {
    kind: 'scalar',
    at,
    text,
    plain,
    masked,
    ...(masked && { shown }),
    value,
    ...(raw.faulty && { faulty: true }),
  }
}

function fillScalar(raw: RawScalar, filling: Filling): Scalar {
  const { text, shown, problems } = expandVariables(raw.text, filling)
  if (problems.length === 0) return typed(raw, text, shown)
  for (const { from, to, code, message, hint } of problems) {
    filling.diagnostics.push(fault(inside(raw.at, raw.text, from, to - from), code, message, hint))
  }
  return typed({ ...raw, plain: false, faulty: true }, '', '***')
}

/** A text with its variables filled in. */
export interface Expansion {
  readonly text: string
  /** The text with `***` for each variable; undefined if there is none. */
  readonly shown: string | undefined
  /** In the order of the text. */
  readonly problems: readonly Problem[]
}

/** What variables are filled in from, and how many characters they may still produce. */
export interface Variables {
  readonly environment: Readonly<Record<string, string>>
  left: number
}

/** Fills in the `${...}` of a text. */
export function expandVariables(written: string, variables: Variables): Expansion {
  const scan: Scan = { text: written, at: 0, problems: [] }
  const pieces = parsePieces(scan, 0)
  const text = scan.problems.length === 0 ? evaluate(pieces, variables, scan) : ''
  const isLiteral = pieces.every(piece => typeof piece === 'string')
  const shown = isLiteral ? undefined : pieces.map(piece => (typeof piece === 'string' ? piece : '***')).join('')
  return { text, shown, problems: scan.problems }
}

interface Problem {
  /** Offsets into the text, from and up to. */
  readonly from: number
  readonly to: number
  readonly code: string
  readonly message: string
  readonly hint?: string
}

interface Scan {
  readonly text: string
  at: number
  /** The first that concerns the syntax ends the scan. */
  readonly problems: Problem[]
}

interface Variable {
  readonly name: string
  readonly operator: string
  /** The default, the message, or what stands for a variable that is set. */
  readonly rest: readonly Piece[]
  readonly from: number
  readonly to: number
}

type Piece = string | Variable

/** Reads text and variables up to the end or, inside a default, up to the `}` that closes it. */
function parsePieces(scan: Scan, depth: number): readonly Piece[] {
  const pieces: Piece[] = []
  const stop = depth > 0 ? /\$?\$\{|\}/g : /\$?\$\{/g
  while (scan.problems.length === 0 && scan.at < scan.text.length) {
    stop.lastIndex = scan.at
    const match = stop.exec(scan.text)
    pieces.push(scan.text.slice(scan.at, match?.index))
    scan.at = match?.index ?? scan.text.length
    if (match === null || match[0] === '}') break
    scan.at += match[0].length
    if (match[0] === '$${') pieces.push('${')
    else pieces.push(parseVariable(scan, depth + 1))
  }
  return pieces
}

const opening = /([A-Za-z_][A-Za-z0-9_]*)(:?[-?+]|(?=\}))/y

function parseVariable(scan: Scan, depth: number): Variable {
  const start = scan.at
  const from = start - 2
  opening.lastIndex = start
  const match = opening.exec(scan.text)
  const none = { name: '', operator: '', rest: [], from, to: start }
  if (depth > deepest) return complain(scan, from, 'defaults are nested too deeply') ?? none
  if (match === null) return complain(scan, from, wrongOpening(scan.text.slice(start))) ?? none
  scan.at = opening.lastIndex
  const rest = parsePieces(scan, depth)
  if (scan.problems.length === 0 && scan.text[scan.at] !== '}') complain(scan, from, 'there is no "}" after "${"')
  scan.at++
  return { name: match[1] ?? '', operator: match[2] ?? '', rest, from, to: scan.at }
}

/** Names nothing that stands there: it could be a secret with a "${" in it. */
function wrongOpening(rest: string): string {
  const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(rest)?.[0]
  if (name === undefined) return '"${" is not followed by the name of a variable'
  if (!rest.includes('}')) return 'there is no "}" after "${"'
  return 'expected "}", ":-", "-", ":?", "?", ":+" or "+" after "${" and the name of a variable'
}

/** Reports what is wrong with the variable that begins there. */
function complain(scan: Scan, from: number, message: string): undefined {
  const end = scan.text.indexOf('}', from)
  const to = end === -1 ? scan.text.length : end + 1
  scan.problems.push({ from, to, code: 'interpolation', message, hint: 'for a literal "${" write "$${"' })
}

function evaluate(pieces: readonly Piece[], variables: Variables, scan: Scan): string {
  let text = ''
  for (const piece of pieces) {
    const part: string = typeof piece === 'string' ? piece : fillVariable(piece, variables, scan)
    variables.left -= part.length
    if (variables.left < 0) {
      const message = 'the variables of this file expand to more than 4 MiB'
      if (scan.problems.length === 0) scan.problems.push({ from: 0, to: scan.text.length, code: 'too-large', message })
      return ''
    }
    text += part
  }
  return text
}

const mostProblems = 100

/** Remembers what is wrong; so many in one text are enough to read. */
function report({ problems }: Scan, problem: Problem): void {
  if (problems.length < mostProblems) problems.push(problem)
}

function fillVariable(variable: Variable, variables: Variables, scan: Scan): string {
  const { name, operator, rest, from, to } = variable
  const value = Object.hasOwn(variables.environment, name) ? variables.environment[name] : undefined
  const isSet = value !== undefined && !(value === '' && operator.startsWith(':'))
  if (operator.endsWith('+')) return isSet ? evaluate(rest, variables, scan) : ''
  if (isSet) return value
  if (operator.endsWith('-')) return evaluate(rest, variables, scan)
  const state = value === undefined ? 'not set' : 'empty'
  if (operator === '') {
    const hint = `set it, or write \${${name}:-default}`
    report(scan, { from, to, code: 'unset-variable', message: `the variable ${name} is ${state}`, hint })
    return ''
  }
  const why = rest.map(piece => (typeof piece === 'string' ? piece : '***')).join('')
  const message = `the variable ${name} is ${state}${why === '' ? '' : `: ${why}`}`
  report(scan, { from, to, code: 'unset-variable', message })
  return ''
}
