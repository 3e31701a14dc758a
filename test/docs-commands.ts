/** Finds the commands of a page: all lines of its `sh` blocks, and indented lines that begin as commands do. */

/** The text of the `sh` blocks, each as it stands. */
export function shellOf(page: string): readonly string[] {
  return [...page.matchAll(/^( *)```sh\n([^`]*)^ *```$/gm)].map(([, indent = '', text = '']) =>
    text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  )
}

const beginning = /^ {4}(?:foster(?! \|)|docker|podman|npm|node|curl|kubectl|apt-get|supervisorctl|[A-Z_]+=\S+) ?/

/** The commands, lines that end with a backslash joined to the next, without what is said of them behind a gap. */
export function commandsIn(page: string): readonly string[] {
  const blocks = shellOf(page).flatMap(text => text.replaceAll(/ *\\\n */g, ' ').split('\n'))
  const outside = page.replaceAll(/^ *```[^`]*^ *```$/gm, '').replaceAll(/ *\\\n */g, ' ')
  const indented = outside.split('\n').filter(line => beginning.test(line))
  return [...blocks, ...indented]
    .map(line =>
      line
        .trimStart()
        .replace(/ {3,}\S.*$| {2,}# .*$/, '')
        .trim(),
    )
    .filter(line => line !== '')
}
