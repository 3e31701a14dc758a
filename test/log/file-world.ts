/** One program whose output goes to a file on a disk of the test's. */
import { type FileTarget, fileDefaults, type ProgramLogPlan } from '../../src/core/log-plan.ts'
import { type BenchOptions, bench } from './fakes.ts'

/** A file with the documented defaults. */
export const file = (changes: Partial<FileTarget> = {}): FileTarget => ({
  to: 'file',
  ...fileDefaults,
  path: '/l',
  ...changes,
})

/** One program whose stdout goes to a file; `files` prepares the disk. */
export function world(changes: Partial<FileTarget> = {}, options: BenchOptions & { overflow?: 'drop' } = {}) {
  const { overflow = 'block', maxLine = 1000 } = options
  const log: Partial<ProgramLogPlan> = { stdout: [file(changes)], maxLine, overflow }
  const made = bench({ ...options, programs: [{ name: 'web', log }] })
  const write = (text: string, most?: number): void => {
    made.pipes.write(1, text)
    while (made.pipes.turn(1, most));
  }
  return { ...made, web: made.logs.program(0), write }
}

/** A log of which only stdout matters. */
export const fullLog = (log: { stdout: FileTarget[] }) => ({
  ...{ format: undefined, stderr: [], maxLine: 1000, overflow: 'block' as const },
  ...log,
})
