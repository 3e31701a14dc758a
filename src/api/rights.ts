/** Rights that somebody had when he asked, and may lose while the answer goes on. */
import type { Verb } from '../core/control.ts'
import type { Access } from './access.ts'
import type { FosterFacts } from './foster.ts'
import type { LineSource } from './lines.ts'

/**
 * Lines about these processes, which end when a reload has taken away the right to one of them. Those that it has removed
 * have nothing more to say.
 */
export function whileAllowed(
  { foster, access }: { readonly foster: FosterFacts; readonly access: Access },
  verb: Verb,
  indexes: readonly number[],
  lines: LineSource,
): LineSource {
  if (access.isOperator) return lines
  let isOver = false
  const isAllowed = (index: number): boolean => {
    const { plan, retired } = foster.world()
    const program = plan.programs[index]
    return retired.has(index) || (program !== undefined && access.mayWith(verb, program))
  }
  return {
    pull(most) {
      isOver ||= !access.may(verb) || !indexes.every(isAllowed)
      return isOver ? undefined : lines.pull(most)
    },
    get isOver() {
      return isOver || lines.isOver
    },
    onMore: callback => lines.onMore(callback),
    close: () => lines.close(),
  }
}
