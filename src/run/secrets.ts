/** The secrets of a program: variables whose values are read from files at each of its starts. */
import type { Program } from '../core/plan.ts'
import { readSecret } from '../os/files.ts'

type Values = Readonly<Record<string, string>>

/** Reads them all; `reason` says which cannot be read and why. */
export function secretsOf({ secrets }: Program): { readonly values: Values; readonly reason: string | undefined } {
  const values: [string, string][] = []
  const reasons: string[] = []
  for (const [name, path] of Object.entries(secrets)) {
    const read = readSecret(path)
    if ('value' in read) values.push([name, read.value])
    else reasons.push(`cannot read secret ${name} from ${path}: ${read.reason}`)
  }
  return { values: Object.fromEntries(values), reason: reasons.length > 0 ? reasons.join('; ') : undefined }
}
