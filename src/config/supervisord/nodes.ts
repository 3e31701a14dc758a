/** Nodes of the tree that YAML would give, with places in a Supervisor file. */
import { literal } from '../expand.ts'
import { readScalar } from '../scalar.ts'
import type { Mapping, Origin, Scalar, Tree } from '../tree.ts'
import { type Expanded, templateOf } from './expand.ts'

/** A scalar as it would stand in YAML without quotes. */
export function scalar(text: string, at: Origin): Scalar {
  return { kind: 'scalar', at, text, plain: true, masked: false, value: readScalar(text) }
}

/** A scalar that was written in a Supervisor file. */
export interface Converted extends Scalar {
  /** The text in YAML, with `${X}` for variables of foster's. */
  readonly template?: string
}

/** A text of the file. */
export function texted(written: Expanded, at: Origin): Converted {
  const { text, shown } = written
  const isMasked = text !== shown
  const masked = isMasked && { shown, template: templateOf(written) }
  return { kind: 'scalar', at, text, plain: false, masked: isMasked, value: text, ...masked }
}

/** A text of the file where foster would fill in `%(name)` of its own. */
export function escaped({ text, shown, parts }: Expanded, at: Origin): Scalar {
  const safe = parts.map(part => ({ ...part, text: literal(part.text) }))
  return texted({ text: literal(text), shown: literal(shown), parts: safe }, at)
}

/** A map of entries that all stand at one place. */
export function mapOf(at: Origin, nodes: Readonly<Record<string, Tree>>): Mapping<Scalar> {
  return { kind: 'map', at, entries: new Map(Object.entries(nodes).map(([key, node]) => [key, { at: node.at, node }])) }
}
