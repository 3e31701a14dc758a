/** The secrets of a program: variables whose values are read from files at each of its starts. */
import type { Program } from '../core/plan.ts'
import { readSecret } from '../os/files.ts'

type Values = Readonly<Record<string, string>>

/** Reads them all; `reason` says which cannot be read and why, `isShortage` that it is for want of a descriptor or memory. */
export function secretsOf({ secrets }: Pick<Program, 'secrets'>): {
  readonly values: Values
  readonly reason: string | undefined
  readonly isShortage: boolean
} {
  const values: [string, string][] = []
  const reasons: string[] = []
  let isShortage = false
  for (const [name, path] of Object.entries(secrets)) {
    const read = readSecret(path)
    if ('value' in read) {
      values.push([name, read.value])
      continue
    }
    reasons.push(`cannot read secret ${name} from ${path}: ${read.reason}`)
    isShortage ||= read.isShortage === true
  }
  const reason = reasons.length > 0 ? reasons.join('; ') : undefined
  return { values: Object.fromEntries(values), reason, isShortage }
}

/** Which secrets each program was last started with, as a digest: a reload restarts it if they have changed. */
export class SecretsSeen {
  readonly #digests = new Map<number, string>()

  /** A program is being started with these. */
  note(index: number, values: Values): void {
    if (Object.keys(values).length > 0) this.#digests.set(index, digestOf(values))
    else this.#digests.delete(index)
  }

  /** Whether the files say something else now. A file that cannot be read changes nothing. */
  haveChanged(index: number, program: Program): boolean {
    const digest = this.#digests.get(index)
    if (digest === undefined) return false
    const { values, reason } = secretsOf(program)
    return reason === undefined && digestOf(values) !== digest
  }
}

function digestOf(values: Values): string {
  return process.getBuiltinModule('node:crypto').hash('sha256', JSON.stringify(Object.entries(values).sort()))
}
