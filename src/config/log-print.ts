/** The log of a program as values that `foster config` prints. */
import type { LogTarget, ProgramLogPlan } from '../core/log-plan.ts'
import type { OutputStream } from '../core/output.ts'
import type { Flat } from './emit.ts'

/** Each key of `log`, in the order of the reference; without a stream that goes nowhere that has a name in YAML. */
export function logValues({ format, stdout, stderr, maxLine, overflow }: ProgramLogPlan): readonly [string, Flat][] {
  const values: readonly [string, Flat | undefined][] = [
    ['format', format],
    ['stdout', written(stdout, 'stdout')],
    ['stderr', stderr === 'stdout' ? stderr : written(stderr, 'stderr')],
    ['max_line', maxLine],
    ['overflow', overflow],
  ]
  return values.flatMap(([key, value]): [string, Flat][] => (value === undefined ? [] : [[key, value]]))
}

/** Whether a program's output goes where only a Supervisor file can send it. */
export function hasNamelessTarget({ stdout, stderr }: ProgramLogPlan): boolean {
  return [...stdout, ...(stderr === 'stdout' ? [] : stderr)].some(isNameless)
}

type Nameless = Extract<LogTarget, { to: 'protocol' | 'syslog' }>

const isNameless = (target: LogTarget): target is Nameless => target.to === 'protocol' || target.to === 'syslog'

/** A list only where there are several; undefined where there is no word for any of them. */
function written(targets: readonly LogTarget[], own: OutputStream): Flat | undefined {
  const named = targets.flatMap(target => (isNameless(target) ? [] : targetOf(target, own)))
  const [first, ...more] = named
  if (first === undefined) return targets.length === 0 ? [] : undefined
  return more.length === 0 ? first : [first, ...more]
}

function targetOf(target: Exclude<LogTarget, Nameless>, own: OutputStream): Flat {
  if (target.to === 'forward' && target.stream !== own) return new Map([['file', `/dev/${target.stream}`]])
  if (target.to !== 'file') return target.to
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
