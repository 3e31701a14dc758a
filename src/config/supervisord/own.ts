/** foster's own options in `[program:x]`, which supervisord ignores: typed as YAML would type them. */
import type { Place } from '../../errors.ts'
import { readScalar } from '../scalar.ts'
import type { Entry, Scalar, Tree } from '../tree.ts'
import type { Expanded } from './expand.ts'
import type { ProcessConfig, SupervisorConfig } from './model.ts'
import { escaped, scalar, texted } from './nodes.ts'
import { strings } from './values.ts'

/** What has the same name and meaning in YAML. */
export function ownEntries(own: ProcessConfig['own'], at: (name: string) => Place): Readonly<Record<string, Tree>> {
  const entries: Record<string, Tree> = {}
  for (const [name, text] of own) {
    if (name === 'depends_on') continue
    const isCommand = name === 'stop_command'
    const node = isCommand ? escaped(text, at(name)) : texted(text, at(name))
    entries[name] = { ...node, plain: true, value: isCommand ? node.text : readScalar(node.text) }
  }
  return entries
}

const conditions = /^(.*?):(started|ready|completed|service_started|service_healthy|service_completed_successfully)$/

/**
 * `depends_on=db, migrate:completed`: programs and groups, which stand for all of their processes, each with a condition
 * if the usual one will not do.
 */
export function dependenciesOf(
  { own, section }: ProcessConfig,
  at: Place,
  { groups }: SupervisorConfig,
  names: ReadonlyMap<ProcessConfig, string>,
): Readonly<Record<string, Tree>> {
  const written: Expanded | undefined = own.get('depends_on')
  if (written === undefined) return {}
  const entries = new Map<string, Entry<Scalar>>()
  for (const item of strings(written.text).filter(it => it !== '')) {
    const [, wanted = item, condition] = conditions.exec(item) ?? []
    const node: Scalar = condition === undefined ? scalar('', at) : scalar(condition, at)
    const found = groups
      .flatMap(({ processes }) => processes)
      .filter(it => it.name === wanted || it.group === wanted || it.section.name === `program:${wanted}`)
    const targets = found.filter(it => it.section !== section).map(it => names.get(it) ?? it.name)
    for (const name of found.length === 0 ? [wanted] : targets) entries.set(name, { at, node })
  }
  return { depends_on: { kind: 'map', at, entries } }
}
