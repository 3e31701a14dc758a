/** Long computations, a few milliseconds in each turn of the loop: signals, children and output have theirs in between. */

/** Milliseconds. */
const longestTurn = 4

/**
 * Takes the steps of a computation in turns, the first at once. `done` hears what came of it, `failed` of an exception; the
 * function it returns calls the rest off.
 */
export function inTurns<T>(
  steps: Iterator<void, T>,
  done: (result: T) => void,
  failed: (error: unknown) => void,
): () => void {
  let isCalledOff = false
  const turn = (): void => {
    if (isCalledOff) return
    const end = performance.now() + longestTurn
    try {
      let step = steps.next()
      while (step.done !== true && performance.now() < end) step = steps.next()
      if (step.done === true) done(step.value)
      else setImmediate(turn)
    } catch (error) {
      failed(error)
    }
  }
  turn()
  return () => {
    isCalledOff = true
  }
}
