/** The environment of a program. Design, sections 3 and 4. */
import type { Program } from '../core/plan.ts'

type Variables = Readonly<Record<string, string>>

/**
 * What a program finds in its environment, later ones win: what foster inherited without FOSTER_*, HOME, USER and
 * LOGNAME of its user, what the configuration says, and how foster calls it.
 */
export function environmentOf(program: Program, inherited: Variables): Record<string, string> {
  const { user, environment, name } = program
  const identity = user === undefined ? {} : { HOME: user.home, ...namesOf(user.name) }
  const ours = { FOSTER_NAME: name, FOSTER_GROUP: name, FOSTER_REPLICA: '0' }
  return { ...inherited, ...identity, ...environment, ...ours }
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
