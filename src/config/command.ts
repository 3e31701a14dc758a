/** A command as it is written -> the words that are executed. */
import type { Diagnostic } from '../errors.ts'
import { fault, type Origin } from './tree.ts'
import { splitWords, type WordsFault } from './words.ts'

/**
 * Splits a string as a shell would; a list is taken as it is. Empty if it is faulty, which is reported. `shell` says how
 * to have a shell where there is no key "shell" for it.
 */
export function wordsOf(
  command: string | readonly string[],
  at: Origin,
  diagnostics: Diagnostic[],
  shell?: string,
): readonly string[] {
  const words = typeof command === 'string' ? splitWords(command) : command
  const report = (place: Origin, message: string, hint?: string): void =>
    void diagnostics.push(fault(place, 'invalid-command', message, hint))
  if ('message' in words) {
    const hint = words.hint?.includes('"shell: true"') ? (shell ?? words.hint) : words.hint
    report(within(at, command, words), words.message, hint)
    return []
  }
  if (words[0] === undefined) report(at, 'the command is empty')
  else if (words[0] === '') report(at, "the command's first word is empty")
  return words
}

/** The place inside a command, where it stands in the file as it was read: on one line, without quotes or variables. */
function within(at: Origin, command: string | readonly string[], { offset, length }: WordsFault): Origin {
  if ('variable' in at || at.length !== command.length) return at
  return { ...at, column: at.column + offset, length: Math.min(length, at.length - offset) }
}
