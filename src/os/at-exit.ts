/** What is to be put in order even if foster goes down in a way nobody planned. */

/**
 * Signals that signal-exit listens to and foster does not, or knows by their other name. For one that has no other
 * listener it takes the process for dying: it would do the work, while foster goes on.
 */
const unheard = ['SIGIOT', 'SIGPOLL', 'SIGXFSZ'] as const

/** Does something at the end of the process, however that comes about; not where it is ended by `_exit` or SIGKILL. */
export async function atExit(work: () => void): Promise<void> {
  for (const signal of unheard) if (process.listenerCount(signal) === 0) process.on(signal, () => {})
  const { onExit } = await import('signal-exit')
  onExit(work)
}
