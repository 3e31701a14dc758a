/** `log` of a program -> where its output goes in the plan, and what is wrong with it. */
import { posix } from 'node:path'
import {
  fileDefaults,
  isCollected,
  type LogTarget,
  type ProgramLogPlan,
  programLogDefaults as usual,
} from '../core/log-plan.ts'
import type { OutputStream } from '../core/output.ts'
import type { Plan, Program } from '../core/plan.ts'
import type { Diagnostic } from '../errors.ts'
import type { WrittenTarget } from './log-schema.ts'
import { placeOf, type Shape, type WrittenProgram } from './shape.ts'
import { fault, warning } from './tree.ts'

/** What the paths of files are checked against. */
interface Facts {
  whatIs(path: string): 'directory' | 'other' | 'nothing' | undefined
}

/** Resolves the log of one program, `%(name)` and `%(replica)` still to be filled in. */
export function resolveLog(
  program: WrittenProgram,
  shape: Shape,
  facts: Facts,
  diagnostics: Diagnostic[],
): ProgramLogPlan {
  const own = program.settings.log
  const all = shape.settings.log
  if (own == null && all == null) return usual
  const targets = (stream: OutputStream): readonly LogTarget[] => {
    const written = own?.[stream]
    if (written == null || written === 'stdout') return usual[stream] as readonly LogTarget[]
    const list = Array.isArray(written) ? (written as readonly WrittenTarget[]) : [written as WrittenTarget]
    const resolved = list.map(target => targetOf(target, stream))
    checkTargets(resolved, { program, stream, facts, diagnostics })
    return resolved
  }
  return {
    format: own?.format ?? usual.format,
    stdout: targets('stdout'),
    stderr: own?.stderr === 'stdout' ? 'stdout' : targets('stderr'),
    maxLine: own?.max_line ?? all?.max_line ?? usual.maxLine,
    overflow: own?.overflow ?? all?.overflow ?? usual.overflow,
  }
}

function targetOf(written: WrittenTarget, stream: OutputStream): LogTarget {
  if (typeof written === 'string') {
    if (written === 'forward' || written === 'inherit') return { to: written, stream }
    return { to: 'null' }
  }
  const { file, max_size, keep, compress, owner, format } = written
  const path = file ?? ''
  const device = devices.get(path)
  if (device !== undefined) return device === 'null' ? { to: 'null' } : { to: 'forward', stream: device }
  return {
    to: 'file',
    path,
    maxSize: max_size ?? fileDefaults.maxSize,
    keep: keep ?? fileDefaults.keep,
    compress: compress ?? fileDefaults.compress,
    owner: owner ?? fileDefaults.owner,
    format: format ?? fileDefaults.format,
  }
}

