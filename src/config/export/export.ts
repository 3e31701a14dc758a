/** `foster export`: what was loaded, in the words of another. Loaded only for that. */
import type { Loaded } from '../load.ts'
import { composeFile } from './compose.ts'
import { kubernetesPod } from './kubernetes.ts'
import type { Format } from './lost.ts'
import type { ExportOptions } from './notes.ts'
import { shownOf } from './shown.ts'
import { labelOf } from './units.ts'

/** What is asked for. */
export interface Export extends Omit<ExportOptions, 'name'> {
  readonly format: Format
  /** Undefined: after the folder of the configuration. */
  readonly name: string | undefined
  /** Values that came from variables are written as they are. */
  readonly showSecrets: boolean
}

/** Writes the export; undefined if there is nothing to export. `files` are absolute. */
export function exported({ plan, written }: Loaded, files: readonly string[], wanted: Export): string | undefined {
  if (plan === undefined || written === undefined || plan.programs.length === 0) return undefined
  const options: ExportOptions = { image: wanted.image, name: wanted.name ?? nameOf(files) }
  const shown = shownOf(written, wanted.showSecrets)
  return wanted.format === 'kubernetes' ? kubernetesPod(plan, shown, options) : composeFile(plan, shown, options)
}

/** The folder that the first file lies in, but for those where any configuration lies. */
function nameOf([file = '']: readonly string[]): string {
  const folder = /([^/]+)\/[^/]+$/.exec(file)?.[1] ?? ''
  return folder === '' || folder === 'etc' || /^\/(?:dev|proc)\//.test(file) ? 'foster' : labelOf(folder)
}
