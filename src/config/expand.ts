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
  const changes: Partial<Record<(typeof expanded)[number], unknown>> = {}
  let isChanged = false
  for (const key of expanded) {
    const after = deep(program[key], program)
    if (after === program[key]) continue
    changes[key] = after
    isChanged = true
  }
  return isChanged ? ({ ...program, ...changes } as Program) : program
}

/** The value itself where there is nothing to fill in, which is nearly always. */
function deep(value: unknown, program: Program): unknown {
  if (typeof value === 'string') return expand(value, program)
  if (typeof value !== 'object' || value === null) return value
  const before = value as Readonly<Record<string, unknown>>
  let copy: Record<string, unknown> | undefined
  for (const key of Object.keys(before)) {
    const after = deep(before[key], program)
    if (after === before[key]) continue
    copy ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>
    copy[key] = after
  }
  return copy ?? value
}