/** Paths that mean foster's own output: they are written to by way of its sinks, or halves of lines would meet. */
const devices: ReadonlyMap<string, OutputStream | 'null'> = new Map([
  ...(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1', '/proc/1/fd/1'] as const).map(path => [path, 'stdout'] as const),
  ...(['/dev/stderr', '/dev/fd/2', '/proc/self/fd/2', '/proc/1/fd/2'] as const).map(path => [path, 'stderr'] as const),
  ['/dev/null', 'null'],
])

interface Checking {
  readonly program: WrittenProgram
  readonly stream: OutputStream
  readonly facts: Facts
  readonly diagnostics: Diagnostic[]
}

/** What is wrong with the places of one stream. */
function checkTargets(targets: readonly LogTarget[], checking: Checking): void {
  const { program, stream, diagnostics } = checking
  const at = placeOf(program, 'log', stream)
  if (targets.length === 0) {
    diagnostics.push(fault(at, 'invalid-value', 'the list is empty', 'write null to throw the output away'))
  }
  const alone = targets.find(({ to }) => to === 'inherit' || to === 'null')
  if (alone !== undefined && targets.length > 1) {
    const message = `"${alone.to}" hands the descriptor over, so that nothing else can have the output`
    diagnostics.push(fault(at, 'conflict', message, `write "${alone.to}" alone, or remove it`))
  }
  const seen = new Set<string>()
  for (const [index, target] of targets.entries()) {
    const key =
      target.to === 'file' ? posix.normalize(target.path) : `${target.to} ${'stream' in target && target.stream}`
    const place = targets.length > 1 ? placeOf(program, 'log', stream, index) : at
    if (seen.has(key) && alone === undefined) {
      diagnostics.push(fault(place, 'duplicate', 'the output goes there already'))
    }
    seen.add(key)
    if (target.to === 'file') checkPath(target.path, index, checking)
  }
}

function checkPath(path: string, index: number, { program, stream, facts, diagnostics }: Checking): void {
  const at = placeOf(program, 'log', stream, ...(Array.isArray(program.settings.log?.[stream]) ? [index] : []), 'file')
  const directory = posix.dirname(path)
  if (path === '' || path.endsWith('/') || facts.whatIs(path) === 'directory') {
    const got = path === '' ? 'nothing' : JSON.stringify(path)
    diagnostics.push(fault(at, 'invalid-value', `expected the path of a file under "file", got ${got}`))
  } else if (!directory.includes('%(') && facts.whatIs(directory) === 'nothing') {
    diagnostics.push(warning(at, 'no-directory', `there is no directory ${directory} yet`))
  }
}

/** What can be seen only by looking at all processes: two that write one file, a probe of output that nobody reads. */
export function checkLogs(plan: Plan, shape: Shape, diagnostics: Diagnostic[]): void {
  const owners = new Map<string, string>()
  const told = new Set<string>()
  const byName = new Map(shape.programs.map(it => [it.name, it]))
  for (const program of plan.programs) {
    const written = byName.get(program.name)
    if (written === undefined) continue
    checkProbe(program, written, diagnostics)
    if (program.log === usual) continue
    for (const stream of ['stdout', 'stderr'] as const) {
      const targets = program.log[stream]
      if (targets === 'stdout') continue
      // Twice in one list is said already.
      for (const path of new Set(
        targets.flatMap(it => (it.to === 'file' && it.path !== '' ? [posix.normalize(it.path)] : [])),
      )) {
        const other = owners.get(path)
        const key = `${program.name}'s ${stream}`
        if (other !== undefined && !told.has(key)) {
          const words = plan.supervisor === undefined ? yamlWords : supervisorWords
          const isOwn = other.startsWith(`${program.name}'s `)
          const hint = !isOwn ? words.other : other === key ? words.replica : words.stream
          const message = `${path} is where ${other} goes already`
          // Supervisor lets them: each writes whole lines, and finds the new file when the other has rotated it.
          const judge = plan.supervisor === undefined ? fault : warning
          diagnostics.push(judge(placeOf(written, 'log', stream), 'conflict', message, hint))
          told.add(key)
        }
        owners.set(path, key)
      }
    }
  }
}

/** What helps where the file is another program's, another replica's, or the other stream's of the same program. */
const yamlWords = {
  other: 'put %(name) into it',
  replica: 'put %(replica) into it',
  stream: 'write "stderr: stdout" to join the two',
}

const supervisorWords = {
  other: 'put %(program_name)s into it, and %(process_num)d with several processes',
  replica: 'put %(process_num)d into it',
  stream: 'write "redirect_stderr=true" to join the two',
}

/** A probe of lines needs somebody who reads them. */
function checkProbe(program: Program, written: WrittenProgram, diagnostics: Diagnostic[]): void {
  const { stdout, stderr } = program.log
  const isRead = !program.tty && (isCollected(stdout) || (stderr !== 'stdout' && isCollected(stderr)))
  if (isRead) return
  for (const [name, probe] of Object.entries(program.probes)) {
    if (probe?.check.by !== 'log') continue
    const why = program.tty ? '"tty: true"' : '"inherit" and "null"'
    const message = `the output of program "${program.name}" is not read by foster because of ${why}, so that no line can match`
    diagnostics.push(fault(placeOf(written, 'probes', name), 'conflict', message))
  }
}
