/** The log of a program as values that `foster config` prints. */
import type { LogTarget, ProgramLogPlan } from '../core/log-plan.ts'
import type { OutputStream } from '../core/output.ts'
import type { Flat } from './emit.ts'

/** Each key of `log`, in the order of the reference. */
export function logValues({ format, stdout, stderr, maxLine, overflow }: ProgramLogPlan): readonly [string, Flat][] {
  return [
    ...(format === undefined ? [] : [['format', format] as [string, Flat]]),
    ['stdout', written(stdout, 'stdout')],
    ['stderr', stderr === 'stdout' ? stderr : written(stderr, 'stderr')],
    ['max_line', maxLine],
    ['overflow', overflow],
  ]
}

/** A list only where there are several. */
function written(targets: readonly LogTarget[], own: OutputStream): Flat {
  const [first, ...more] = targets.map(target => targetOf(target, own))
  return first === undefined ? [] : more.length === 0 ? first : [first, ...more]
}

function targetOf(target: LogTarget, own: OutputStream): Flat {
  if (target.to === 'forward' && target.stream !== own) return new Map([['file', `/dev/${target.stream}`]])
  // A listener of Supervisor's is told by its file alone: YAML has no word for it.
  if (target.to !== 'file') return target.to === 'protocol' || target.to === 'syslog' ? 'null' : target.to
  const { path, maxSize, keep, compress, owner, format } = target
  const entries: [string, Flat][] = [
    ['file', path],
    ['max_size', maxSize],
    ['keep', keep],
    ['compress', compress],
    ['owner', owner],
    ['format', format],
  ]
  return new Map(entries)
}
