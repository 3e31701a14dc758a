/** The files that a pattern names, as a shell has them: `*`, `?` and `[...]`, each within one directory. */
import { lstatSync, readdirSync } from 'node:fs'
import { posix, resolve } from 'node:path'

/** So many names are looked at for one pattern: `/*` `/*` `/*` could go on for minutes. */
const mostNames = 20_000

/** Linux knows no longer ones (PATH_MAX). */
const longestPath = 4096

/**
 * The paths that match a pattern, relative to the directory if the pattern is; undefined if that would take too long.
 * What cannot be read matches nothing, nor does what the kernel makes up: there is always more of it.
 */
export function glob(pattern: string, directory: string): readonly string[] | undefined {
  if (pattern.length > longestPath) return []
  let found: readonly string[] = [pattern.startsWith('/') ? '/' : '']
  let looked = 0
  let isCertain = false
  const steps = pattern.split('/').filter(step => step !== '')
  for (const [index, step] of steps.entries()) {
    const isLast = index === steps.length - 1
    const matches = matcherOf(step)
    const next: string[] = []
    for (const above of found) {
      if (matches === undefined) {
        if (!isLast || exists(resolve(directory, above + step))) next.push(above + step)
        looked++
      } else {
        const names = namesIn(resolve(directory, above))
        looked += 1 + names.length
        for (const name of names) if (matches(name)) next.push(above + name)
      }
      if (looked > mostNames) return undefined
    }
    isCertain = isLast
    found = isLast ? next : next.map(path => `${path}/`)
  }
  return isCertain ? found.map(path => posix.normalize(path)) : []
}

/** Where opening a file may do something. */
const ofKernel = /^\/(?:proc|sys|dev(?!\/shm(?:\/|$)))(?:\/|$)/

function namesIn(directory: string): readonly string[] {
  if (ofKernel.test(directory)) return []
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function exists(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}

/** What a part of a pattern stands for: one character of a kind, or any number of any. */
type Token = ((character: string) => boolean) | 'any number'

/** Tells whether a name fits; undefined if the step is a name itself. One that begins with a dot is meant only by a dot. */
function matcherOf(step: string): ((name: string) => boolean) | undefined {
  if (!/[*?[]/.test(step)) return undefined
  const tokens = tokensOf(step)
  return name => (!name.startsWith('.') || step.startsWith('.')) && fits([...name], tokens)
}

function tokensOf(step: string): readonly Token[] {
  const tokens: Token[] = []
  for (const [part, negation, set] of step.matchAll(/\[([!^]?)(\]?[^\]]*)\]|\*+|./gsu)) {
    if (part.startsWith('*')) tokens.push('any number')
    else if (part === '?') tokens.push(() => true)
    else if (set === undefined || set === '') tokens.push(character => character === part)
    else tokens.push(character => isIn(character, set) === (negation === ''))
  }
  return tokens
}

function isIn(character: string, set: string): boolean {
  for (const [, from = '', to = from] of set.matchAll(/(.)(?:-(.))?/gsu)) {
    if (character >= from && character <= to) return true
  }
  return false
}

/** In time of one length times the other: only the last `*` is ever tried again. */
function fits(name: readonly string[], tokens: readonly Token[]): boolean {
  let at = 0
  let token = 0
  let star = -1
  let tried = 0
  while (at < name.length) {
    const wanted = tokens[token]
    if (wanted === 'any number') {
      star = token++
      tried = at
    } else if (wanted?.(name[at] ?? '')) {
      at++
      token++
    } else if (star === -1) return false
    else {
      token = star + 1
      at = ++tried
    }
  }
  return tokens.slice(token).every(rest => rest === 'any number')
}
