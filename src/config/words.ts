/** A command string -> words, as a POSIX shell would split it, without running one. */

/** What is wrong with a command, or may be, and where in its text. */
export interface WordsFault {
  readonly offset: number
  readonly length: number
  readonly message: string
  readonly hint?: string
}

const useShell = 'set "shell: true" to run it with /bin/sh, or write the command as a list'

/** What a shell would act upon and foster would hand on as text: that would be a surprise. */
const operator = /\$\(|`|\|\||&&|[|&;<>]+/y

const plain = /[^\s'"\\`|&;<>$]+/y

interface Splitting {
  readonly text: string
  at: number
  /** The word being read; undefined between words. An empty pair of quotes is a word. */
  word: string | undefined
  readonly words: string[]
  readonly notes: WordsFault[]
  readonly isFilledIn: boolean
}

/** What only a shell understands as a command, and what there is in its place. */
const shellWords: ReadonlyMap<string, string> = new Map([
  ['exec', 'leave it out: there is no shell that the program would have to replace'],
  ['cd', 'write "working_dir: ..."'],
  ['export', 'write "environment: {NAME: VALUE}"'],
  ['ulimit', 'write "ulimits: ..."'],
  ['umask', 'write "umask: ..."'],
  ...['source', '.', 'eval', 'set', 'if', 'while', 'until', 'for', 'case'].map(word => [word, useShell] as const),
])

/** Words with single blanks between them, and nothing that means anything to a shell: most commands. */
const simple =
  /^[^\s'"\\`|&;<>$=~\u201c\u201d\u2018\u2019\u2013\u2014]+(?: [^\s'"\\`|&;<>$=~\u201c\u201d\u2018\u2019\u2013\u2014]+)*$/

/**
 * Splits a command into words: quotes and backslashes mean what they mean to a shell, nothing is expanded. What is then
 * handed on as it is, though a shell would not, is noted. `isFilledIn`: foster's variables were filled in, so that a `${`
 * that is left is meant.
 */
export function splitWords(text: string, notes: WordsFault[] = [], isFilledIn = true): readonly string[] | WordsFault {
  if (simple.test(text)) {
    const words = text.split(' ')
    return shellWord(0, words[0] ?? '') ?? words
  }
  const state: Splitting = { text, at: 0, word: undefined, words: [], notes, isFilledIn }
  const [, blanks = '', first = ''] = /^(\s*)(\S+)/.exec(text) ?? []
  const word = shellWord(blanks.length, first)
  if (word !== undefined) return word
  const assignment = /^\s*[A-Za-z_][A-Za-z0-9_]*=/.exec(text)
  if (assignment !== null) {
    const message = 'the command begins with NAME=, which only a shell understands'
    return {
      offset: 0,
      length: assignment[0].length,
      message,
      hint: 'put it under "environment", or set "shell: true"',
    }
  }
  while (state.at < text.length) {
    const fault = step(state)
    if (fault !== undefined) return fault
  }
  endWord(state)
  if (state.words.length > 0) return state.words
  return { offset: 0, length: Math.max(1, text.length), message: 'the command is empty' }
}

function shellWord(offset: number, word: string): WordsFault | undefined {
  const hint = shellWords.get(word)
  if (hint === undefined) return undefined
  return { offset, length: word.length, message: `"${word}" is a word of the shell, no program`, hint }
}

function step(state: Splitting): WordsFault | undefined {
  const { text, at } = state
  switch (text[at]) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
      return space(state)
    case "'":
      return single(state)
    case '"':
      return double(state)
    case '\\':
      return backslash(state)
    default:
      return unquoted(state)
  }
}

function endWord(state: Splitting): void {
  if (state.word !== undefined) state.words.push(state.word)
  state.word = undefined
}

/** A line break ends a command in a shell; foster has one command to run. */
function space(state: Splitting): WordsFault | undefined {
  const { text, at } = state
  endWord(state)
  const blank = /\s+/y
  blank.lastIndex = at
  const run = blank.exec(text)?.[0] ?? ' '
  state.at += run.length
  if (!run.includes('\n') || state.words.length === 0 || state.at === text.length) return undefined
  const hint = 'fold them into one line with ">-" in place of "|", or set "shell: true"'
  return { offset: at, length: 1, message: 'the command has several lines, which a shell would run one by one', hint }
}

function single(state: Splitting): WordsFault | undefined {
  const end = state.text.indexOf("'", state.at + 1)
  if (end === -1) return { offset: state.at, length: 1, message: "a single quote (') is not closed" }
  state.word = (state.word ?? '') + state.text.slice(state.at + 1, end)
  state.at = end + 1
  return undefined
}

function double(state: Splitting): WordsFault | undefined {
  const start = state.at
  const body = /"((?:[^"\\]|\\[\s\S])*)"/y
  body.lastIndex = start
  const match = body.exec(state.text)
  if (match === null) return { offset: start, length: 1, message: 'a double quote (") is not closed' }
  state.word = (state.word ?? '') + (match[1] ?? '').replace(/\\([$`"\\\n])/g, (_, char) => (char === '\n' ? '' : char))
  state.at = body.lastIndex
  return undefined
}

function backslash(state: Splitting): WordsFault | undefined {
  const next = state.text[state.at + 1]
  if (next === undefined) return { offset: state.at, length: 1, message: 'the command ends in a backslash' }
  if (next !== '\n') state.word = (state.word ?? '') + next
  state.at += 2
  return undefined
}

function unquoted(state: Splitting): WordsFault | undefined {
  const { text, at } = state
  operator.lastIndex = at
  const sign = operator.exec(text)?.[0]
  if (sign !== undefined) {
    return {
      offset: at,
      length: sign.length,
      message: `unquoted ${JSON.stringify(sign)} needs a shell`,
      hint: useShell,
    }
  }
  note(state)
  plain.lastIndex = at
  const run = plain.exec(text)?.[0] ?? text[at] ?? ''
  state.word = (state.word ?? '') + run
  state.at += run.length
  return undefined
}

/** What a shell would replace here, or looks like a sign that means something; once for each command. */
function note({ text, at, word, notes, isFilledIn }: Splitting): void {
  if (notes.length > 0) return
  const dollar = isFilledIn ? variable : unfilled
  for (const [pattern, message, hint] of word === undefined ? [dollar, home, typographic] : [dollar]) {
    pattern.lastIndex = at
    const length = pattern.exec(text)?.[0].length
    if (length === undefined) continue
    notes.push({ offset: at, length, message, hint })
    return
  }
}

type Note = readonly [pattern: RegExp, message: string, hint: string]

const variable: Note = [
  /\$(?:[A-Za-z_][A-Za-z0-9_]*|[0-9?@*#])/y,
  'a "$" without braces stays as it is: no shell fills in a variable',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the user is to write
  'write ${NAME} for a variable of foster, or set "shell: true"',
]

const unfilled: Note = [
  /\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*|[0-9?@*#])/y,
  'a "$" stays as it is: foster fills in no variable here, and no shell does',
  'set "shell: true" to run it with /bin/sh',
]

/** At the beginning of a word. */
const home: Note = [/~(?=\/|\s|$)/y, 'a "~" stays as it is', 'write the directory']
const typographic: Note = [
  /[\u201c\u201d\u2018\u2019\u2013\u2014]+/y,
  'a typographic quote or dash is a letter like any other',
  `write ", ' or -`,
]
