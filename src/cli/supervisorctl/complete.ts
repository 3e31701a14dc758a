/** What the line of an interactive supervisorctl can go on with. */
import type { Struct } from '../../api/supervisor/codec.ts'
import { splitWhite } from '../../config/supervisord/python.ts'
import { specOf, textOf } from './ctl.ts'
import { commandNames } from './help.ts'

const ofGroups: ReadonlySet<string> = new Set(['add', 'remove', 'update'])
const ofProcesses: ReadonlySet<string> = new Set([
  ...['clear', 'fg', 'pid', 'restart', 'signal', 'start', 'status', 'stop', 'tail'],
])

/** The words that the last one of a line may become, and that one. `infos` are asked for if they are needed. */
export async function complete(
  line: string,
  infos: () => Promise<readonly Struct[]>,
): Promise<readonly [readonly string[], string]> {
  // A group with its process, `group:*`, and a name with dashes are one word.
  const word = /[^\s`~!@#$%^&()=+[{\]}\\|;'",<>/?]*$/.exec(line)?.[0] ?? ''
  const words = splitWhite(line)
  const [action = ''] = words
  const isAction = words.length === 0 || (words.length === 1 && !line.endsWith(' '))
  const all = isAction || action === 'help' ? commandNames : await namesFor(action, word, infos)
  return [[...new Set(all)].filter(it => it.startsWith(word)).map(it => `${it} `), word]
}

async function namesFor(action: string, word: string, infos: () => Promise<readonly Struct[]>) {
  if (ofGroups.has(action)) return (await infos()).map(it => textOf(it, 'group'))
  return ofProcesses.has(action) ? (await infos()).flatMap(info => specsOf(info, word)) : []
}

/** A process by itself, and with its group where that is needed or has been begun. */
function specsOf(info: Struct, word: string): readonly string[] {
  const group = textOf(info, 'group')
  const name = textOf(info, 'name')
  if (!word.includes(':') && name === group) return [specOf(group, name)]
  return [`${group}:${name}`, `${group}:*`]
}
