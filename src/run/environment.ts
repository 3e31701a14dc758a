/** The environment of a program. Design, sections 3 and 4. */
import type { Program } from '../core/plan.ts'

/** Where programs find the control socket. */
export const socketVariable = 'FOSTER_SOCKET'

type Variables = Readonly<Record<string, string>>

/**
 * What a program finds in its environment, later ones win: what it inherits without FOSTER_*, HOME, USER and LOGNAME
 * of its user, what the configuration says, its secrets, and how foster calls it. FOSTER_SOCKET is foster's own, whatever
 * is inherited; it is in `all` where there is a control socket.
 */
export function environmentOf(program: Program, all: Variables, secrets: Variables = {}): Record<string, string> {
  const { user, environment, name, replica, group, envInherit, setsIdentity } = program
  const inherited = envInherit === true ? all : matching(all, envInherit === false ? [] : envInherit)
  const identity = user?.home === undefined || !setsIdentity ? {} : { HOME: user.home, ...namesOf(user.name) }
  const ours = { FOSTER_NAME: name, FOSTER_GROUP: group ?? name, FOSTER_REPLICA: String(replica ?? 0) }
  const socket = all[socketVariable]
  const control = socket === undefined ? {} : { [socketVariable]: socket }
  return { ...inherited, ...identity, ...environment, ...secrets, ...ours, ...control }
}

/** The variables whose names match a pattern: `*` stands for any characters, `?` for one. */
function matching(all: Variables, patterns: readonly string[]): Variables {
  if (patterns.length === 0) return {}
  const expressions = patterns.map(pattern =>
    pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, '.*')
      .replaceAll('?', '.'),
  )
  const expression = new RegExp(`^(?:${expressions.join('|')})$`, 's')
  return Object.fromEntries(Object.entries(all).filter(([name]) => expression.test(name)))
}

/** Foster's own environment, as programs may inherit it. */
export function inheritable(environment: Readonly<Record<string, string | undefined>>): Variables {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !name.startsWith('FOSTER_')) kept[name] = value
  }
  return kept
}

function namesOf(name: string | undefined): Variables {
  return name === undefined ? {} : { USER: name, LOGNAME: name }
}
