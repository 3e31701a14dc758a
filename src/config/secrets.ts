/** Which parts of a text are not to be shown in excerpts. */
import { secretKeys, userAndPassword } from './tree.ts'

/** A part of a text: offsets, from and up to. */
export type Range = readonly [from: number, to: number]

/** Overwrites ranges, character for character, so that carets still fit. */
export function blot(text: string, ranges: readonly Range[]): string {
  let shown = ''
  let end = 0
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (to <= end) continue
    const start = Math.max(from, end)
    shown += text.slice(end, start) + text.slice(start, to).replace(/\S/g, '*')
    end = to
  }
  return shown + text.slice(end)
}

const secretKey = new RegExp(`^(\\s*).*?\\b(?:${[...secretKeys].join('|')})["']?\\s*:`)
const anyKey = /^(\s*)[\w.-]+:(?:\s|$)/

/**
 * Guesses where secrets stand in a text whose syntax is faulty, so that there is no tree to ask: what follows a secret
 * key in its line, and the lines below up to the next key that is indented no deeper. If the text has secret keys at all,
 * what follows a word that is no key of foster's is hidden, too: it may have got out of its place, or be meant for an
 * alias. Names of variables stay readable.
 */
export function guessSecrets(text: string, keys: ReadonlySet<string>): readonly Range[] {
  const lines = text.split('\n')
  const ranges: Range[] = [...text.matchAll(userAndPassword)].map(it => [it.index + 3, it.index + it[0].length])
  if (!lines.some(line => secretKey.test(line))) return ranges
  let offset = 0
  let indent: number | undefined
  for (const line of lines) {
    const end = offset + line.length
    const key = secretKey.exec(line)
    const other = anyKey.exec(line)
    if (key === null && indent !== undefined && other !== null && (other[1] ?? '').length <= indent) indent = undefined
    if (key !== null) ranges.push([offset + key[0].length, end])
    else if (indent !== undefined) ranges.push([offset + (named.exec(line)?.[0].length ?? 0), end])
    else {
      const from = foreign(line, keys)
      if (from !== undefined) ranges.push([offset + from, end])
    }
    if (key !== null) indent = (key[1] ?? '').length
    offset = end + 1
  }
  return ranges
}

const named = /^\s*(?:- )?[\w.-]+(?:[:=])/

/** Where the value begins behind a name that is none of foster's keys and with none in it; `NAME=` in a list as well. */
function foreign(line: string, keys: ReadonlySet<string>): number | undefined {
  const [whole = '', name = '', sign] = /^\s*(?:- )?["']?([\w.-]+)["']?\s*(:(?=\s|$)|=)/.exec(line) ?? []
  const rest = line.slice(whole.length)
  if (whole === '' || (sign === ':' && keys.has(name))) return undefined
  const isSection = sign === ':' && [...rest.matchAll(/([\w.-]+)["']?\s*:/g)].some(([, key = '']) => keys.has(key))
  return isSection ? undefined : whole.length
}
