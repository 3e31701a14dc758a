/** What a name in a request stands for: a process, all replicas of a program, a group, everything. Pure. */
import { allowSuggestions, didYouMean } from '../core/nearest.ts'
import { labelOf, type Program } from '../core/plan.ts'
import type { Failure } from './answers.ts'

/** The group that a program is controlled with. */
export function groupOf({ name, group }: Pick<Program, 'name' | 'group'>): string {
  return group ?? name
}

/**
 * The processes with a name, as indexes in the order of the plan: `web:0` and `web` (every replica), `group:*`,
 * `group:web` and `group:web_0` as Supervisor has them, `all`. `sees` leaves out what the asker is not to know of.
 */
export function resolveName(
  name: string,
  programs: readonly Program[],
  sees: (program: Program, index: number) => boolean,
): readonly number[] | Failure {
  const found = programs.flatMap((program, index) => (sees(program, index) && isCalled(program, name) ? [index] : []))
  if (found.length > 0 || name === 'all') return found
  allowSuggestions()
  const known = programs.filter(sees).flatMap(it => [labelOf(it), it.name, `${groupOf(it)}:*`])
  const hint = didYouMean(name.slice(0, 200), new Set([...known, 'all'])) ?? listed(known)
  return { code: 'unknown-program', message: `there is no program ${JSON.stringify(name.slice(0, 200))}`, hint }
}

function isCalled(program: Program, name: string): boolean {
  if (name === 'all' || name === program.name || name === labelOf(program)) return true
  const group = groupOf(program)
  if (!name.startsWith(`${group}:`)) return false
  const rest = name.slice(group.length + 1)
  return rest === '*' || rest === program.name || rest === `${program.name}_${program.replica ?? 0}`
}

function listed(known: readonly string[]): string | null {
  const names = [...new Set(known)].filter(it => !it.endsWith(':*'))
  if (names.length === 0) return null
  return `there ${names.length === 1 ? 'is' : 'are'} ${names.slice(0, 8).join(', ')}${names.length > 8 ? ', ...' : ''}`
}
