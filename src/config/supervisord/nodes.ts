/** Nodes of the tree that YAML would give, with places in a Supervisor file. */
import { literal } from '../expand.ts'
import { readScalar } from '../scalar.ts'
import type { Mapping, Origin, Scalar, Tree } from '../tree.ts'
import type { Expanded } from './expand.ts'

/** A scalar as it would stand in YAML without quotes. */
export function scalar(text: string, at: Origin): Scalar {
  return { kind: 'scalar', at, text, plain: true, masked: false, value: readScalar(text) }
}

/** A text of the file. */
export function texted({ text, shown }: Expanded, at: Origin): Scalar {
  const isMasked = text !== shown
  return { kind: 'scalar', at, text, plain: false, masked: isMasked, value: text, ...(isMasked && { shown }) }
}

/** A text of the file where foster would fill in `%(name)` of its own. */
export function escaped({ text, shown, parts }: Expanded, at: Origin): Scalar {
  return texted({ text: literal(text), shown: literal(shown), parts }, at)
}

/** A map of entries that all stand at one place. */
export function mapOf(at: Origin, nodes: Readonly<Record<string, Tree>>): Mapping<Scalar> {
  return { kind: 'map', at, entries: new Map(Object.entries(nodes).map(([key, node]) => [key, { at: node.at, node }])) }
}
