/** A command as it is written -> the words that are executed. */
import type { Diagnostic } from '../errors.ts'
import { fault, inside, type Origin, warning } from './tree.ts'
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
  const notes: WordsFault[] = []
  const words = typeof command === 'string' ? splitWords(command, notes, !('variable' in at)) : command
  const report = (place: Origin, message: string, hint?: string): void =>
    void diagnostics.push(fault(place, 'invalid-command', message, hint))
  const hintOf = ({ hint }: WordsFault): string | undefined =>
    hint?.includes('"shell: true"') ? (shell ?? hint) : hint
  if ('message' in words) {
    report(within(at, command, words), words.message, hintOf(words))
    return []
  }
  for (const note of notes) {
    diagnostics.push(warning(within(at, command, note), 'bare-dollar', note.message, hintOf(note)))
  }
  if (words[0] === undefined) report(at, 'the command is empty')
  else if (words[0] === '') report(at, "the command's first word is empty")
  return words
}

function within(at: Origin, command: string | readonly string[], { offset, length }: WordsFault): Origin {
  return typeof command === 'string' ? inside(at, command, offset, length) : at
}
