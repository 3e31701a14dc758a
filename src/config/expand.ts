/** `%(name)` and `%(replica)` in commands, environments and directories. */

const pattern = /%?%\((name|replica)\)/g

/** Fills them in; there is one replica as yet. `%%(name)` is a literal `%(name)`. */
export function expand(text: string, name: string): string {
  if (!text.includes('%(')) return text
  return text.replace(pattern, (written, what: string) => {
    if (written.startsWith('%%')) return written.slice(1)
    return what === 'name' ? name : '0'
  })
}

/** Writes a text so that `expand` gives it back. */
export function literal(text: string): string {
  return text.replace(/%\((?:name|replica)\)/g, '%$&')
}
