/** `%(name)` and `%(replica)` in commands, environments, directories, probes and the paths of logs. */
import type { Program } from '../core/plan.ts'

const pattern = /%?%\((name|replica)\)/g

/** Fills them in; `%%(name)` is a literal `%(name)`. */
export function expand(text: string, { name, replica }: Pick<Program, 'name' | 'replica'>): string {
  if (!text.includes('%(')) return text
  return text.replace(pattern, (written, what: string) => {
    if (written.startsWith('%%')) return written.slice(1)
    return what === 'name' ? name : String(replica ?? 0)
  })
}

/** Writes a text so that `expand` gives it back. */
export function literal(text: string): string {
  return text.replace(/%\((?:name|replica)\)/g, '%$&')
}

/** What of a program is filled in for each of its processes; its probes are when they are resolved. */
const expanded = ['command', 'pidFile', 'stopCommand', 'workingDir', 'environment', 'log'] as const

/** The processes of a program: one, without a number, or as many as `replicas` says, each with its number filled in. */
export function processesOf(program: Program, replicas = 1): readonly Program[] {
  if (replicas === 1) return [filledIn(program)]
  return Array.from({ length: replicas }, (_, replica) => filledIn({ ...program, replica }))
}

function filledIn(program: Program): Program {
  const changes = expanded.map(key => [key, deep(program[key], program)] as const)
  return { ...program, ...Object.fromEntries(changes) }
}

/** The value itself where there is nothing to fill in, which is nearly always. */
function deep(value: unknown, program: Program): unknown {
  if (typeof value === 'string') return expand(value, program)
  if (Array.isArray(value)) {
    const items = value.map(item => deep(item, program))
    return items.every((item, index) => item === value[index]) ? value : items
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const after = entries.map(([key, item]) => [key, deep(item, program)] as const)
  return after.every(([, item], index) => item === entries[index]?.[1]) ? value : Object.fromEntries(after)
}
