/** Python's `getopt`, in its words: how supervisord and supervisorctl read their options. */

/** An option: its letter, its word, what it sets, and whether a value follows. */
export interface Option {
  readonly letter: string
  readonly word: string
  readonly takesValue: boolean
}

/** An option without a value. */
export const flag = (letter: string, word: string): Option => ({ letter, word, takesValue: false })
/** An option with a value. */
export const value = (letter: string, word: string): Option => ({ letter, word, takesValue: true })

/** An option as it was given. */
export interface Given {
  readonly option: Option
  readonly written: string
  readonly value: string | undefined
}

/** `getopt.getopt`: letters may stand together, words may be cut short; a string says what is wrong. */
export function getopt(
  args: readonly string[],
  options: readonly Option[],
): { options: readonly Given[]; rest: readonly string[] } | string {
  const found: Given[] = []
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? ''
    if (word === '--') return { options: found, rest: args.slice(at + 1) }
    if (!word.startsWith('-') || word === '-') return { options: found, rest: args.slice(at) }
    const read = word.startsWith('--')
      ? longOption(word, args[at + 1], options)
      : shortOptions(word, args[at + 1], options)
    if (typeof read === 'string') return read
    found.push(...read.options)
    if (read.tookNext) at++
  }
  return { options: found, rest: [] }
}

type Read = { readonly options: readonly Given[]; readonly tookNext: boolean } | string

function longOption(written: string, next: string | undefined, options: readonly Option[]): Read {
  const [, word = '', inline] = /^--([^=]*)(?:=(.*))?$/s.exec(written) ?? []
  const fitting = options.filter(option => option.word !== '' && option.word.startsWith(word))
  const option = fitting.find(it => it.word === word) ?? fitting[0]
  if (option === undefined) return `option --${word} not recognized`
  if (fitting.length > 1 && option.word !== word) return `option --${word} not a unique prefix`
  const name = `--${option.word}`
  if (!option.takesValue) {
    if (inline !== undefined) return `option ${name} must not have an argument`
    return { options: [{ option, written: name, value: undefined }], tookNext: false }
  }
  if (inline === undefined && next === undefined) return `option ${name} requires argument`
  return { options: [{ option, written: name, value: inline ?? next }], tookNext: inline === undefined }
}

function shortOptions(written: string, next: string | undefined, options: readonly Option[]): Read {
  const found: Given[] = []
  for (let at = 1; at < written.length; at++) {
    const letter = written.charAt(at)
    const option = options.find(it => it.letter === letter)
    if (option === undefined) return `option -${letter} not recognized`
    const inline = option.takesValue ? written.slice(at + 1) : ''
    if (option.takesValue && inline === '' && next === undefined) return `option -${letter} requires argument`
    found.push({ option, written: `-${letter}`, value: option.takesValue ? inline || next : undefined })
    if (option.takesValue) return { options: found, tookNext: inline === '' }
  }
  return { options: found, tookNext: false }
}
