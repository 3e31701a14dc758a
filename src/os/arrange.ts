/** In what order descriptors are put where a program expects them, so that none is overwritten before it is used. */

/** A descriptor of foster's, and what it is to be in the program. */
export interface Placement {
  readonly target: number
  readonly fd: number
}

/** The moves of dup2(2), in order. What `lifted` says must be done first: those descriptors stand where another is put. */
export interface Arrangement {
  readonly moves: readonly Placement[]
  /** Copies to be made at or above `above`, where no target is; `moves` of these name the original. */
  readonly lifted: ReadonlySet<number>
  readonly above: number
}

/** Arranges placements with different targets. Onto itself, a move only clears close-on-exec. */
export function arrange(moves: readonly Placement[]): Arrangement {
  const lifted = new Set<number>()
  const overwritten = new Set<number>()
  for (const { target, fd } of moves) {
    if (overwritten.has(fd)) lifted.add(fd)
    if (target !== fd) overwritten.add(target)
  }
  return { moves, lifted, above: Math.max(2, ...moves.map(({ target }) => target)) + 1 }
}
