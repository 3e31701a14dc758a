/** Where `foster convert` puts output that a Supervisor file sends to a file that has other output already: YAML refuses that. */
import { posix } from 'node:path'
import type { OutputStream } from '../../core/output.ts'
import type { Entry, Mapping, Scalar, Tree } from '../tree.ts'
import { scalar } from './nodes.ts'

type Entries = ReadonlyMap<string, Entry<Scalar>>

const outputStreams: readonly OutputStream[] = ['stdout', 'stderr']

/** What a program's `log` becomes, with words for what was changed, one for each stream. */
export interface OwnLog {
  readonly entries: Entries
  readonly changed: readonly string[]
}

/**
 * The entries of a program with files of its own: both streams in one file are joined, and what goes to another program's
 * file is passed on to foster's own output. `owners` says whose a file is, and learns of this program's; `isSeveral`: the
 * program has replicas, of which each would write.
 */
export function withOwnFiles(entries: Entries, name: string, isSeveral: boolean, owners: Map<string, string>): OwnLog {
  const log = entries.get('log')
  if (log?.node.kind !== 'map') return { entries, changed: [] }
  const kept = new Map(log.node.entries)
  const changed: string[] = []
  const before = fileOf(kept.get('stdout')?.node)
  for (const stream of outputStreams) {
    const path = fileOf(kept.get(stream)?.node)
    if (path === undefined) continue
    const owner = isSeveral
      ? 'all of them write to'
      : owners.has(path)
        ? `${owners.get(path)} writes to, too`
        : undefined
    if (stream === 'stderr' && path === before) kept.set(stream, { at: log.at, node: scalar('stdout', log.at) })
    else if (owner === undefined) continue
    else {
      kept.delete(stream)
      changed.push(`${stream} is passed on to foster's, in place of ${path}, which ${owner}`)
    }
  }
  for (const stream of outputStreams) {
    const path = fileOf(kept.get(stream)?.node)
    if (path !== undefined) owners.set(path, name)
  }
  const node: Mapping<Scalar> = { ...log.node, entries: kept }
  return { entries: new Map([...entries, ['log', { ...log, node }]]), changed }
}

/** The file that a stream goes to. */
function fileOf(node: Tree | undefined): string | undefined {
  if (node?.kind === 'list') return node.items.map(fileOf).find(it => it !== undefined)
  const file = node?.kind === 'map' ? node.entries.get('file')?.node : undefined
  return file?.kind === 'scalar' ? posix.normalize(file.text) : undefined
}
