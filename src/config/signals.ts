/** The section `signals` -> what foster does with a signal that it gets. */

import { didYouMean } from '../core/nearest.ts'
import type { Reaction, Reactions } from '../core/plan.ts'
import { parseSignal } from '../core/signal.ts'
import type { Diagnostic } from '../errors.ts'
import type { Settings } from './schema.ts'
import type { Shape } from './shape.ts'
import { fault, find } from './tree.ts'

type Written = NonNullable<NonNullable<Settings['signals']>[string]>

/** Resolves it. Faults are reported: a signal that is written twice, a program that does not exist. */
export function resolveSignals({ settings, tree, programs }: Shape, diagnostics: Diagnostic[]): Reactions {
  const reactions: { -readonly [Key in keyof Reactions]: Reactions[Key] } = {}
  const names = new Set(programs.map(({ name }) => name))
  for (const [key, written] of Object.entries(settings.signals ?? {})) {
    const signal = parseSignal(key)
    if (signal === undefined || written === null) continue
    const { at } = find(tree, ['signals', key])
    if (reactions[signal] !== undefined) diagnostics.push(fault(at, 'duplicate', `SIG${signal} is written twice`))
    if (signal === 'KILL' || signal === 'STOP' || signal === 'CHLD') {
      diagnostics.push(fault(at, 'invalid-value', `nobody can choose what SIG${signal} does to foster`))
    }
    reactions[signal] = reactionOf(written)
    for (const [index, name] of (typeof written === 'string' ? [] : (written.to ?? [])).entries()) {
      if (names.has(name)) continue
      const place = find(tree, ['signals', key, 'to', index]).at
      diagnostics.push(fault(place, 'unknown-program', `there is no program "${name}"`, didYouMean(name, names)))
    }
  }
  return reactions
}

function reactionOf(written: Written): Reaction {
  if (written === 'stop' || written === 'ignore') return { do: written }
  if (written === 'forward') return { do: 'forward', to: undefined, as: undefined }
  return { do: 'forward', to: written.to ?? undefined, as: written.as ?? undefined }
}
