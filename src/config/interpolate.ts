/** `${VAR}` in values, as in Compose; every other `$` stays as it is. Raw tree -> tree. */
import type { Diagnostic } from '../errors.ts'
import { readScalar } from './scalar.ts'
import { type Entry, fault, type RawScalar, type RawTree, type Scalar, type Tree } from './tree.ts'

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
  const { text, shown, problem } = expandVariables(raw.text, filling)
  if (problem === undefined) return typed(raw, text, shown)
  filling.diagnostics.push(fault(raw.at, problem.code, problem.message, problem.hint))
  return typed({ ...raw, plain: false, faulty: true }, '', '***')
}

/** A text with its variables filled in. */
export interface Expansion {
  readonly text: string
  /** The text with `***` for each variable; undefined if there is none. */
  readonly shown: string | undefined
  readonly problem: Problem | undefined
}

/** What variables are filled in from, and how many characters they may still produce. */
export interface Variables {
  readonly environment: Readonly<Record<string, string>>
  left: number
}

/** Fills in the `${...}` of a text. */
export function expandVariables(written: string, variables: Variables): Expansion {
  const scan: Scan = { text: written, at: 0, problem: undefined }
  const pieces = parsePieces(scan, 0)
  const text = scan.problem === undefined ? evaluate(pieces, variables, scan) : ''
  const isLiteral = pieces.every(piece => typeof piece === 'string')
  const shown = isLiteral ? undefined : pieces.map(piece => (typeof piece === 'string' ? piece : '***')).join('')
  return { text, shown, problem: scan.problem }
}

interface Problem {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

interface Scan {
  readonly text: string
  at: number
  /** The first thing that is wrong; it ends the scan. */
  problem: Problem | undefined
}

interface Variable {
  readonly name: string
  readonly operator: string
  /** The default, or the message. */
  readonly rest: readonly Piece[]
}

type Piece = string | Variable

/** Reads text and variables up to the end or, inside a default, up to the `}` that closes it. */
function parsePieces(scan: Scan, depth: number): readonly Piece[] {
  const pieces: Piece[] = []
  const stop = depth > 0 ? /\$?\$\{|\}/g : /\$?\$\{/g
  while (scan.problem === undefined && scan.at < scan.text.length) {
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

const opening = /([A-Za-z_][A-Za-z0-9_]*)(:-|-|:\?|\?|(?=\}))/y

function parseVariable(scan: Scan, depth: number): Variable {
  const start = scan.at
  opening.lastIndex = start
  const match = opening.exec(scan.text)
  const none = { name: '', operator: '', rest: [] }
  if (depth > deepest) return complain(scan, 'defaults are nested too deeply') ?? none
  if (match === null) return complain(scan, wrongOpening(scan.text.slice(start))) ?? none
  scan.at = opening.lastIndex
  const rest = parsePieces(scan, depth)
  if (scan.problem === undefined && scan.text[scan.at] !== '}') complain(scan, 'there is no "}" after "${"')
  scan.at++
  return { name: match[1] ?? '', operator: match[2] ?? '', rest }
}

/** Names nothing that stands there: it could be a secret with a "${" in it. */
function wrongOpening(rest: string): string {
  const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(rest)?.[0]
  if (name === undefined) return '"${" is not followed by the name of a variable'
  if (!rest.includes('}')) return 'there is no "}" after "${"'
  return 'expected "}", ":-", "-", ":?" or "?" after "${" and the name of a variable'
}

function complain(scan: Scan, message: string): undefined {
  scan.problem ??= { code: 'interpolation', message, hint: 'for a literal "${" write "$${"' }
}

function evaluate(pieces: readonly Piece[], variables: Variables, scan: Scan): string {
  let text = ''
  for (const piece of pieces) {
    const part: string = typeof piece === 'string' ? piece : fillVariable(piece, variables, scan)
    variables.left -= part.length
    if (variables.left < 0) {
      scan.problem ??= { code: 'too-large', message: 'the variables of this file expand to more than 4 MiB' }
    }
    if (scan.problem !== undefined) return ''
    text += part
  }
  return text
}

function fillVariable(variable: Variable, variables: Variables, scan: Scan): string {
  const { name, operator, rest } = variable
  const value = Object.hasOwn(variables.environment, name) ? variables.environment[name] : undefined
  if (value !== undefined && !(value === '' && operator.startsWith(':'))) return value
  if (operator.endsWith('-')) return evaluate(rest, variables, scan)
  const state = value === undefined ? 'not set' : 'empty'
  if (operator === '') {
    const hint = `set it, or write \${${name}:-default}`
    scan.problem ??= { code: 'unset-variable', message: `the variable ${name} is ${state}`, hint }
    return ''
  }
  const why = rest.map(piece => (typeof piece === 'string' ? piece : '***')).join('')
  const message = `the variable ${name} is ${state}${why === '' ? '' : `: ${why}`}`
  scan.problem ??= { code: 'unset-variable', message }
  return ''
}
