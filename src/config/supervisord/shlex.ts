/** Python's `shlex` in the two ways in which Supervisor uses it: for commands and for `environment`. */

/** Splits a command as `shlex.split` does; a string says why it cannot be. */
export function splitCommand(text: string): readonly string[] | string {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (' \t\r\n'.includes(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (character === '\\') {
      at++
      if (at === text.length) return 'No escaped character'
      word = (word ?? '') + text.charAt(at)
    } else if (character === '"' || character === "'") {
      const quoted = character === "'" ? single(text, at + 1) : double(text, at + 1)
      if (typeof quoted === 'string') return quoted
      word = (word ?? '') + quoted.text
      at = quoted.end
    } else {
      word = (word ?? '') + character
    }
  }
  if (word !== undefined) words.push(word)
  return words
}

/** What stands between quotes, and where the closing one is; a string says what is missing. */
type Quoted = { readonly text: string; readonly end: number } | string

function single(text: string, from: number): Quoted {
  const end = text.indexOf("'", from)
  return end === -1 ? noQuote : { text: text.slice(from, end), end }
}

/** Inside double quotes a backslash escapes only itself and the quote. */
function double(text: string, from: number): Quoted {
  let found = ''
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '"') return { text: found, end: at }
    if (character !== '\\') {
      found += character
      continue
    }
    at++
    if (at === text.length) return 'No escaped character'
    const next = text.charAt(at)
    found += next === '"' || next === '\\' ? next : `\\${next}`
  }
  return noQuote
}

const noQuote = 'No closing quotation'

/** A token and where it begins. */
export interface Token {
  readonly text: string
  readonly at: number
}

/** What `environment` consists of, and where comments begin that hide the rest of a line. */
export interface Lexed {
  readonly tokens: readonly Token[]
  readonly comments: readonly number[]
}

/** What may stand in a word of `environment` without quotes; quotes may follow inside a word. */
const inWord = /[A-Za-z0-9_/.+\-():]/

/**
 * The tokens of `environment`: Python's lexer as it is outside its POSIX mode, with Supervisor's own word characters, as
 * in all its releases. A `#` outside quotes drops the rest of the line. A string says why the text cannot be read.
 */
export function tokensOf(text: string): Lexed | string {
  const tokens: Token[] = []
  const comments: number[] = []
  let at = 0
  while (at < text.length) {
    const character = text.charAt(at)
    if (' \t\r\n'.includes(character)) at++
    else if (character === '#') {
      comments.push(at)
      at = afterLine(text, at)
    } else if (character === '"' || character === "'") {
      const end = text.indexOf(character, at + 1)
      if (end === -1) return noQuote
      tokens.push({ text: text.slice(at, end + 1), at })
      at = end + 1
    } else if (inWord.test(character)) at = readWord(text, at, tokens, comments)
    else tokens.push({ text: character, at: at++ })
  }
  return { tokens, comments }
}

/** A word goes on behind the comment that interrupts it. */
function readWord(text: string, from: number, tokens: Token[], comments: number[]): number {
  let word = ''
  let at = from
  while (at < text.length) {
    const next = text.charAt(at)
    if (next === '#') {
      comments.push(at)
      at = afterLine(text, at)
    } else if (inWord.test(next) || next === '"' || next === "'") {
      word += next
      at++
    } else break
  }
  tokens.push({ text: word, at: from })
  return at
}

function afterLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end + 1
}
