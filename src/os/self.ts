/** Foster calling itself, by a hidden word, to become a program. That process must die of what would end the program. */

/** Becomes CMD with its own pid in LISTEN_PID. */
export const activationWord = '__listen'

/** Becomes a program after it has given itself what foster must not have. */
export const wrapperWord = '__exec'

/** Whether this process is one that becomes a program. */
export function isBecoming(word: string | undefined): boolean {
  return word === activationWord || word === wrapperWord
}

/** The arguments, the executable first, that run foster by a hidden word. */
export function ownCommand(word: string, args: readonly string[]): readonly string[] {
  const isExecutable = process.getBuiltinModule('node:sea').isSea()
  const [, script = ''] = process.argv
  const self = isExecutable ? [] : [...process.execArgv, script]
  return [process.execPath, ...self, word, ...args]
}
