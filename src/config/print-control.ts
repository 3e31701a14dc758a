/** `control` and `http` as the plan has them, to be printed. */
import type { Plan } from '../core/plan.ts'
import type { Emitted, Flat } from './emit.ts'
import type { Path } from './tree.ts'

/** Says a value with where it comes from; `secret`: it is masked wherever it comes from. */
export type Say = (value: Flat, path: Path, secret?: boolean) => Emitted

/** The entries of the top level; what has its default is left out where no value could say it. */
export function controlEntries({ control, http }: Plan, say: Say): [string, Emitted][] {
  const entries: [string, Emitted][] = []
  const own: [string, Emitted][] = []
  if (control !== undefined) {
    const { socket, mode, access } = control
    const path = typeof socket === 'string' ? socket : socket.at === 'none' ? false : undefined
    if (path !== undefined) own.push(['socket', say(path, ['control', 'socket'])])
    if (mode !== undefined) {
      own.push(['mode', say(`0${mode.toString(8).padStart(3, '0')}`, ['control', 'mode'])])
    }
    const items = access.map((rule, index): Emitted => {
      const at = (key: string): Path => ['control', 'access', index, key]
      const key = 'uid' in rule.who ? 'user' : 'group'
      return {
        entries: [
          [key, say(rule.name, at(key))],
          ['allow', say(rule.allow, at('allow'))],
          ...(rule.programs === undefined
            ? []
            : [['programs', say(rule.programs, at('programs'))] as [string, Emitted]]),
        ],
      }
    })
    own.push(['access', { items }])
    entries.push(['control', { entries: own }])
  }
  if (http === undefined) return entries
  const host = http.address === undefined ? '*' : http.address.includes(':') ? `[${http.address}]` : http.address
  const below: [string, Emitted][] = [['listen', say(`${host}:${http.port}`, ['http', 'listen'])]]
  if (http.token !== undefined) below.push(['token', say(http.token, ['http', 'token'], true)])
  return [...entries, ['http', { entries: below }]]
}
