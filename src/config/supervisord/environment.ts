/** `environment=A="b",C='d'`: Supervisor's grammar, token by token, and a word where it drops something silently. */
import { warning } from '../tree.ts'
import type { Expanded, Names, Part } from './expand.ts'
import { expandNames, ofParts } from './expand.ts'
import { type Option, optionOf, type Section } from './ini.ts'
import type { VariableConfig } from './model.ts'
import { complain, filledIn, isVerbatim, placeIn, type Reading, valuePlace } from './reading.ts'
import { type Lexed, type Token, tokensOf } from './shlex.ts'

/**
 * The variables that a section's `environment` sets; a faulty one sets none. `twice`: Supervisor's releases fill in the
 * names of `[supervisord]` two times, and refuse what cannot be filled in again; later versions do it once.
 */
export function environmentOf(
  reading: Reading,
  section: Section,
  names: Names,
  twice = false,
): ReadonlyMap<string, VariableConfig> {
  const variables = new Map<string, VariableConfig>()
  const option = optionOf(reading.ini, section, 'environment')
  const once = option && filledIn(reading, option, 'environment', names)
  if (option === undefined || once === undefined) return variables
  const expanded = twice ? again(once, names) : once
  const lexed = tokensOf(expanded.text)
  if (typeof lexed === 'string') {
    complain(reading, section, 'environment', lexed, 'a quote is not closed')
    return variables
  }
  const { tokens } = lexed
  const cuts: (() => void)[] = []
  for (let at = 0; at < tokens.length; at += 4) {
    const [name, equals, value, comma] = tokens.slice(at, at + 4)
    if (name === undefined || equals?.text !== '=' || value === undefined) {
      const message = "Unexpected end of key/value pairs in value '***'"
      complain(reading, section, 'environment', message, 'expected NAME="value",NAME="value"')
      return new Map()
    }
    const [from, text] = unquoted(value)
    variables.set(name.text, { value: slice(expanded, from, text), at: locate(option, expanded, name) })
    if (comma !== undefined) cuts.push(() => checkSeparator(reading, option, expanded, name, comma))
  }
  for (const cut of cuts) cut()
  checkComments(reading, option, expanded, lexed)
  return variables
}

function again(once: Expanded, names: Names): Expanded {
  const expanded = once.text.includes('%') ? expandNames(once.text, names) : once
  return 'why' in expanded ? once : expanded
}

/** Without the quotes at both ends, and where that begins. */
function unquoted({ text, at }: Token): readonly [from: number, text: string] {
  const start = /^['"]*/.exec(text)?.[0].length ?? 0
  return [at + start, text.slice(start).replace(/['"]+$/, '')]
}

/** A part of an expanded text, which still knows what came from variables. */
function slice({ text, parts }: Expanded, from: number, wanted: string): Expanded {
  // A comment inside a word: the parts do not tell any more.
  if (!text.startsWith(wanted, from)) return ofParts([{ text: wanted, masked: true }])
  const end = from + wanted.length
  let before = 0
  const within: Part[] = []
  for (const part of parts) {
    const start = Math.max(from - before, 0)
    const stop = Math.min(end - before, part.text.length)
    if (start < stop)
      within.push(
        stop - start === part.text.length ? part : { text: part.text.slice(start, stop), masked: part.masked },
      )
    before += part.text.length
  }
  return ofParts(within)
}

/** Where a token stands; if names were filled in, where the option does. */
function locate(option: Option, expanded: Expanded, { at, text }: Token) {
  return isVerbatim(option, expanded) ? placeIn(option, at, text.length) : valuePlace(option)
}

/** Supervisor skips one token between two pairs whatever it is: `A=$HOME` sets A to `$`. */
function checkSeparator(reading: Reading, option: Option, expanded: Expanded, name: Token, token: Token): void {
  if (token.text === ',' || token.text === ';') return
  const message = `the value of ${name.text} ends before this, as with supervisord: a part of it is dropped`
  const at = locate(option, expanded, token)
  reading.diagnostics.push(warning(at, 'supervisor-cut', message, 'put the value in double quotes'))
}

function checkComments(reading: Reading, option: Option, expanded: Expanded, { comments }: Lexed): void {
  for (const at of comments) {
    const place = locate(option, expanded, { at, text: '#' })
    const message = 'a "#" outside quotes hides the rest of the line, as with supervisord'
    reading.diagnostics.push(warning(place, 'supervisor-cut', message, 'put the value in double quotes'))
  }
}
